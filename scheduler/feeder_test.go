package scheduler

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

func fresh(ids ...campaign.MessageID) []ledger.Feedable {
	var list []ledger.Feedable
	for _, id := range ids {
		list = append(list, ledger.Feedable{ID: id, Attempt: 1, Fresh: true})
	}
	return list
}

func woken(id campaign.MessageID, attempt int) ledger.Feedable {
	return ledger.Feedable{ID: id, Attempt: attempt}
}

// round feeds what the ledger lists, and returns the ids of the tasks.
func (f *feeder) round(messages []ledger.Feedable, share, limit int, now time.Time) []string {
	tasks, _ := f.choose(1, messages, nil, share, limit, now)
	var ids []string
	for _, task := range tasks {
		ids = append(ids, task.ID())
	}
	return ids
}

func newTestFeeder() *feeder {
	return &feeder{fed: map[campaign.ID]map[campaign.MessageID]feed{}}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	f := newTestFeeder()
	expect := func(got []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	expect(f.round(fresh(16, 32, 48), 2, 2, now), "16.1.1", "32.1.1")
	expect(f.round(fresh(16, 32, 48), 2, 10, now), "48.1.1")
	expect(f.round(fresh(16, 32, 48), 2, 10, now))
	// A retry of the first goes before what is fresh, as a task of its own.
	expect(f.round(append([]ledger.Feedable{woken(16, 2)}, fresh(32, 48)...), 2, 10, now), "16.2.1")
	// Long after the third was taken up, the second is still there: it is lost.
	expect(f.round(append([]ledger.Feedable{woken(16, 2)}, fresh(32)...), 2, 10, now))
	later := now.Add(lostAfter)
	expect(f.round(append([]ledger.Feedable{woken(16, 2)}, fresh(32)...), 0, 10, later), "32.1.2")
}

// What falls out of a list that was cut off is neither taken up nor forgotten;
// what stands before its end and is missing was taken up.
func TestChooseFromAListThatWasCutOff(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	f := newTestFeeder()
	f.round(fresh(16, 32, 48), 3, 3, now)
	f.round([]ledger.Feedable{woken(1, 2), woken(2, 2)}, 0, 2, now)
	if got := slices.Sorted(maps.Keys(f.fed[1])); !cmp.Equal(got, []campaign.MessageID{16, 32, 48}) {
		t.Errorf("remembered %v although all three may be behind the end of the list", got)
	}
	f.round(append([]ledger.Feedable{woken(1, 2)}, fresh(32)...), 0, 2, now)
	if got := slices.Sorted(maps.Keys(f.fed[1])); !cmp.Equal(got, []campaign.MessageID{32, 48}) {
		t.Errorf("remembered %v, want 16 forgotten: it would stand before 32", got)
	}
}

// However long the list, no more is remembered than is in the queue.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	f := newTestFeeder()
	const window = 50
	next := campaign.MessageID(1)
	for range 1000 {
		var list []ledger.Feedable
		limit := window + len(f.fed[1])
		for i := range limit {
			list = append(list, fresh(next+campaign.MessageID(i))...)
		}
		f.round(list, window, limit, now)
		next += window // as many are taken up as were fed
		if n := len(f.fed[1]); n > 3*window {
			t.Fatalf("%d messages remembered", n)
		}
	}
}

// All that a dead worker took with it is found at once.
func TestAllOrphansAreFedTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	f := newTestFeeder()
	f.round(fresh(16, 32, 48), 3, 10, now)
	f.lost.waiting(0, now)
	got := f.round(fresh(16, 32, 48, 64), 1, 10, now.Add(lostAfter))
	if diff := cmp.Diff([]string{"64.1.1", "16.1.2", "32.1.2", "48.1.2"}, got); diff != "" {
		t.Error(diff)
	}
}
