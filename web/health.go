package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"carillon/ledger"
)

// readyWithin is how long the ledger may take to say that it is ready.
const readyWithin = 2 * time.Second

// health says that the process is alive, whatever it depends on.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readiness says whether work can be done, and of each part what is wrong with
// it. It is open to all, so the ledger's own words go to the log; whoever looks
// after the queue writes its own.
func (s *Server) readiness(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	record := s.ledger.Ping(ctx)
	s.sayLedger(record)
	why := byReason(s.queue())
	if record == nil && why == "" {
		return answer(w, http.StatusOK, map[string]string{"status": "ready"})
	}
	parts := []string{"the ledger is ready", "the queue is ready"}
	if record != nil {
		parts[0] = "the ledger cannot be written"
	}
	if why != "" {
		parts[1] = "the queue accepts no tasks: " + why
	}
	p := refuse(unavailable, "it becomes ready by itself once that is fixed; the server's log says more", "%s", strings.Join(parts, "; "))
	p.said = true
	return p
}

// sayLedger tells the log when the ledger is found to fail and when it is found
// to work again: a supervisor asks every few seconds.
func (s *Server) sayLedger(err error) {
	switch failed := s.fails.Swap(err != nil); {
	case err != nil && !failed:
		s.log.Error("not ready: the ledger cannot be written", "error", err)
	case err == nil && failed:
		s.log.Info("ready: the ledger can be written again")
	}
}

// byReason says once for all channels that are alike what is wrong with their
// queues: "south, west: Redis is full (maxmemory); give it more memory".
func byReason(trouble map[string]string) string {
	alike := map[string][]string{}
	for _, channel := range slices.Sorted(maps.Keys(trouble)) {
		alike[trouble[channel]] = append(alike[trouble[channel]], channel)
	}
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(alike)) {
		all = append(all, strings.Join(alike[reason], ", ")+": "+reason)
	}
	return strings.Join(all, "; ")
}

// queueTrouble says of the numbers of a campaign whose queues take nothing, why;
// nil for none, and once the campaign has ended.
func (s *Server) queueTrouble(c ledger.Campaign) map[string]string {
	if c.State.Ended() {
		return nil
	}
	var of map[string]string
	trouble := s.queue()
	for _, number := range c.Definition.AllChannels() {
		if why, ok := trouble[number]; ok {
			if of == nil {
				of = map[string]string{}
			}
			of[number] = why
		}
	}
	return of
}
