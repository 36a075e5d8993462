package web

import (
	"context"
	"net/http"
	"time"
)

// readyWithin is how long a part may take to say that it is ready.
const readyWithin = 2 * time.Second

// health says that the process is alive, whatever it depends on.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readiness says whether work can be done. It is open to all, so the cause of
// a refusal goes to the log.
func (s *Server) readiness(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	const hint = "look at the server's log"
	if err := s.ledger.Ping(ctx); err != nil {
		return refuse(unavailable, hint, "the ledger cannot be written").because(err)
	}
	if err := s.ready(ctx); err != nil {
		return refuse(unavailable, hint, "a part beside the ledger is not ready").because(err)
	}
	return answer(w, http.StatusOK, map[string]string{"status": "ready"})
}
