package worker

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"carillon/ledger"
	"carillon/whatsapp"
)

func TestWhenTheProviderIsLost(t *testing.T) {
	t.Parallel()
	lost, overloaded := notReached, overloaded
	tests := map[string]struct {
		ends []*whatsapp.Error
		want string // after each: l for lost, . for not
	}{
		"three running":                       {[]*whatsapp.Error{lost, lost, lost, lost}, "..ll"},
		"one got through between":             {[]*whatsapp.Error{lost, lost, stillTaking, lost, lost, lost}, ".....l"},
		"a refusal got through, too":          {[]*whatsapp.Error{lost, lost, refusedRow, lost, lost}, "....."},
		"over when one is taken":              {[]*whatsapp.Error{lost, lost, lost, stillTaking, lost, lost}, "..l..."},
		"over when the provider answers 503":  {[]*whatsapp.Error{lost, lost, lost, overloaded}, "..l."},
		"a lost answer says nothing of it":    {[]*whatsapp.Error{lost, timeout, lost, timeout, lost, timeout}, "....ll"},
		"the provider fails and is reachable": {[]*whatsapp.Error{gateway, gateway, timeout, timeout}, "...."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, now, got := &reach{}, time.Unix(0, 0), ""
			before := false
			for _, e := range test.ends {
				now = now.Add(time.Second)
				lost, changed := r.record(now, e, now)
				if changed != (lost != before) {
					t.Errorf("it says changed=%t when lost goes from %t to %t", changed, before, lost)
				}
				before = lost
				got += map[bool]string{true: "l", false: "."}[lost]
			}
			if got != test.want {
				t.Errorf("lost: %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatLeftBeforeTheProviderWasLostDoesNotEndIt(t *testing.T) {
	t.Parallel()
	r, now := &reach{}, time.Unix(100, 0)
	for range unreachedConsecutive {
		r.record(now, notReached, now)
	}
	if lost, changed := r.record(now.Add(-time.Second), nil, now); !lost || changed {
		t.Errorf("an answer to an earlier request: lost=%t, changed=%t", lost, changed)
	}
}

func TestALostProviderIsLoggedOnceAndSoIsItsReturn(t *testing.T) {
	t.Parallel()
	bubble(t, "connection refused", func(t *testing.T) {
		s := newStand(10)
		var log bytes.Buffer
		s.log = slog.New(slog.NewTextHandler(&log, nil)).With("channel", "main")
		refused := *notReached
		refused.Cause = errors.New("dial tcp 127.0.0.1:9: connection refused")
		const messages = 10
		for range messages * (maxRepeats + 1) {
			s.provider.answers = append(s.provider.answers, &refused)
		}
		for range messages + 3 {
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
		}
		outcomes := s.outcomes()
		if len(outcomes) != messages+3 || outcomes[messages-1] != ledger.OutcomeRefused || outcomes[messages] != ledger.OutcomeAccepted {
			t.Fatalf("outcomes are %v", outcomes)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 2 {
			t.Fatalf("%d lines are logged, want 2:\n%s", len(lines), &log)
		}
		for i, wants := range [][]string{
			{"level=ERROR", "channel=main", "reason=unreachable", "connection refused", "no attempt is counted"},
			{"level=INFO", "channel=main", "reached again"},
		} {
			for _, want := range wants {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d lacks %q:\n%s", i+1, want, lines[i])
				}
			}
		}
	})
}
