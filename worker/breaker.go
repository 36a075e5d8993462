package worker

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"carillon/whatsapp"
)

// The numbers of the breaker; all of them ours. Each request into an outage
// leaves one more message unknown, so it opens after few, and asks rarely.
const (
	// breakerWindow is how many outcomes it looks back, breakerBad how many of
	// them open it.
	breakerWindow, breakerBad = 20, 10
	// breakerConsecutive consecutive bad ones open it while it has seen fewer.
	breakerConsecutive = 5
	// It stays open for breakerFirst, then twice as long each time that the
	// provider still fails, up to breakerMost.
	breakerFirst, breakerMost = 5 * time.Second, time.Minute
	// besideProbe is how long a task waits while another one is the probe.
	besideProbe = 2 * time.Second
)

var errOutage = errors.New("the provider is failing; nothing is sent until it answers again")

// breaker keeps a channel from sending into an outage of its provider. It is
// closed while the provider answers. Once too many requests end with a server's
// error or none at all it opens, and lets one request through from time to
// time, the probe; an answer to that closes it.
//
// It is about one process: another one that sends from the number has its own.
type breaker struct {
	mu    sync.Mutex
	bad   []bool // the newest outcomes, the oldest first
	open  bool
	rest  time.Duration // between two probes
	until time.Time     // no probe before
	probe *send         // the one under way
	since time.Time     // when it last opened or closed; what left before does not count
}

// transition is what an outcome has done to a breaker.
type transition int8

const (
	unchanged transition = iota
	opened
	closed
)

// wait is how long the breaker lets nothing through; 0 when it is closed, or
// wants a probe.
func (b *breaker) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waitLocked(now)
}

func (b *breaker) waitLocked(now time.Time) time.Duration {
	switch {
	case !b.open:
		return 0
	case b.probe != nil:
		return besideProbe
	}
	return max(0, b.until.Sub(now))
}

// resting is for how long after a request that failed the provider is left alone
// altogether; 0 when the breaker is closed, or wants a probe.
func (b *breaker) resting(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return 0
	}
	return max(0, b.until.Sub(now))
}

// admit lets a send through, or says how long it has to wait. While the breaker
// is open the one that is let through is the probe.
func (b *breaker) admit(s *send, now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait = b.waitLocked(now); wait == 0 && b.open {
		b.probe = s
	}
	return wait
}

// passes reports whether a send that was admitted may still leave.
func (b *breaker) passes(s *send) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.open || b.probe == s
}

// leave ends a send. A probe that had no outcome makes room for another.
func (b *breaker) leave(s *send) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probe == s {
		b.probe = nil
	}
}

// record takes the outcome of a send; nil is success.
func (b *breaker) record(s *send, refusal *whatsapp.Error, now time.Time) transition {
	if refusal != nil && refusal.Unwritten {
		return unchanged // the provider has not been asked
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := failing(refusal)
	switch {
	case b.open && b.probe != s, s.left.Before(b.since):
		return unchanged // it left before the outage was known, or before it was over
	case b.open && bad:
		b.rest = min(2*b.rest, breakerMost)
		b.until, b.probe = now.Add(b.rest), nil
		return unchanged
	case b.open:
		b.open, b.probe, b.bad, b.since = false, nil, nil, now
		return closed
	}
	if len(b.bad) == breakerWindow {
		b.bad = slices.Delete(b.bad, 0, 1)
	}
	b.bad = append(b.bad, bad)
	if !b.outage() {
		return unchanged
	}
	b.open, b.rest, b.since = true, breakerFirst, now
	b.until = now.Add(b.rest)
	return opened
}

// outage reports whether the newest outcomes are those of an outage.
func (b *breaker) outage() bool {
	var all, consecutive int
	for _, bad := range b.bad {
		consecutive++
		if bad {
			all++
		} else {
			consecutive = 0
		}
	}
	return all >= breakerBad || len(b.bad) < breakerWindow && consecutive >= breakerConsecutive
}

// failing reports whether a refusal is one of a provider that is down: an error
// of its servers, or no answer. A refusal of the request is none, and neither is
// throttling.
func failing(e *whatsapp.Error) bool {
	if e == nil {
		return false
	}
	server := e.HTTPStatus >= http.StatusInternalServerError
	switch e.Class {
	case whatsapp.Ambiguous:
		return server || e.HTTPStatus < http.StatusBadRequest
	case whatsapp.RetrySoon:
		return server
	}
	return false
}

// watchProvider tells the breaker how a request ended.
func (w *Worker) watchProvider(s *send) {
	switch w.breaker.record(s, s.refusal, w.now()) {
	case opened:
		w.metrics.outage(w.channel.Name, true)
		w.log.Error("the provider is failing, so nothing is sent until it answers again", "error", s.masked(),
			"hint", "Check the provider's status page and the network. Sending resumes by itself. Messages sent meanwhile may be unknown; see carillon resolve.")
	case closed:
		w.metrics.outage(w.channel.Name, false)
		w.log.Info("the provider answers again, sending resumes")
	}
}
