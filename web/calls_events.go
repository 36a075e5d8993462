package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// eventsEvery is how often a stream looks, and so the most it says.
const eventsEvery = 500 * time.Millisecond

// silentTicks is after how many looks without news a comment is sent, so that
// no proxy takes the connection for dead: 15 seconds.
const silentTicks = int(15 * time.Second / eventsEvery)

// events streams a campaign's progress as server-sent events: "progress" with
// the campaign whenever it has changed, and "end" with it once it is over,
// which ends the stream. It also ends when the server closes, and with the session of
// the browser that reads it.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return nil
	}
	ticker := time.NewTicker(eventsEvery)
	defer ticker.Stop()
	var last []byte
	for silent := 0; ; silent++ {
		data, err := json.Marshal(s.view(c))
		if err != nil {
			return err
		}
		changed := !bytes.Equal(data, last)
		switch {
		case over(c):
			_ = send(w, "event: progress\ndata: %s\n\nevent: end\ndata: %s\n\n", data, data)
			return nil
		case changed:
			last, silent = data, 0
			err = send(w, "event: progress\ndata: %s\n\n", data)
		case silent >= silentTicks:
			silent = 0
			err = send(w, ": still there\n\n")
		}
		if err != nil {
			return nil //nolint:nilerr // the reader has gone; nobody is left to be told
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-s.closing.Done():
			return nil
		case <-ticker.C:
		}
		var open bool
		if c, open = s.lookAgain(r, c); !open {
			return nil
		}
	}
}

// lookAgain is the campaign as it is now, for whoever is still logged in. A ledger that
// fails for a while is no reason to end the stream: nothing is new until it is back.
func (s *Server) lookAgain(r *http.Request, c ledger.Campaign) (_ ledger.Campaign, open bool) {
	open, err := s.goesOn(r)
	if err != nil || !open {
		return c, err != nil
	}
	now, err := s.ledger.Campaign(r.Context(), c.ID)
	if err != nil {
		return c, true
	}
	return now, true
}

// over reports whether nothing is left to watch: the campaign has finished, or
// was cancelled and its rows have followed.
func over(c ledger.Campaign) bool {
	if c.State == campaign.Cancelled {
		return c.Counts[campaign.Waiting]+c.Counts[campaign.Pending]+c.Counts[campaign.Posting] == 0
	}
	return c.State.Ended()
}

func send(w http.ResponseWriter, format string, args ...any) error {
	extend(w)
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
