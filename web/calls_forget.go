package web

import (
	"net/http"

	"carillon/api"
	"carillon/campaign"
)

// forget erases a person. It is not in the log who that was.
func (s *Server) forget(w http.ResponseWriter, r *http.Request) error {
	const most = 1 << 10
	var body api.Forget
	if err := readJSON(w, r, most, `send {"phone": "+491511234567"}`, &body); err != nil {
		return err
	}
	person, err := readPerson(body.Phone, campaign.ContactOptions{})
	if err != nil {
		return err
	}
	done, err := s.ledger.Forget(r.Context(), person, actorOf(r), s.now())
	if err != nil {
		return err
	}
	s.log.Info("a person was erased", "request", visitOf(r).id, "by", visitOf(r).caller.name, "rows", done.Rows, "skipped", done.Skipped)
	return answer(w, http.StatusOK, api.Forgotten{Rows: done.Rows, Skipped: done.Skipped})
}
