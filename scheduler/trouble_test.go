package scheduler

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestATroubleIsSaidOnce: what goes on in other words is said again after a
// minute.
func TestATroubleIsSaidOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Unix(1_760_000_000, 0)
	trouble := newTrouble(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	lines := func(want int, when string) {
		t.Helper()
		if got := strings.Count(log.String(), "\n"); got != want {
			t.Errorf("%s: %d lines, want %d\n%s", when, got, want, &log)
		}
	}
	trouble.report("feed", nil)
	lines(0, "all is well")
	for range 600 { // a minute of ticks
		trouble.report("feed", errors.New("refused"))
		trouble.report("feed", errors.New("timed out"))
		trouble.report("feed", context.Canceled)
		now = now.Add(tick)
	}
	lines(1, "it fails in two ways")
	trouble.report("feed", errors.New("timed out"))
	lines(2, "a minute later")
	trouble.report("sweep", errors.New("timed out"))
	lines(3, "something else fails")
	for range 3 {
		trouble.report("feed", nil)
	}
	lines(4, "it is over")
}
