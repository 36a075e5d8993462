package web

import (
	"context"

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

// addTrouble puts into a view what went wrong with the campaign's messages.
func (s *Server) addTrouble(ctx context.Context, v *campaignView, c ledger.Campaign) error {
	failures, err := s.ledger.Failures(ctx, c.ID)
	if err != nil {
		return err
	}
	v.Failures = []failureView{}
	for _, f := range failures {
		v.Failures = append(v.Failures, failureView(f))
	}
	return nil
}
