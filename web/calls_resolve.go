package web

import (
	"net/http"
	"time"

	"carillon/api"
	"carillon/ledger"
)

// resolve decides about all unknown messages of a campaign. Where it fails
// half way, what was decided stays so and a repeated request does the rest.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	decision, err := readDecision(w, r)
	if err != nil {
		return err
	}
	now := s.now()
	if decision == ledger.Resend && !c.Expires.IsZero() && !c.Expires.After(now) {
		return refuse(wrongState, "drop them, or launch a new campaign for these people",
			"campaign %s expired at %s, so its unknown messages can only be dropped", c.ID, c.Expires.Format(time.RFC3339))
	}
	n, err := s.ledger.Resolve(r.Context(), c.ID, decision, actorOf(r), now)
	if n > 0 {
		s.changed() // there are messages to send again, or a campaign to finish
	}
	if err != nil {
		return err
	}
	if c, err = s.ledger.Campaign(r.Context(), c.ID); err != nil {
		return err
	}
	return answer(w, http.StatusOK, api.Resolved{Resolved: n, Campaign: s.view(c)})
}

func readDecision(w http.ResponseWriter, r *http.Request) (ledger.Decision, error) {
	const most = 1 << 10
	const hint = `send {"decision": "resend"} to send them again, at the risk of sending twice, or {"decision": "drop"} to give them up`
	var body api.Resolve
	if err := readJSON(w, r, most, hint, &body); err != nil {
		return "", err
	}
	if body.Decision != api.Resend && body.Decision != api.Drop {
		return "", refuse(badRequest, hint, "the decision must be resend or drop, not %q", body.Decision)
	}
	return ledger.Decision(body.Decision), nil
}
