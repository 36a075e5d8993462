package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// Numbers is a provider that tells how a channel's number stands.
type Numbers interface {
	State(ctx context.Context) (campaign.NumberState, error)
}

const (
	// askEvery is how often a number is asked about (ours: Meta raises a limit within
	// six hours), askSoon how soon again where there was no answer.
	askEvery = 4 * time.Hour
	askSoon  = 5 * time.Minute
	// askAfter is what lies between two questions because of notices, however many
	// there are: calls of this kind have a limit of their own.
	askAfter = 2 * time.Second
	// askFor is how long an answer is waited for.
	askFor = 30 * time.Second
	// lookForNews is how often it looks whether a notice asks for a question.
	lookForNews = time.Second
)

// asking is who is asked when. What makes a question necessary is in the ledger, so
// it may be lost.
type asking struct {
	group  sync.WaitGroup
	looked time.Time

	mu   sync.Mutex
	next map[string]time.Time
	busy map[string]bool
}

func newAsking() *asking { return &asking{next: map[string]time.Time{}, busy: map[string]bool{}} }

// anew has all numbers asked about.
func (a *asking) anew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.next)
}

// begin reports whether a number is to be asked about now: it is time, or there was
// news since it was asked last.
func (a *asking) begin(channel string, known map[string]ledger.Fact, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := known[ledger.FactAsked].At
	news := known[ledger.FactNews].At.After(asked) && !now.Before(asked.Add(askAfter))
	if a.busy[channel] || now.Before(a.next[channel]) && !news {
		return false
	}
	a.busy[channel] = true
	return true
}

// end notes when it is asked about next.
func (a *asking) end(channel string, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy[channel], a.next[channel] = false, next
}

// askNumbers asks providers how the numbers stand, each in a goroutine of its own.
func (s *Scheduler) askNumbers(ctx context.Context, now time.Time) error {
	if now.Sub(s.asking.looked) < lookForNews {
		return nil
	}
	s.asking.looked = now
	known, err := s.Ledger.Facts(ctx)
	if err != nil {
		return err
	}
	for name, channel := range s.Channels {
		if channel.Numbers == nil || !s.asking.begin(name, known[name], now) {
			continue
		}
		s.asking.group.Go(func() {
			next := askEvery
			if err := s.askNumber(ctx, name, known[name], now); err != nil {
				next = askSoon
			}
			s.asking.end(name, s.Now().Add(next))
		})
	}
	return nil
}

// askNumber asks how a number stands and puts the answer on record, with the pause
// of what it cannot send any more.
func (s *Scheduler) askNumber(ctx context.Context, name string, known map[string]ledger.Fact, now time.Time) error {
	asking, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	state, err := s.Channels[name].Numbers.State(asking)
	asked := ledger.Fact{Channel: name, Name: ledger.FactAsked, At: now, Source: ledger.SourceAsked}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		asked.Value = campaign.Masked(campaign.OneLine(err.Error(), 200), nil)
		if known[ledger.FactAsked].Value != asked.Value { // once, however often it is repeated
			s.Log.Warn("the provider does not say how a number stands", "channel", name, "error", asked.Value)
		}
		if kept := s.Ledger.Learn(ctx, []ledger.Fact{asked}); kept != nil {
			s.trouble.report("numbers", kept)
		}
		return err
	}
	before := ledger.StateOf(known)
	facts := append(ledger.FactsOf(name, state, now, ledger.SourceAsked), asked)
	if state.WorseThan(before) {
		s.Log.Warn("the quality of a number has fallen: improve the list and the texts, and send less, or its limit falls too",
			"channel", name, "quality", state.Quality, "before", before.Quality)
	}
	if state.CannotSend() && !before.CannotSend() {
		err = s.stopNumber(ctx, name, state, facts, now)
	} else {
		err = s.Ledger.Learn(ctx, facts)
	}
	s.trouble.report("numbers", err)
	return err
}

// stopNumber stops what is sent from a number that cannot send any more. It does so
// once: while it stays so nothing is stopped again.
func (s *Scheduler) stopNumber(ctx context.Context, name string, state campaign.NumberState, facts []ledger.Fact, now time.Time) error {
	n := ledger.Notice{
		Topic: "number_status", Trouble: campaign.Trouble{Scope: campaign.PauseChannel, Number: name, Account: s.Channels[name].Account},
		Reason: "number_unusable",
		Detail: fmt.Sprintf("The provider says that nothing can be sent from the number (status %q, health %q): resolve it there, and resume once it can send.", state.Status, state.Health),
		At:     now, Facts: facts,
	}
	taken, err := s.Ledger.TakeNotice(ctx, n, now)
	if err == nil {
		s.Log.Error("the provider says that nothing can be sent from a number", "channel", name, "status", state.Status, "health", state.Health, "campaigns", taken.Stopped)
	}
	return err
}
