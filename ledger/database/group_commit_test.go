package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// work is a job of these tests.
type work struct {
	name  string
	alone bool
}

func (w work) Alone() bool { return w.alone }

// record is what a committer was told to commit.
type record struct {
	mu      sync.Mutex
	batches [][]string
}

func (r *record) add(jobs []work) {
	names := make([]string, len(jobs))
	for i, j := range jobs {
		names[i] = j.name
	}
	slices.Sort(names)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, names)
}

// queued waits until n jobs wait for the writer.
func queued(t *testing.T, c *Committer[work], n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(c.queues[Urgent]) < n {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// TestJobsShareATransaction hands jobs to a writer that is busy. One of them is
// refused and one panics, which only their callers are told.
func TestJobsShareATransaction(t *testing.T) {
	var told record
	begun, goOn := make(chan struct{}), make(chan struct{})
	c := NewCommitter(&DB{engine: engine{writers: 1}}, func(_ int, jobs []work) error {
		told.add(jobs)
		for _, j := range jobs {
			switch j.name {
			case "first":
				close(begun)
				<-goOn
			case "refused":
				return errors.New("refused")
			case "mistaken":
				panic("mistaken")
			}
		}
		return nil
	})
	var commits []Commit // of the one writer
	c.Observe(func(c Commit) { commits = append(commits, c) })
	var callers sync.WaitGroup
	submit := func(w work, want string) {
		callers.Go(func() {
			if got := fmt.Sprint(c.Submit(t.Context(), Urgent, w)); got != want {
				t.Errorf("%s: got %s, want %s", w.name, got, want)
			}
		})
	}
	submit(work{name: "first"}, "<nil>")
	<-begun
	submit(work{name: "a"}, "<nil>")
	submit(work{name: "b"}, "<nil>")
	submit(work{name: "refused"}, "refused")
	submit(work{name: "mistaken"}, "ledger: mistaken")
	submit(work{name: "alone", alone: true}, "<nil>")
	queued(t, c, 5)
	close(goOn)
	callers.Wait()
	c.Close()

	var got []string
	for _, batch := range told.batches {
		got = append(got, strings.Join(batch, " "))
	}
	want := []string{"first", "a b mistaken refused"}
	if len(got) < 2 || !slices.Equal(got[:2], want) {
		t.Fatalf("committed %q, want first %q", got, want)
	}
	apart := got[2:]
	slices.Sort(apart)
	if want := []string{"a", "alone", "b", "mistaken", "refused"}; !slices.Equal(apart, want) {
		t.Errorf("then %q, want each of %q", apart, want)
	}
	var jobs, failed []int
	for _, c := range commits {
		if jobs = append(jobs, c.Jobs); c.Err != nil {
			failed = append(failed, c.Jobs)
		}
	}
	slices.Sort(failed)
	if !slices.Equal(jobs, []int{1, 4, 1, 1, 1, 1, 1}) || !slices.Equal(failed, []int{1, 1, 4}) {
		t.Errorf("told of commits of %d jobs, and that of %d failed", jobs, failed)
	}
}

// TestCloseFinishesWhatWasHandedOver closes a committer while a job is under way
// and others wait.
func TestCloseFinishesWhatWasHandedOver(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c := NewCommitter(&DB{engine: engine{writers: 1}}, func(int, []work) error {
		once.Do(func() { close(begun) })
		<-goOn
		return nil
	})
	var callers sync.WaitGroup
	submit := func() {
		callers.Go(func() {
			if err := c.Submit(t.Context(), Urgent, work{}); err != nil {
				t.Error(err)
			}
		})
	}
	submit()
	<-begun
	for range 3 {
		submit()
	}
	queued(t, c, 3)
	closed := make(chan struct{})
	go func() { c.Close(); close(closed) }()
	<-c.stop
	close(goOn)
	<-closed
	callers.Wait()
	if err := c.Submit(context.Background(), Background, work{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}
