package worker

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

func TestOneSend(t *testing.T) {
	t.Parallel()
	bubble(t, "accepted", func(t *testing.T) {
		s := newStand(10)
		s.provider.wa, s.provider.user = "447700999999", "GB.1"
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
		got := s.record.settled[0]
		if got.Message != task.Message || got.Attempt != 2 || got.ProviderID != "wamid.1" || !slices.Equal(got.Keys, []string{"+447700999999", "GB.1"}) {
			t.Errorf("settled %+v", got)
		}
	})
	bubble(t, "a campaign that does not run takes no departure", func(t *testing.T) {
		s := newStand(1)
		s.record.state = campaign.Paused
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 0)
		if d, err := s.limiter.Reserve(t.Context()); err != nil || d.At.After(time.Now()) {
			t.Errorf("a departure was used up: the next one is at %s, %v", d.At, err)
		}
	})
	bubble(t, "a refused claim gives its departure back", func(t *testing.T) {
		s := newStand(1)
		s.record.claims = []error{&ledger.RefusedError{Reason: "gone"}}
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 0)
		if d, err := s.limiter.Reserve(t.Context()); err != nil || d.At.After(time.Now()) {
			t.Errorf("the next departure is at %s, %v; want now", d.At, err)
		}
	})
	bubble(t, "a ledger that is away puts the task back", func(t *testing.T) {
		s := newStand(0)
		s.record.claims = []error{errors.New("away")}
		err := s.run(t)
		if isFailure(err) || retryDelay(1, err, nil) != retryLedger {
			t.Errorf("got %v, tried again after %s", err, retryDelay(1, err, nil))
		}
		s.expect(t, 0)
	})
	bubble(t, "what cannot be rendered is not posted", func(t *testing.T) {
		s := newStand(0)
		s.campaigns.known[campaign.ID(7)] = &loaded{renderer: broken(t), names: broken(t).Names(), state: campaign.Running, checked: time.Now()}
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 0, ledger.OutcomeRefused)
	})
	bubble(t, "a payload that is none of ours is not tried again", func(t *testing.T) {
		s := newStand(0)
		if err := s.handle(t.Context(), asynq.NewTask(campaign.TaskType, []byte("{}"))); !errors.Is(err, asynq.SkipRetry) {
			t.Errorf("got %v, want SkipRetry", err)
		}
	})
}

