package campaign

import (
	"fmt"
	"slices"
	"sync"
)

// GuardLimits are the thresholds of a Guard; 0 turns one off.
type GuardLimits struct {
	// SameRefusal is how many messages may be refused consecutively with one code for
	// what they hold.
	SameRefusal int
	// RefusedShare is the share of messages, 0 to 1, that may be refused for
	// what they hold: of the last 200, once there are 50.
	RefusedShare float64
	// UnreachableShare is the share of messages, 0 to 1, that may reach nobody:
	// of the last 500, once there are 100.
	UnreachableShare float64
}

// How far back the thresholds look, and how much they want to have seen. Ours: a
// template that does not fit shows in the first rows, and a share of fewer
// messages would be chance.
const (
	refusedOf, refusedSeen         = 200, 50
	unreachableOf, unreachableSeen = 500, 100

	// mostGuarded is how many campaigns a Guard remembers; each takes up to
	// 16 KB. The one that was not heard of for longest is forgotten.
	mostGuarded = 128
)

// Guard notices campaigns that had better stop: a template that its parameters
// do not fit, a list of people who are not there. It is told what became of
// each attempt and says when a campaign has reached a threshold.
//
// It remembers a window of attempts for each campaign, in memory: another
// process, or this one after a restart, has one of its own that starts empty.
// It is safe for use by many goroutines.
type Guard struct {
	limits GuardLimits

	mu      sync.Mutex
	windows map[ID]*guarded
	told    int64
}

// NewGuard makes a guard that has heard of nothing yet.
func NewGuard(limits GuardLimits) *Guard {
	return &Guard{limits: limits, windows: map[ID]*guarded{}}
}

// guarded is the window of one campaign.
type guarded struct {
	told         int64         // when the guard last heard of it, counted in what it was told
	observations []observation // the oldest first
	alike        int           // how many of the newest were refused like the last refusal

	refusal, silence Failure // the last one refused, the last one that reached nobody
}

// observation is what became of an attempt.
type observation struct {
	message              MessageID
	attempt              int
	refused, unreachable bool
}

// Observe takes what became of an attempt; the zero Failure is a success. It
// returns why the campaign is to be paused and what to do, or an empty text, and
// the same for the log, without a provider's words. A campaign that has hit a
// threshold starts anew, so that it can be resumed.
//
// What says nothing about the message, throttling and trouble with the
// account, does not count, and of an attempt only the first word does.
func (g *Guard) Observe(message MessageID, attempt int, f Failure) (reason, logged string) {
	if f.Throttled {
		return "", ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id := message.Campaign()
	window := g.window(id)
	if !window.add(observation{message: message, attempt: attempt, refused: f.Invalid, unreachable: f.Unreachable}, f) {
		return "", ""
	}
	if reason = window.judge(g.limits, Failure.String); reason == "" {
		return "", ""
	}
	delete(g.windows, id)
	return reason, window.judge(g.limits, func(f Failure) string { return f.WithoutWords().String() })
}

// window is that of a campaign, a new one where it is not known.
func (g *Guard) window(id ID) *guarded {
	g.told++
	window := g.windows[id]
	if window == nil {
		if len(g.windows) == mostGuarded {
			g.forgetOne()
		}
		window = &guarded{}
		g.windows[id] = window
	}
	window.told = g.told
	return window
}

func (g *Guard) forgetOne() {
	var oldest ID
	for id, window := range g.windows {
		if oldest == 0 || window.told < g.windows[oldest].told {
			oldest = id
		}
	}
	delete(g.windows, oldest)
}

// add notes what became of an attempt. It reports false where that is known.
func (w *guarded) add(h observation, f Failure) bool {
	known := func(k observation) bool { return k.message == h.message && k.attempt == h.attempt }
	if slices.ContainsFunc(w.observations, known) {
		return false
	}
	if len(w.observations) == unreachableOf {
		w.observations = slices.Delete(w.observations, 0, 1)
	}
	w.observations = append(w.observations, h)
	if h.unreachable {
		w.silence = f
	}
	switch {
	case !h.refused:
		w.alike = 0
	case w.alike > 0 && f.Code == w.refusal.Code && f.Reason == w.refusal.Reason:
		w.alike++
	default:
		w.alike, w.refusal = 1, f
	}
	return true
}

// judge says which threshold the campaign has reached, if any; told tells of a failure.
func (w *guarded) judge(limits GuardLimits, told func(Failure) string) string {
	if limits.SameRefusal > 0 && w.alike >= limits.SameRefusal {
		return fmt.Sprintf("the last %d messages were refused for the same reason: %s Resume when the template is fixed. Cancel if the campaign or its list is wrong.", w.alike, told(w.refusal))
	}
	n, of := share(w.observations, refusedOf, func(h observation) bool { return h.refused })
	if over(n, of, refusedSeen, limits.RefusedShare) {
		return fmt.Sprintf("%d of the last %d messages were refused, more than %s; the last one: %s Resume when the template is fixed. Cancel if the campaign or its list is wrong.",
			n, of, percent(limits.RefusedShare), told(w.refusal))
	}
	n, of = share(w.observations, unreachableOf, func(h observation) bool { return h.unreachable })
	if over(n, of, unreachableSeen, limits.UnreachableShare) {
		return fmt.Sprintf("%d of the last %d messages reached nobody, more than %s; the last one: %s "+
			"An old list harms the number's reputation: remove the people who cannot be reached, or resume anyway.",
			n, of, percent(limits.UnreachableShare), told(w.silence))
	}
	return ""
}

// share counts those of the newest messages, at most so many, that are such.
func share(all []observation, most int, such func(observation) bool) (n, of int) {
	newest := all[max(0, len(all)-most):]
	for _, h := range newest {
		if such(h) {
			n++
		}
	}
	return n, len(newest)
}

// over reports whether a share is beyond its limit, and of enough.
func over(n, of, least int, limit float64) bool {
	return limit > 0 && of >= least && float64(n) > limit*float64(of)
}

func percent(share float64) string { return fmt.Sprintf("%g %%", share*100) }
