package web

import (
	"context"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// shown is the view of a campaign with what went wrong, and with the limit that it
// is under.
func (s *Server) shown(ctx context.Context, c ledger.Campaign) (api.Campaign, error) {
	v := s.view(c)
	if err := s.addTrouble(ctx, &v, c); err != nil {
		return v, err
	}
	if err := s.addNotices(ctx, &v, c); err != nil {
		return v, err
	}
	var err error
	if v.Media, err = s.media(ctx, c); err != nil {
		return v, err
	}
	limits, limited := s.dailyLimits(c.Definition)
	if !limited {
		return v, nil
	}
	v.Daily = &api.Daily{}
	var room int
	var frees time.Time
	for portfolio, limit := range limits {
		reach, err := s.ledger.Reached(ctx, portfolio, s.now())
		if err != nil {
			return v, err
		}
		v.Daily.Limit += limit
		v.Daily.Used += reach.People
		room += max(0, limit-reach.People)
		if frees.IsZero() || reach.Frees.Before(frees) {
			frees = reach.Frees
		}
	}
	if len(c.Steps) > 0 && c.State != campaign.Cancelled {
		v.Daily.Later = max(0, c.Steps[0][campaign.Pending]-int64(room))
	}
	if room == 0 {
		v.Daily.FreesAt = moment(frees)
	}
	return v, nil
}

// dailyLimits are the limits of the portfolios that the campaign's numbers
// belong to. It is under none where one of its numbers has none.
func (s *Server) dailyLimits(def *campaign.Definition) (limits map[string]int, limited bool) {
	limits = map[string]int{}
	for _, number := range def.ChannelNames() {
		daily := s.limits(number).DailyRecipients
		if daily == 0 {
			return nil, false
		}
		limits[s.channels[number].Portfolio] = daily
	}
	return limits, true
}
