package cli

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSnapshotString(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		snapshot Snapshot
		want     string
	}{
		{Snapshot{Sent: 812, Delivered: 790, Failed: 3, Total: 2000, Rate: 199.4}, "sent 812/2000  delivered 790  failed 3  199/s"},
		{Snapshot{Sent: 1, Total: 3, Rate: 0.25}, "sent 1/3  delivered 0  failed 0  0.2/s"},
		{Snapshot{Total: 3}, "sent 0/3  delivered 0  failed 0"},
	} {
		if got := test.snapshot.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestProgressWithoutTerminalWritesALineEveryFewSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := NewProgress(&out, 4, false)
		for sent := range int64(4) { // at 0, 1, 2 and 3 seconds
			p.Update(Snapshot{Sent: sent, Total: 4})
			time.Sleep(time.Second)
		}
		p.Update(Snapshot{Sent: 4, Total: 4})
		p.Done()
		want := []string{
			"sent 0/4  delivered 0  failed 0",
			"sent 3/4  delivered 0  failed 0",
			"sent 4/4  delivered 0  failed 0",
			"",
		}
		if diff := cmp.Diff(want, strings.Split(out.String(), "\n")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestProgressWithoutTerminalDoesNotRepeatItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := NewProgress(&out, 4, false)
		for range 5 {
			p.Update(Snapshot{Sent: 1, Total: 4})
			time.Sleep(time.Minute)
		}
		p.Done()
		if got, want := out.String(), "sent 1/4  delivered 0  failed 0\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestProgressBarGoesOnWhenTheTotalChanges(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewProgress(&out, 0, true)
	p.Update(Snapshot{Sent: 2, Total: 2})
	p.Update(Snapshot{Sent: 3, Delivered: 3, Total: 4})
	p.Done()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\r")
	last := lines[len(lines)-1]
	if !strings.Contains(last, "sent 3/4  delivered 3") || !strings.Contains(last, "75%") {
		t.Errorf("the bar ends as %q", last)
	}
	if !strings.HasSuffix(out.String(), "\n") {
		t.Error("the line is not ended")
	}
}
