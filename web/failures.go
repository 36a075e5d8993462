package web

import (
	"context"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// failureView says how many messages of a campaign failed for one reason.
type failureView struct {
	Reason string `json:"reason"`
	// Code is the provider's, 0 for none.
	Code  int   `json:"code"`
	Count int64 `json:"count"`
	// Said is what the provider said of the first that it refused so, Hint what to
	// do.
	Said string `json:"said"`
	Hint string `json:"hint"`
}

// slowedView is a template of a campaign that the provider has slowed down.
type slowedView struct {
	Channel  string `json:"channel"`
	Template string `json:"template"`
	Language string `json:"language"`
	// Until is when it is tried again, one message first.
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	Code   int       `json:"code"`
}

// addTrouble puts into a view what went wrong with the campaign's messages, and
// what holds them up.
func (s *Server) addTrouble(ctx context.Context, v *campaignView, c ledger.Campaign) error {
	failures, err := s.ledger.Failures(ctx, c.ID)
	if err != nil {
		return err
	}
	v.Failures, v.Slowed = []failureView{}, []slowedView{}
	for _, f := range failures {
		v.Failures = append(v.Failures, failureView(f))
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
			v.Slowed = append(v.Slowed, slowedView{
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
