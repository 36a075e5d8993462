package ledgertest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"carillon/ledger"
)

// ended reports whether a session has ended.
func (b *bench) ended(id string) bool {
	b.Helper()
	ended, err := b.SessionEnded(b.Context(), id)
	b.check(err)
	return ended
}

var sessionScenarios = map[string]func(*testing.T, *bench){
	"a session ends once, whoever ends it": func(t *testing.T, b *bench) {
		if b.ended("one") {
			t.Error("a session that nobody has ended has ended")
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := b.EndSession(t.Context(), "one", b.now.Add(time.Hour)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if !b.ended("one") || b.ended("two") || b.ended("") {
			t.Error("one session was ended, and no other")
		}
	},

	"a session that cannot be looked for is not said to go on": func(t *testing.T, b *bench) {
		b.check(b.EndSession(t.Context(), "one", b.now.Add(time.Hour)))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.SessionEnded(ctx, "one"); err == nil {
			t.Error("the ledger was not asked, and has answered")
		}
	},

	"an ended session is forgotten when its cookie is worth nothing anywhere": func(t *testing.T, b *bench) {
		const skew = time.Hour // of another process's clock
		b.check(b.EndSession(t.Context(), "old", b.now.Add(time.Hour)))
		b.check(b.EndSession(t.Context(), "new", b.now.Add(48*time.Hour)))
		b.advance(time.Hour + skew)
		b.check(b.Tidy(t.Context(), b.now))
		if !b.ended("old") {
			t.Error("it is gone too soon")
		}
		b.advance(24 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		if b.ended("old") || !b.ended("new") {
			t.Error("the old one stays for ever, or the new one is gone")
		}
	},
}

// sessions looks at what is on disk: an ended session is known to other processes
// and after a restart, and by its hash alone.
func sessions(t *testing.T, fresh Fresh) {
	const id = "THEIDOFASESSION"
	url := fresh(t)
	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	all := []*ledger.Ledger{l}
	if l.Shared() {
		all = append(all, opened(t, url))
	}
	traces := newTraces(t, url)
	if err := l.EndSession(t.Context(), id, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	knows := func(l *ledger.Ledger) {
		t.Helper()
		if ended, err := l.SessionEnded(t.Context(), id); err != nil || !ended {
			t.Errorf("ended is %t, %v", ended, err)
		}
	}
	for _, l := range all {
		knows(l)
	}
	if found := traces.of(t, id); found != nil {
		t.Errorf("the id stands in %v", found)
	}
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
	if found := traces.of(t, hash); !slices.Equal(found, []string{"ended_sessions"}) {
		t.Errorf("its hash stands in %v", found)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	knows(opened(t, url))
}