// broken is a renderer that wants a column which the row has not.
func broken(t *testing.T) *campaign.Renderer {
	t.Helper()
	d := campaign.Definition{Steps: []campaign.Step{{Template: "hello", Language: "{{Second}}"}}}
	r, err := d.Compile([]string{"First", "Second"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replacing knows the last departure that was taken for a missed one.
type replacing struct {
	ratelimit.Limiter
	last time.Time
}

func (r *replacing) Replace(ctx context.Context) (ratelimit.Departure, error) {
	d, err := r.Limiter.Replace(ctx)
	r.last = d.At
	return d, err
}

func TestDepartures(t *testing.T) {
	t.Parallel()
	bubble(t, "requests leave evenly", func(t *testing.T) {
		s := newStand(10)
		for range 3 {
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
		}
		for i := 1; i < 3; i++ {
			if gap := s.provider.sent[i].Sub(s.provider.sent[i-1]); gap < 100*time.Millisecond {
				t.Errorf("%s between two requests at 10 a second", gap)
			}
		}
	})
	bubble(t, "a claim that takes too long misses its departure and takes another", func(t *testing.T) {
		s := newStand(1)
		s.record.slow = 300 * time.Millisecond
		start := time.Now()
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		if left := s.provider.sent[0].Sub(start); left < time.Second {
			t.Errorf("it left after %s, want the second departure after 1s", left)
		}
	})
	bubble(t, "a budget used up for long puts the task back unclaimed", func(t *testing.T) {
		s := newStand(1)
		s.limiter.Throttled(time.Now(), time.Hour)
		err := s.run(t)
		if !errors.Is(err, errFarAhead) || isFailure(err) || s.record.claimed != 0 {
			t.Errorf("got %v with %d claims", err, s.record.claimed)
		}
	})
	bubble(t, "a budget that is used up after the claim frees it", func(t *testing.T) {
		s := newStand(1)
		s.record.slow = 300 * time.Millisecond
		go func() {
			time.Sleep(100 * time.Millisecond)
			s.limiter.Throttled(time.Now(), time.Hour)
		}()
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 0, ledger.OutcomeReleased)
	})
	bubble(t, "what leaves long after its claim is asked about", func(t *testing.T) {
		for _, unwanted := range []bool{false, true} {
			s := newStand(1)
			s.record.slow, s.record.unwanted = 150*time.Millisecond, unwanted // it misses its departure
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
			if s.record.asked != 1 {
				t.Errorf("asked %d times", s.record.asked)
			}
			if unwanted {
				s.expect(t, 0, ledger.OutcomeReleased)
			} else {
				s.expect(t, 1, ledger.OutcomeAccepted)
			}
		}
	})
	bubble(t, "a slow look does not stand between a departure and its request", func(t *testing.T) {
		s := newStand(10)
		replaced := &replacing{Limiter: s.limiter}
		s.channel.Limiter = replaced
		s.record.slow, s.record.slowLook = 150*time.Millisecond, 250*time.Millisecond // it misses two departures
		go func() {
			time.Sleep(100 * time.Millisecond)
			s.limiter.Throttled(time.Now(), time.Second)
		}()
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
		if late := s.provider.sent[0].Sub(replaced.last); s.record.asked != 1 || late > missedBy {
			t.Errorf("asked %d times, and sent %s after the departure", s.record.asked, late)
		}
	})
	bubble(t, "a repeat long after the claim is asked about", func(t *testing.T) {
		s := newStand(0)
		s.record.unwanted = true
		s.provider.slow = time.Second
		s.provider.answers = []error{&whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "request_timeout", HTTPStatus: 408}}
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeRefused)
	})
	bubble(t, "a claim that is taken for dead is not posted", func(t *testing.T) {
		s := newStand(0)
		s.record.slow = s.deadClaim() // this process was stopped meanwhile
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 0, ledger.OutcomeReleased)
	})
}

// beforeItLeaves is when the second message of a number with one a second has
// been claimed and waits for its departure.
const beforeItLeaves = 950 * time.Millisecond

