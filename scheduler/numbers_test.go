package scheduler

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// standing is a ledger of what is known of numbers, and the provider that is asked.
type standing struct {
	Ledger
	mu      sync.Mutex
	known   map[string]map[string]ledger.Fact
	stopped []campaign.Trouble
	state   campaign.NumberState
	fails   bool
	asked   int
}

func (s *standing) Facts(context.Context) (map[string]map[string]ledger.Fact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := map[string]ledger.Fact{}
	for name, fact := range s.known["main"] {
		copied[name] = fact
	}
	return map[string]map[string]ledger.Fact{"main": copied}, nil
}

func (s *standing) Learn(_ context.Context, facts []ledger.Fact) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fact := range facts {
		s.known[fact.Channel][fact.Name] = fact
	}
	return nil
}

func (s *standing) TakeNotice(ctx context.Context, n ledger.Notice, _ time.Time) (ledger.Taken, error) {
	s.stopped = append(s.stopped, n.Trouble)
	return ledger.Taken{Stopped: 1}, s.Learn(ctx, n.Facts)
}

func (s *standing) State(context.Context) (campaign.NumberState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fails {
		return campaign.NumberState{}, errors.New("no answer about +4915112345601")
	}
	return s.state, nil
}

// newStanding is a scheduler that asks about one number, and its clock.
func newStanding() (*standing, *Scheduler, func(later time.Duration) (asked int)) {
	book := &standing{known: map[string]map[string]ledger.Fact{"main": {}}, state: campaign.NumberState{Status: "connected", Rate: 80, Quality: "green"}}
	now := time.Unix(1_760_000_000, 0).UTC()
	clock := func() time.Time { return now }
	log := slog.New(slog.DiscardHandler)
	s := &Scheduler{
		Options: Options{Ledger: book, Now: clock, Log: log, Channels: map[string]Channel{"main": {Numbers: book}, "mute": {}}},
		asking:  newAsking(), trouble: newTrouble(log, clock),
	}
	return book, s, func(later time.Duration) int {
		now = now.Add(later)
		before := book.asked
		if err := s.askNumbers(context.Background(), now); err != nil {
			return -1
		}
		s.asking.group.Wait()
		return book.asked - before
	}
}

// TestNumbersAreAskedAbout at the start, every four hours, because of news, and
// sooner where there was no answer.
func TestNumbersAreAskedAbout(t *testing.T) {
	t.Parallel()
	book, s, pass := newStanding()
	news := func() {
		book.known["main"][ledger.FactNews] = ledger.Fact{Name: ledger.FactNews, At: s.Now()}
	}
	for i, step := range []struct {
		later  time.Duration
		before func()
		want   int
	}{
		{0, nil, 1},
		{time.Minute, nil, 0},
		{askEvery - time.Minute, nil, 1},
		{time.Second, news, 0}, // the news is no later than the question
		{time.Minute, news, 1},
		{time.Minute, nil, 0},
		{time.Second, s.asking.anew, 1},
		{askEvery, func() { book.fails = true }, 1},
		{askSoon - time.Second, nil, 0},
		{time.Second, nil, 1},
	} {
		if step.before != nil {
			step.before()
		}
		if got := pass(step.later); got != step.want {
			t.Errorf("step %d: asked %d times, want %d", i, got, step.want)
		}
	}
	if why := book.known["main"][ledger.FactAsked].Value; why == "" || cmp.Equal(why, "no answer about +4915112345601") {
		t.Errorf("the error on record is %q", why)
	}
	if rate := ledger.StateOf(book.known["main"]).Rate; rate != 80 {
		t.Errorf("what is known got lost: %v a second", rate)
	}
}

// TestANumberThatCannotSendIsStoppedOnce: an operator may go on all the same.
func TestANumberThatCannotSendIsStoppedOnce(t *testing.T) {
	t.Parallel()
	book, _, pass := newStanding()
	for _, step := range []struct {
		status string
		stops  int
	}{{"connected", 0}, {"flagged", 0}, {"banned", 1}, {"banned", 1}, {"restricted", 1}, {"connected", 1}, {"banned", 2}} {
		book.state.Status = step.status
		pass(askEvery)
		if len(book.stopped) != step.stops {
			t.Errorf("%s: stopped %d times, want %d", step.status, len(book.stopped), step.stops)
		}
	}
	if book.stopped[0].Scope != campaign.PauseChannel || book.stopped[0].Number != "main" {
		t.Errorf("%+v", book.stopped[0])
	}
}

// TestANumberThatIsNotToldAboutIsLoggedOnce: a service that relays the API may never
// tell, and is asked all the same.
func TestANumberThatIsNotToldAboutIsLoggedOnce(t *testing.T) {
	t.Parallel()
	book, s, pass := newStanding()
	var log bytes.Buffer
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	book.fails = true
	for range 5 {
		if asked := pass(askSoon); asked != 1 {
			t.Fatalf("asked %d times", asked)
		}
	}
	if lines := strings.Count(log.String(), "does not say how a number stands"); lines != 1 {
		t.Errorf("logged %d times:\n%s", lines, log.String())
	}
	book.fails = false
	pass(askSoon)
	book.fails = true
	pass(askEvery)
	if lines := strings.Count(log.String(), "does not say how a number stands"); lines != 2 {
		t.Errorf("logged %d times, once before it was told and once after:\n%s", lines, log.String())
	}
}
