package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"carillon/api"
	"carillon/ledger"
)

// mostMarks is how many of a campaign's deeds are looked at for marks: of more than
// these a curve shows nothing.
const mostMarks = 200

// rates shows when a campaign's messages went out.
func (s *Server) rates(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	found, err := s.ledger.Rates(r.Context(), c.ID)
	if err != nil {
		return err
	}
	v := api.Rates{Every: int(found.Width / time.Second), Limit: s.allowed(c), Points: make([]api.RatePoint, len(found.Points))}
	for i, p := range found.Points {
		v.Points[i] = api.RatePoint(p)
	}
	if v.Marks, err = s.marks(r.Context(), c); err != nil {
		return err
	}
	return answer(w, http.StatusOK, v)
}

// allowed is how many messages a second a campaign may send; 0 for no limit.
func (s *Server) allowed(c ledger.Campaign) float64 {
	var all float64
	for _, number := range c.Definition.ChannelNames() {
		rate := s.door.Rates[number]
		if rate == 0 {
			return c.Definition.Rate
		}
		all += rate
	}
	if own := c.Definition.Rate; own > 0 {
		return min(own, all)
	}
	return all
}

// marks are what began and stopped a campaign's sending, in the order of time.
func (s *Server) marks(ctx context.Context, c ledger.Campaign) ([]api.RateMark, error) {
	deeds, err := s.ledger.Audit(ctx, ledger.AuditQuery{Campaign: c.ID, Limit: mostMarks})
	if err != nil {
		return nil, err
	}
	marks := []api.RateMark{}
	for _, d := range slices.Backward(deeds) {
		switch d.Action {
		case ledger.ActStart, ledger.ActPause, ledger.ActResume, ledger.ActRetry, ledger.ActCancel:
			marks = append(marks, api.RateMark{At: d.At, Action: string(d.Action), Who: d.By.Name})
		}
	}
	return marks, nil
}
