package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

var (
	gateway     = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "server_error", HTTPStatus: 503}
	timeout     = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "timeout"}
	overloaded  = &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "service_unavailable", HTTPStatus: 503, Wait: 5 * time.Second}
	tooMany     = &whatsapp.Error{Class: whatsapp.RetrySlow, Reason: "rate_limited", HTTPStatus: 429, Budget: whatsapp.NumberBudget}
	refusedRow  = &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "invalid_parameter", HTTPStatus: 400}
	duplicate   = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "duplicate_post", HTTPStatus: 400}
	notReached  = &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "unreachable", Unwritten: true}
	stillTaking *whatsapp.Error // accepted
)

// tell sends through a breaker and tells it the outcomes in turn, until it
// opens or so many are told. It returns how many were.
func tell(b *breaker, most int, now time.Time, turn ...*whatsapp.Error) (told int) {
	for told < most {
		s := &send{left: now}
		if b.admit(s, now) > 0 {
			return told
		}
		b.record(s, turn[told%len(turn)], now)
		b.leave(s)
		told++
	}
	return told
}

func TestWhatOpensTheBreaker(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	const most = 200
	tests := map[string]struct {
		before int // so many good ones
		turn   []*whatsapp.Error
		want   int
	}{
		"5xx at the start":                      {0, []*whatsapp.Error{gateway}, 5},
		"timeouts at the start":                 {0, []*whatsapp.Error{timeout}, 5},
		"5xx with the provider's words":         {0, []*whatsapp.Error{overloaded}, 5},
		"5xx when all was well":                 {100, []*whatsapp.Error{gateway}, 10},
		"every second one":                      {0, []*whatsapp.Error{gateway, stillTaking}, 19},
		"one in three":                          {0, []*whatsapp.Error{gateway, stillTaking, stillTaking}, most},
		"throttling":                            {0, []*whatsapp.Error{tooMany}, most},
		"refusals":                              {0, []*whatsapp.Error{refusedRow}, most},
		"a 4xx that may have been taken before": {0, []*whatsapp.Error{duplicate}, most},
		"no way to the provider":                {0, []*whatsapp.Error{notReached}, most},
		"no way to it in between":               {0, []*whatsapp.Error{gateway, notReached}, 9},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := &breaker{}
			tell(b, test.before, start, stillTaking)
			if got := tell(b, most, start, test.turn...); got != test.want {
				t.Errorf("it let %d through, want %d", got, test.want)
			}
		})
	}
}

func TestTheBreakersProbes(t *testing.T) {
	t.Parallel()
	b, now := &breaker{}, time.Unix(0, 0)
	tell(b, breakerConsecutive, now, gateway)
	straggler := &send{left: now.Add(-time.Second)}
	for _, rest := range []time.Duration{5, 10, 20, 40, 60, 60} {
		rest *= time.Second
		if wait := b.wait(now); wait != rest {
			t.Fatalf("closed for %s, want %s", wait, rest)
		}
		if b.record(straggler, nil, now) != unchanged {
			t.Fatal("a request of before the outage closed it")
		}
		now = now.Add(rest)
		if told := tell(b, 10, now, gateway); told != 1 {
			t.Fatalf("%d probes after %s, want 1", told, rest)
		}
	}
	now = now.Add(breakerMost)
	probe, other := &send{left: now}, &send{left: now}
	if b.admit(probe, now) != 0 || b.admit(other, now) != besideProbe || b.passes(other) {
		t.Error("two probes at once")
	}
	b.leave(probe) // its claim was refused
	if b.admit(other, now) != 0 || b.record(other, tooMany, now) != closed || b.wait(now) != 0 {
		t.Error("an answer to the next probe does not close it")
	}
	for range breakerWindow {
		if b.record(straggler, timeout, now) != unchanged {
			t.Fatal("what left before it closed opened it again")
		}
	}
	if told := tell(b, 10, now, gateway); told != breakerConsecutive {
		t.Errorf("it let %d through into the next outage, want %d", told, breakerConsecutive)
	}
	if wait := b.wait(now); wait != breakerFirst {
		t.Errorf("it rests %s, want to begin with %s again", wait, breakerFirst)
	}
}

// However outcomes come, a provider that has stopped answering gets at most
// half a window of requests and one probe per rest.
func TestAnOutageCostsFewRequests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, now := &breaker{}, time.Unix(0, 0)
		earlier := rapid.SliceOfN(rapid.SampledFrom([]*whatsapp.Error{nil, gateway, timeout, refusedRow, tooMany, notReached}), 0, 60).Draw(t, "earlier")
		for _, e := range earlier {
			now = now.Add(time.Second)
			tell(b, 1, now, e)
		}
		var sent int
		for range 600 { // ten minutes
			now = now.Add(time.Second)
			sent += tell(b, 1000, now, gateway)
		}
		if most := breakerBad + 4 + 10; sent > most {
			t.Fatalf("%d requests into an outage of ten minutes, want at most %d", sent, most)
		}
	})
}

// outage is a provider that fails from time to time, and takes a moment each.
type outage struct {
	mu    sync.Mutex
	fails bool
	posts int
}

