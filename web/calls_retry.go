package web

import (
	"errors"
	"net/http"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

func viewRetried(done ledger.Retried, c api.Campaign) api.Retried {
	v := api.Retried{
		Again: done.Again, Refused: done.Refused, OptedOut: done.OptedOut,
		LeftOut: make([]api.LeftOut, len(done.LeftOut)), Campaign: c,
	}
	for i, m := range done.LeftOut {
		v.LeftOut[i] = api.LeftOut{
			Row: m.Message.Recipient().Row(), Step: m.Message.Step() + 1, Phone: m.Phone, Status: m.Status.String(), Why: m.Why,
		}
	}
	return v
}

// retry attempts the failed or expired messages of a campaign again. Where it
// fails half way, what was done stays so and a repeated request does the rest.
func (s *Server) retry(w http.ResponseWriter, r *http.Request) error {
	id, err := campaign.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	statuses, err := readRetry(w, r)
	if err != nil {
		return err
	}
	done, err := s.ledger.Retry(r.Context(), id, statuses, actorOf(r), s.now())
	if done.Again > 0 {
		s.changed()
	}
	if errors.Is(err, ledger.ErrState) {
		return refuse(wrongState, "a campaign can be retried while it is running or paused, and when it has finished", "%v", err)
	}
	if err != nil {
		return err
	}
	c, err := s.ledger.Campaign(r.Context(), id)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, viewRetried(done, s.view(c)))
}

// readRetry reads which messages are to be attempted again. Without a body, or
// a word about it there, those are the failed.
func readRetry(w http.ResponseWriter, r *http.Request) ([]campaign.Status, error) {
	const most = 1 << 10
	const hint = `send {"statuses": ["failed"]}, {"statuses": ["expired"]} or {"statuses": ["failed", "expired"]}; without a body, the failed messages are retried`
	body := api.Retry{Statuses: []campaign.Status{campaign.Failed}}
	if r.ContentLength == 0 {
		return body.Statuses, nil
	}
	if err := readJSON(w, r, most, hint, &body); err != nil {
		return nil, err
	}
	if len(body.Statuses) == 0 {
		return nil, refuse(badRequest, hint, "the list of statuses is empty")
	}
	for _, status := range body.Statuses {
		if status != campaign.Failed && status != campaign.Expired {
			return nil, refuse(badRequest, hint, "messages that are %s are not retried", status)
		}
	}
	return body.Statuses, nil
}
