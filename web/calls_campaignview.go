package web

import (
	"cmp"
	"context"
	"maps"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// unechoed are the numbers of a campaign with unknown messages whose receipts do
// not name them.
func (s *Server) unechoed(c ledger.Campaign) map[string]api.Unechoed {
	if c.Counts[campaign.Unknown] == 0 {
		return nil
	}
	var found map[string]api.Unechoed
	for _, name := range c.Definition.AllChannels() {
		channel, known := s.channels[name]
		if !known || channel.Echoes {
			continue
		}
		if found == nil {
			found = map[string]api.Unechoed{}
		}
		then := "hold"
		if channel.Resend {
			then = "resend"
		}
		found[name] = api.Unechoed{After: campaign.Duration(channel.UnknownAfter), Then: then}
	}
	return found
}

func (s *Server) hours(c ledger.Campaign) *api.Hours {
	h := c.Definition.Hours
	if h == nil {
		return nil
	}
	v := &api.Hours{From: h.From, To: h.To, Days: h.Days, Zone: cmp.Or(h.Zone, campaign.RecipientZone)}
	if now := s.now(); !c.State.Ended() && !h.ByRecipient() {
		if opens, ok := h.Next("", now); ok && opens.After(now) {
			v.OpensAt = moment(opens)
		}
	}
	return v
}

func (s *Server) view(c ledger.Campaign) api.Campaign {
	v := api.Campaign{
		ID:       c.ID.String(),
		Name:     c.Name,
		Channel:  c.Definition.ChannelNames()[0],
		Channels: c.Definition.ChannelNames(),
		Fallback: c.Definition.Fallback,
		State:    c.State,
		Reason:   c.Reason,

		QueueTrouble: s.queueTrouble(c),

		Counts:    c.Counts,
		Verdicts:  map[campaign.Verdict]int64{},
		RateLimit: c.Definition.Rate,
		Rate:      s.meters.rate(c.ID),
		Total:     c.Counts.Total() - c.Counts[campaign.Rejected],
		Open:      c.Open,
		Hours:     s.hours(c),
		Unechoed:  s.unechoed(c),

		CreatedAt:  moment(c.Created),
		StartAt:    moment(c.StartAt),
		StartedAt:  moment(c.Started),
		FinishedAt: moment(c.Finished),
		ExpiresAt:  moment(c.Expires),
	}
	maps.Copy(v.Verdicts, c.Verdicts)
	for position, stop := range c.Stopped {
		if v.Stopped == nil {
			v.Stopped = map[string]string{}
		}
		v.Stopped[c.Definition.AllChannels()[position]] = stop.Reason
	}
	for i, step := range c.Definition.Steps {
		counts := campaign.Counts{}
		if i < len(c.Steps) {
			counts = c.Steps[i]
		}
		v.Steps = append(v.Steps, api.Step{Step: i + 1, Template: step.Title(), Counts: counts})
	}
	return v
}

// addReplied counts who answered the steps whose answers are kept.
func (s *Server) addReplied(ctx context.Context, v *api.Campaign, c ledger.Campaign) error {
	if !c.Definition.HearsReplies(0) {
		return nil
	}
	replied, err := s.ledger.Replied(ctx, c.ID)
	for i := range v.Steps {
		if n := replied[i]; c.Definition.HearsReplies(i) {
			v.Steps[i].Replied = &n
		}
	}
	return err
}

// moment is a time in JSON.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
