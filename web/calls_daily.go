package web

import (
	"context"
	"math"
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
	if err := s.addReplied(ctx, &v, c); err != nil {
		return v, err
	}
	limits, limited := s.dailyLimits(c.Definition)
	if !limited {
		return v, nil
	}
	v.Daily = &api.Daily{}
	now := s.now()
	var room int
	var frees time.Time
	reaches := map[string]ledger.Reach{}
	for portfolio, limit := range limits {
		reach, err := s.ledger.Reached(ctx, portfolio, now)
		if err != nil {
			return v, err
		}
		reaches[portfolio] = reach
		v.Daily.Limit += limit.size
		v.Daily.Used += reach.People
		room += max(0, limit.size-reach.People)
		if frees.IsZero() || reach.Frees.Before(frees) {
			frees = reach.Frees
		}
	}
	if room == 0 {
		v.Daily.FreesAt = moment(frees)
	}
	if len(c.Steps) == 0 || c.State.Ended() {
		return v, nil
	}
	people := c.Steps[0][campaign.Pending]
	if v.Daily.Later = max(0, people-int64(room)); v.Daily.Later == 0 {
		return v, nil
	}
	v.Daily.LastOn, err = s.lastOn(ctx, c.Definition, limits, reaches, people, now)
	return v, err
}

// dailyLimit is the limit of a portfolio, and which share of a campaign's people its
// numbers have.
type dailyLimit struct {
	size  int
	share float64
}

// dailyLimits are the limits of the portfolios that the campaign's numbers
// belong to. It is under none where one of its numbers has none.
func (s *Server) dailyLimits(def *campaign.Definition) (limits map[string]dailyLimit, limited bool) {
	numbers := def.ChannelNames()
	rates := make([]float64, len(numbers))
	for i, number := range numbers {
		rates[i] = s.door.Rates[number]
	}
	weights, sum := campaign.Weights(rates), 0.0
	for _, weight := range weights {
		sum += weight
	}
	limits = map[string]dailyLimit{}
	for i, number := range numbers {
		daily, portfolio := s.limits(number).DailyRecipients, s.channels[number].Portfolio
		if daily == 0 {
			return nil, false
		}
		limit := limits[portfolio]
		limit.size = daily
		limit.share += weights[i] / sum
		limits[portfolio] = limit
	}
	return limits, true
}

// lastOn is the day on which the last of so many people gets the first message; nil
// for none within ten years.
func (s *Server) lastOn(ctx context.Context, def *campaign.Definition, limits map[string]dailyLimit, reaches map[string]ledger.Reach, people int64, now time.Time) (*string, error) {
	var last time.Time
	var failed error
	for portfolio, limit := range limits {
		daily := campaign.DailyLimit{Size: int64(limit.size), Used: int64(reaches[portfolio].People), Frees: func(n int64) time.Time {
			at, err := s.ledger.ReachedFrees(ctx, portfolio, n, now)
			if err != nil {
				failed = err
			}
			return at
		}}
		at, ok := daily.Last(int64(math.Ceil(float64(people)*limit.share)), now, def.Hours.Opens(nil))
		if failed != nil || !ok {
			return nil, failed
		}
		if at.After(last) {
			last = at
		}
	}
	day := last.In(def.Hours.Place()).Format(time.DateOnly)
	return &day, nil
}
