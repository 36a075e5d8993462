package web

import (
	"context"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// addTrouble puts into a view what went wrong with the campaign's messages, and
// what holds them up.
func (s *Server) addTrouble(ctx context.Context, v *api.Campaign, c ledger.Campaign) error {
	failures, err := s.ledger.Failures(ctx, c.ID)
	if err != nil {
		return err
	}
	v.Failures, v.Slowed = []api.Failures{}, []api.Slowed{}
	for _, f := range failures {
		v.Failures = append(v.Failures, api.Failures(f))
	}
	if c.State.Ended() {
		return nil
	}
	slowed, err := s.ledger.Slowed(ctx)
	if err != nil {
		return err
	}
	for _, template := range slowed {
		if concerns(template, c.Definition) {
			v.Slowed = append(v.Slowed, api.Slowed{
				Channel: template.Channel, Template: template.Template.Name, Language: template.Template.Language,
				Until: template.Until, Reason: template.Reason, Code: template.Code,
			})
		}
	}
	return nil
}

// concerns reports whether a campaign may send a slowed template.
func concerns(template ledger.Slowed, def *campaign.Definition) bool {
	if def.Position(template.Channel) < 0 {
		return false
	}
	for _, step := range def.Steps {
		if step.MaySend(template.Template) {
			return true
		}
	}
	return false
}
