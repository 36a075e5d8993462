package simulator

import (
	"bufio"
	"encoding/json"
	"net/http"
)

// maxControl is the longest body of a control call, in bytes.
const maxControl = 64 << 10

func (s *Simulator) serveCounts(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	s.report(json.NewEncoder(w).Encode(s.Counts()))
}

func (s *Simulator) serveFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl)).Decode(&f); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.options.check(f); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetFaults(f)
	w.WriteHeader(http.StatusNoContent)
}

// serveTruth writes what json.Marshal would make of Truth, message by message:
// a million of them would not fit well into one buffer.
func (s *Simulator) serveTruth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(w, 64<<10)
	s.report(s.writeTruth(out))
	s.report(out.Flush())
}

func (s *Simulator) writeTruth(out *bufio.Writer) error {
	encoder := json.NewEncoder(out)
	part := func(name string, value any) error {
		if _, err := out.WriteString(name); err != nil {
			return err
		}
		return encoder.Encode(value)
	}
	t, messages := s.book.snapshot()
	if err := part(`{"started":`, t.Started); err != nil {
		return err
	}
	s.shelf.count(&t.Counts)
	if err := part(`,"counts":`, t.Counts); err != nil {
		return err
	}
	if err := part(`,"arrivals":`, t.Arrivals); err != nil {
		return err
	}
	if uploads := s.shelf.all(); len(uploads) > 0 {
		if err := part(`,"uploads":`, uploads); err != nil {
			return err
		}
	}
	if len(t.Inbound) > 0 {
		if err := part(`,"inbound":`, t.Inbound); err != nil {
			return err
		}
	}
	before := `,"messages":[`
	for m := range messages {
		if err := part(before, m); err != nil {
			return err
		}
		before = ","
	}
	if t.Counts.Accepted == 0 {
		before = `,"messages":[]}`
	} else {
		before = `]}`
	}
	_, err := out.WriteString(before)
	return err
}

// report logs an answer that could not be written: the caller went away.
func (s *Simulator) report(err error) {
	if err != nil {
		s.options.Logger.Debug("control answer not written", "error", err)
	}
}