func TestStop(t *testing.T) {
	t.Parallel()
	bubble(t, "before the claim", func(t *testing.T) {
		s := newStand(1)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Millisecond, s.stop)
		if err := s.run(t); !errors.Is(err, errStopping) || isFailure(err) {
			t.Errorf("got %v, want errStopping", err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
	bubble(t, "before the departure", func(t *testing.T) {
		s := newStand(1)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(beforeItLeaves, s.stop)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted, ledger.OutcomeReleased)
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	unwritten := &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "unreachable", Unwritten: true, Wait: time.Second}
	busy := &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "busy", Wait: 5 * time.Second}
	timeout := &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "request_timeout", HTTPStatus: 408}
	slow := &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "throughput", Budget: whatsapp.NumberBudget, Wait: time.Second}
	asked := &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "calls", Budget: whatsapp.NumberBudget, Wait: time.Minute, Asked: true}
	calls := &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "calls", Budget: whatsapp.AppBudget, Wait: 5 * time.Minute}
	flow := &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "flow", Budget: whatsapp.TemplateBudget, Wait: time.Hour}
	pair := &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "pair", Budget: whatsapp.PairBudget}
	lost := &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "no_answer"}
	token := &whatsapp.Error{Class: whatsapp.Pause, Reason: "token", Scope: whatsapp.AccountScope}
	tests := map[string]struct {
		answers   []error
		posts     int
		outcome   ledger.Outcome
		throttled []time.Duration
		failure   campaign.Failure
		siblings  []time.Duration // are told
	}{
		"a 408 is repeated at once":         {[]error{timeout}, 2, ledger.OutcomeAccepted, nil, campaign.Failure{}, nil},
		"but not for ever":                  {[]error{timeout, timeout, timeout}, 3, ledger.OutcomeRefused, nil, campaign.Failure{Reason: "request_timeout", Retry: true, Passing: true, Elsewhere: true}, nil},
		"what asks for a wait is put off":   {[]error{busy}, 1, ledger.OutcomeRefused, nil, campaign.Failure{Reason: "busy", Retry: true, Passing: true, Elsewhere: true, Wait: 5 * time.Second}, nil},
		"what was not written slows down":   {[]error{unwritten, unwritten, unwritten}, 3, ledger.OutcomeRefused, []time.Duration{0}, campaign.Failure{Reason: "unreachable", Retry: true, Passing: true, Elsewhere: true, Throttled: true, Wait: time.Second}, nil},
		"throttling slows down":             {[]error{slow}, 1, ledger.OutcomeRefused, []time.Duration{0}, campaign.Failure{Reason: "throughput", Retry: true, Throttled: true, Wait: time.Second}, nil},
		"a wait that was asked for is kept": {[]error{asked}, 1, ledger.OutcomeRefused, []time.Duration{time.Minute}, campaign.Failure{Reason: "calls", Retry: true, Throttled: true, Wait: time.Minute}, nil},
		"an app's limit is that of all its numbers": {
			[]error{calls}, 1, ledger.OutcomeRefused, []time.Duration{5 * time.Minute},
			campaign.Failure{Reason: "calls", Retry: true, Throttled: true, Wait: 5 * time.Minute}, []time.Duration{5 * time.Minute},
		},
		"a flow's limit slows no number":  {[]error{flow}, 1, ledger.OutcomeRefused, nil, campaign.Failure{Reason: "flow", Retry: true, Throttled: true, Wait: time.Hour, Slows: true, Account: []string{"main", "second"}}, nil},
		"a pair limit slows nobody else":  {[]error{pair}, 1, ledger.OutcomeRefused, nil, campaign.Failure{Reason: "pair", Retry: true, Throttled: true, Escalates: true}, nil},
		"a lost answer is never repeated": {[]error{lost}, 1, ledger.OutcomeUnknown, nil, campaign.Failure{Reason: "no_answer"}, nil},
		"trouble with the account":        {[]error{token}, 1, ledger.OutcomeRefused, nil, campaign.Failure{Reason: "token", Retry: true, Throttled: true, Pause: campaign.PauseAccount, Elsewhere: true, Account: []string{"main", "second"}}, nil},
		"an error nobody classified":      {[]error{errors.New("?")}, 1, ledger.OutcomeUnknown, nil, campaign.Failure{Reason: "unexplained"}, nil},
	}
	for name, test := range tests {
		bubble(t, name, func(t *testing.T) {
			s := newStand(100)
			sibling := &limiter{Local: ratelimit.NewLocal(0, time.Now)}
			s.channel.Siblings = []ratelimit.Limiter{sibling}
			s.provider.answers = test.answers
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
			s.expect(t, test.posts, test.outcome)
			if diff := cmp.Diff(test.throttled, s.limiter.throttled); diff != "" {
				t.Errorf("throttled: %s", diff)
			}
			if diff := cmp.Diff(test.siblings, sibling.throttled); diff != "" {
				t.Errorf("siblings throttled: %s", diff)
			}
			if diff := cmp.Diff(test.failure, s.record.settled[0].Failure); diff != "" {
				t.Errorf("failure: %s", diff)
			}
		})
	}
}

// An outcome is written down however long the ledger is away, and nothing is
// posted again meanwhile.
func TestSettleTriesOn(t *testing.T) {
	t.Parallel()
	bubble(t, "ledger away", func(t *testing.T) {
		s := newStand(0)
		for range 40 {
			s.record.settles = append(s.record.settles, errors.New("away"))
		}
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
	bubble(t, "ledger closed", func(t *testing.T) {
		s := newStand(0)
		s.record.settles = []error{ledger.ErrClosed}
		if err := s.run(t); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

// The queue's own context ends when asynq loses its lease or somebody cancels
// the task in asynqmon. What is claimed is sent and settled all the same.
func TestTheQueuesContextEndsWithTheClaim(t *testing.T) {
	t.Parallel()
	bubble(t, "cancelled after the claim", func(t *testing.T) {
		s := newStand(0)
		ctx, cancel := context.WithCancel(t.Context())
		s.record.slow = time.Second
		time.AfterFunc(500*time.Millisecond, cancel)
		if err := s.handle(ctx, asynq.NewTask(campaign.TaskType, task.Payload())); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
}
