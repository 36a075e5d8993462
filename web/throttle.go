package web

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// How long addresses wait that send wrong tokens; all of it ours. A token of 16
// characters is beyond guessing even without; a wait ends the noise, and leaves
// a log that says who it was.
const (
	// freeTries is how many wrong tokens an address may send before it waits: as
	// many as a person mistypes.
	freeTries = 10
	// firstWait doubles with each further one, up to mostWait.
	firstWait = time.Second
	mostWait  = 5 * time.Minute
	// tryMemory is how long after its last wrong token an address is remembered.
	tryMemory = time.Hour
	// mostAddresses is how many addresses are remembered; those that have been
	// quiet for longest are forgotten first. About 1 kB each.
	mostAddresses = 10_000
	// mostTokens is how many wrong tokens of an address are remembered.
	mostTokens = 64
)

// throttle makes addresses wait that try tokens. While an address waits none of
// its tokens is looked at, so nobody learns that one was right.
//
// A wrong token that is sent again and again is no guess but a program that was
// given an old one. It waits by itself: the right tokens of its address are
// taken meanwhile. A right token makes nothing better, for whoever has one would
// else try others between.
type throttle struct {
	mu     sync.Mutex
	known  map[netip.Prefix]*list.Element
	recent *list.List // of *trier, the last to fail in front
}

// trier is an address that has sent wrong tokens.
type trier struct {
	from    netip.Prefix
	last    time.Time
	guesses pace     // by different tokens
	repeats pace     // of tokens that were wrong before
	wrong   []uint64 // those, the oldest first
	told    bool     // that it has to wait
}

func newThrottle() *throttle {
	return &throttle{known: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// proof is what a caller presents: a token or a cookie.
type proof struct {
	mark  uint64 // tells one from another, and is worth nothing
	right bool
	// cookie: browsers send an old one for as long as they are open, and have to
	// be told to log in.
	cookie bool
}

func newProof(text string, right bool) proof {
	sum := sha256.Sum256([]byte(text))
	return proof{mark: binary.BigEndian.Uint64(sum[:]), right: right}
}

// ruling is what comes of a proof.
type ruling struct {
	// wait is how long it is until the next one is looked at; 0: this one was.
	wait time.Duration
	// tries is how many were wrong, where the address has to wait from now on; 0
	// else, so that it is told once.
	tries int
}

// judge notes a proof that came from somewhere and rules on it.
func (t *throttle) judge(from netip.Prefix, p proof, now time.Time) ruling {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.find(from, now)
	switch {
	case p.right && who == nil:
		return ruling{}
	case p.right:
		return ruling{wait: who.guesses.left(now)}
	case who == nil:
		who = t.add(from)
	}
	who.last = now
	t.recent.MoveToFront(t.known[from])
	if !slices.Contains(who.wrong, p.mark) {
		who.remember(p.mark)
		return who.tell(who.guesses.miss(now))
	}
	if wait := who.guesses.left(now); wait > 0 || p.cookie {
		return ruling{wait: wait}
	}
	return who.tell(who.repeats.miss(now))
}

// tell leaves the tries in a ruling the first time that there are any.
func (who *trier) tell(r ruling) ruling {
	if who.told {
		r.tries = 0
	}
	who.told = who.told || r.tries > 0
	return r
}

// find returns what is known of an address; nil for nothing.
func (t *throttle) find(from netip.Prefix, now time.Time) *trier {
	at, known := t.known[from]
	if !known {
		return nil
	}
	who := at.Value.(*trier)
	if now.Sub(who.last) < tryMemory {
		return who
	}
	t.forget(at)
	return nil
}

func (t *throttle) add(from netip.Prefix) *trier {
	if t.recent.Len() >= mostAddresses {
		t.forget(t.recent.Back())
	}
	who := &trier{from: from}
	t.known[from] = t.recent.PushFront(who)
	return who
}

func (t *throttle) forget(at *list.Element) {
	delete(t.known, at.Value.(*trier).from)
	t.recent.Remove(at)
}

func (who *trier) remember(mark uint64) {
	if len(who.wrong) >= mostTokens {
		who.wrong = slices.Delete(who.wrong, 0, 1)
	}
	who.wrong = append(who.wrong, mark)
}

// pace counts misses and says how long to wait.
type pace struct {
	misses int
	until  time.Time
}

func (p *pace) left(now time.Time) time.Duration { return max(0, p.until.Sub(now)) }

// miss notes one more. Those that come while the address waits make it wait for
// longer.
func (p *pace) miss(now time.Time) ruling {
	waiting := p.left(now) > 0
	p.misses++
	if p.misses <= freeTries {
		return ruling{}
	}
	wait := mostWait
	if doubled := p.misses - freeTries - 1; doubled < 16 { // far beyond mostWait
		wait = min(mostWait, firstWait<<doubled)
	}
	p.until = now.Add(wait)
	r := ruling{tries: p.misses}
	if waiting {
		r.wait = wait
	}
	return r
}