func (o *outage) Send(context.Context, whatsapp.Message) (whatsapp.Accepted, error) {
	time.Sleep(50 * time.Millisecond)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posts++
	if o.fails {
		return whatsapp.Accepted{}, gateway
	}
	return whatsapp.Accepted{ID: "wamid.1"}, nil
}

func (o *outage) turn(fails bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fails = fails
}

// sharedRecord is a record that many sends use at once.
type sharedRecord struct {
	mu sync.Mutex
	*record
}

func (r *sharedRecord) Claim(ctx context.Context, task campaign.Task, by ledger.Sender, now, until time.Time) (ledger.Claimed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record.Claim(ctx, task, by, now, until)
}

func (r *sharedRecord) Settle(ctx context.Context, s ledger.Settlement) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record.Settle(ctx, s)
}

// queue hands messages to a worker as asynq does: so many at once, and one that
// was put back again after the delay that was asked for.
func queue(t *testing.T, w *Worker, at, messages int) (done *sync.WaitGroup) {
	t.Helper()
	done = &sync.WaitGroup{}
	rows := make(chan int)
	for range at {
		done.Go(func() {
			for row := range rows {
				task := campaign.Task{Message: campaign.ID(7).Recipient(row).Message(0), Attempt: 1}
				for {
					err := w.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload()))
					if err == nil {
						break
					}
					if isFailure(err) {
						t.Errorf("row %d: %v", row, err)
						break
					}
					time.Sleep(retryDelay(0, err, nil))
				}
			}
		})
	}
	done.Go(func() {
		for row := 1; row <= messages; row++ {
			rows <- row
		}
		close(rows)
	})
	return done
}

// breakerGauge is what the metric of the one channel shows.
func breakerGauge(t *testing.T, registry *prometheus.Registry) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "carillon_breaker_open" && len(family.GetMetric()) == 1 {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("there is no metric carillon_breaker_open of one channel")
	return 0
}

func TestSendingStopsWhileTheProviderFails(t *testing.T) {
	t.Parallel()
	bubble(t, "503 without a word", func(t *testing.T) {
		const rate, messages = 80, 2000
		provider, shared := &outage{}, &sharedRecord{record: &record{state: campaign.Running}}
		var log bytes.Buffer
		registry := prometheus.NewRegistry()
		w := New(Channel{
			Name: "main", Sender: provider, Limiter: ratelimit.NewLocal(rate, time.Now), Rate: rate,
			Timeout: 5 * time.Second, UnknownAfter: time.Minute,
		}, shared, NewMetrics(registry, map[string][]string{"main": nil}), slog.New(slog.NewTextHandler(&log, nil)), time.Now)
		done := queue(t, w, 2*rate, messages)
		time.Sleep(5 * time.Second)
		provider.turn(true)
		time.Sleep(2 * time.Minute)
		if open := breakerGauge(t, registry); open != 1 {
			t.Errorf("the metric is %v in the outage, want 1", open)
		}
		provider.turn(false)
		done.Wait()

		var unknown, released int
		for _, s := range shared.settled {
			switch s.Outcome {
			case ledger.OutcomeUnknown:
				unknown++
			case ledger.OutcomeReleased:
				released++
			}
		}
		// Ten open it, a few are under way meanwhile, and there are five probes in
		// two minutes.
		if unknown < breakerBad || unknown > 25 {
			t.Errorf("%d messages are unknown, want 10 to 25", unknown)
		}
		if provider.posts+released != messages || released > rate/4 {
			t.Errorf("%d requests and %d claims given back for %d messages", provider.posts, released, messages)
		}
		if open := breakerGauge(t, registry); open != 0 {
			t.Errorf("the metric is %v afterwards, want 0", open)
		}
		for _, line := range []string{"the provider is failing", "the provider answers again"} {
			if n := strings.Count(log.String(), line); n != 1 {
				t.Errorf("%q was logged %d times, want once", line, n)
			}
		}
	})
}

func TestASendThatMeetsAnOpenBreakerUsesUpNothing(t *testing.T) {
	t.Parallel()
	bubble(t, "open", func(t *testing.T) {
		s := newStand(1)
		tell(&s.breaker, breakerConsecutive, time.Now(), gateway)
		err := s.run(t)
		if !errors.Is(err, errOutage) || isFailure(err) || retryDelay(0, err, nil) != breakerFirst || s.record.claimed != 0 {
			t.Errorf("got %v, again after %s, with %d claims", err, retryDelay(0, err, nil), s.record.claimed)
		}
		if d, err := s.limiter.Reserve(t.Context()); err != nil || d.At.After(time.Now()) {
			t.Errorf("a departure was used up: the next one is at %s, %v", d.At, err)
		}
	})
	bubble(t, "opening while it waits for its departure", func(t *testing.T) {
		s := newStand(1)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { tell(&s.breaker, breakerWindow, time.Now(), gateway) })
		if err := s.run(t); !errors.Is(err, errOutage) {
			t.Errorf("got %v, want errOutage", err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
	bubble(t, "opening after the claim", func(t *testing.T) {
		s := newStand(1)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(beforeItLeaves, func() { tell(&s.breaker, breakerWindow, time.Now(), gateway) })
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted, ledger.OutcomeReleased)
	})
}
