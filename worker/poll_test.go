package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

// oracle answers polls, one after the other; then it knows nothing.
type oracle struct {
	answers []any // a whatsapp.Receipt or an error; nil for nothing yet
	asked   []string
	at      []time.Time
}

func (o *oracle) Poll(_ context.Context, id string) (whatsapp.Receipt, bool, error) {
	o.asked, o.at = append(o.asked, id), append(o.at, time.Now())
	if len(o.answers) == 0 {
		return whatsapp.Receipt{}, false, nil
	}
	answer := o.answers[0]
	o.answers = o.answers[1:]
	switch answer := answer.(type) {
	case whatsapp.Receipt:
		return answer, true, nil
	case error:
		return whatsapp.Receipt{}, false, answer
	}
	return whatsapp.Receipt{}, false, nil
}

// polledStand is a worker of a channel that has to be asked, and one message to ask
// about.
type polledStand struct {
	*Worker
	record   *record
	limiter  *limiter
	sibling  *limiter
	oracle   *oracle
	log      *bytes.Buffer
	registry *prometheus.Registry
}

var polledTask = campaign.Task{Message: campaign.ID(7).Recipient(3).Message(0), Attempt: 1, Feed: 1}

func newPolledStand(answers ...any) *polledStand {
	s := &polledStand{
		record:  &record{state: campaign.Finished},
		limiter: &limiter{Local: ratelimit.NewLocal(10, time.Now)}, sibling: &limiter{Local: ratelimit.NewLocal(10, time.Now)},
		oracle: &oracle{answers: answers}, log: &bytes.Buffer{}, registry: prometheus.NewRegistry(),
	}
	s.record.poll = ledger.PollRow{
		Poll:    ledger.Poll{Message: polledTask.Message, Attempt: 1, Due: time.Now()},
		Channel: "main", ProviderID: "its-id", Until: time.Now().Add(24 * time.Hour),
	}
	s.Worker = New(Channel{
		Name: "main", Sender: &provider{}, Poller: s.oracle, Limiter: s.limiter, Siblings: []ratelimit.Limiter{s.sibling}, Rate: 10,
		Timeout: 5 * time.Second, UnknownAfter: time.Minute, Account: []string{"main", "second"}, Guard: campaign.GuardLimits{SameRefusal: 3},
	}, s.record, NewMetrics(s.registry, map[string][]string{"main": nil}), slog.New(slog.NewTextHandler(s.log, nil)), time.Now)
	return s
}

func (s *polledStand) run(t *testing.T) error {
	t.Helper()
	return s.handle(t.Context(), asynq.NewTask(campaign.PollType, polledTask.Payload()))
}

// runs is run, which must not fail; it returns what was recorded last.
func (s *polledStand) runs(t *testing.T) ledger.Polled {
	t.Helper()
	if err := s.run(t); err != nil {
		t.Fatal(err)
	}
	if len(s.record.polled) == 0 {
		t.Fatal("nothing is on record")
	}
	return s.record.polled[len(s.record.polled)-1]
}

// counted are the polls by result, those that are none left out.
func (s *polledStand) counted(t *testing.T) map[string]float64 {
	t.Helper()
	return countsOf(t, s.registry, "carillon_polls_total")
}

// countsOf are the values of a counter of one channel by its other label, or by the
// channel where it has none; those that are zero are left out.
func countsOf(t *testing.T, registry *prometheus.Registry, metric string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if n := m.GetCounter().GetValue(); family.GetName() == metric && n > 0 {
				counts[m.GetLabel()[len(m.GetLabel())-1].GetValue()] = n
			}
		}
	}
	return counts
}

func TestPoll(t *testing.T) {
	bubble(t, "an answer is handed on as a receipt", func(t *testing.T) {
		at := time.Now().Add(-time.Minute)
		s := newPolledStand(whatsapp.Receipt{ID: "its-id", Status: campaign.Delivered, At: at, Recipient: whatsapp.Who{Phone: "447700900000"}}, whatsapp.Receipt{Status: campaign.Read})
		want := &ledger.Receipt{Status: campaign.Delivered, At: at, Keys: []string{"+447700900000"}}
		got := s.runs(t)
		if diff := cmp.Diff(want, got.Receipt, cmp.AllowUnexported(ledger.Receipt{})); diff != "" || got.Wait != 0 {
			t.Errorf("wait %s, %s", got.Wait, diff)
		}
		if got := s.runs(t).Receipt; !got.At.Equal(time.Now()) {
			t.Errorf("a receipt without a time is of %s", got.At)
		}
		if diff := cmp.Diff([]string{"its-id", "its-id"}, s.oracle.asked); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]float64{"told": 2}, s.counted(t)); diff != "" {
			t.Error(diff)
		}
	})
	bubble(t, "nothing yet counts as a poll", func(t *testing.T) {
		s := newPolledStand(nil)
		if got := s.runs(t); got.Receipt != nil || got.Wait != 0 || got.Tries != s.record.poll.Tries {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(map[string]float64{"nothing": 1}, s.counted(t)); diff != "" {
			t.Error(diff)
		}
	})
	bubble(t, "polls take departures of the number's", func(t *testing.T) {
		s := newPolledStand()
		for range 3 {
			s.runs(t)
		}
		for i := range s.oracle.at[1:] {
			if gap := s.oracle.at[i+1].Sub(s.oracle.at[i]); gap < 100*time.Millisecond {
				t.Errorf("two polls leave within %s at 10 a second", gap)
			}
		}
	})
	bubble(t, "what is not due, or is over, is not asked about", func(t *testing.T) {
		for name, change := range map[string]func(s *polledStand){
			"not due":         func(s *polledStand) { s.record.poll.Due = time.Now().Add(time.Second) },
			"over":            func(s *polledStand) { s.record.poll = ledger.PollRow{} },
			"another channel": func(s *polledStand) { s.record.poll.Channel = "second" },
			"not polled":      func(s *polledStand) { s.channel.Poller = nil },
		} {
			s := newPolledStand()
			change(s)
			if err := s.run(t); err != nil || len(s.oracle.asked) > 0 || len(s.record.polled) > 0 {
				t.Errorf("%s: %v, asked %v", name, err, s.oracle.asked)
			}
		}
	})
	bubble(t, "a ledger that is away has it made again", func(t *testing.T) {
		s := newPolledStand(whatsapp.Receipt{Status: campaign.Read}, whatsapp.Receipt{Status: campaign.Read})
		s.record.settles = []error{errors.New("the ledger is away")}
		var back *backError
		if err := s.run(t); !errors.As(err, &back) {
			t.Fatalf("got %v", err)
		}
		s.runs(t)
	})
	bubble(t, "a worker that stops asks nothing", func(t *testing.T) {
		s := newPolledStand()
		s.Stop()
		var back *backError
		if err := s.run(t); !errors.As(err, &back) || len(s.oracle.asked) > 0 {
			t.Errorf("got %v, asked %v", err, s.oracle.asked)
		}
	})
	bubble(t, "a type that is not known is neither sent nor asked about", func(t *testing.T) {
		s := newPolledStand()
		err := s.handle(t.Context(), asynq.NewTask("message:later", polledTask.Payload()))
		if !errors.Is(err, asynq.SkipRetry) || s.record.claimed > 0 || len(s.oracle.asked) > 0 {
			t.Errorf("got %v", err)
		}
	})
}

func TestPollsThatFail(t *testing.T) {
	refusal := func(e whatsapp.Error) error { return &e }
	for name, c := range map[string]struct {
		err       error
		wait      time.Duration
		result    string
		slows     int
		siblings  int
		complains bool
	}{
		"throttled":               {refusal(whatsapp.Error{Class: whatsapp.RetrySlow, Budget: whatsapp.NumberBudget, Reason: "rate"}), pollRest, "throttled", 1, 0, false},
		"throttled for long":      {refusal(whatsapp.Error{Class: whatsapp.RetrySlow, Budget: whatsapp.AccountBudget, Wait: time.Minute}), time.Minute, "throttled", 1, 1, false},
		"not written":             {refusal(whatsapp.Error{Class: whatsapp.RetrySoon, Unwritten: true}), pollRest, "failed", 1, 0, false},
		"account trouble":         {refusal(whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "token"}), 0, "failed", 0, 0, true},
		"an id that is not known": {refusal(whatsapp.Error{Class: whatsapp.BadRequest, Reason: "no_message"}), 0, "failed", 0, 0, true},
		"a server's error":        {refusal(whatsapp.Error{Class: whatsapp.RetrySoon, HTTPStatus: 503}), 0, "failed", 0, 0, true},
		"no error of a provider":  {errors.New("a mistake"), 0, "failed", 0, 0, true},
	} {
		bubble(t, name, func(t *testing.T) {
			s := newPolledStand(c.err)
			if got := s.runs(t); got.Receipt != nil || got.Wait != c.wait {
				t.Errorf("recorded %+v, want to wait %s", got, c.wait)
			}
			if diff := cmp.Diff(map[string]float64{c.result: 1}, s.counted(t)); diff != "" {
				t.Error(diff)
			}
			if len(s.limiter.throttled) != c.slows || len(s.sibling.throttled) != c.siblings {
				t.Errorf("slowed down %v, siblings %v", s.limiter.throttled, s.sibling.throttled)
			}
			if complains := strings.Contains(s.log.String(), "asked again later"); complains != c.complains {
				t.Errorf("the log says %q", s.log)
			}
			if len(s.record.reasons) > 0 {
				t.Errorf("campaigns are paused: %v", s.record.reasons)
			}
		})
	}
}

func TestTheLogIsNotFloodedByPolls(t *testing.T) {
	bubble(t, "a line a minute", func(t *testing.T) {
		s := newPolledStand()
		for range 100 {
			s.oracle.answers = append(s.oracle.answers, &whatsapp.Error{Class: whatsapp.Pause, Reason: "token"})
			s.runs(t)
		}
		if n := strings.Count(s.log.String(), "asked again later"); n != 1 {
			t.Errorf("%d lines within ten seconds", n)
		}
	})
}

func TestPollsLeaveAFailingProviderAlone(t *testing.T) {
	bubble(t, "until a probe is due, and then they wait for none", func(t *testing.T) {
		s := newPolledStand()
		s.breaker.open, s.breaker.until = true, time.Now().Add(breakerFirst)
		var back *backError
		if err := s.run(t); !errors.As(err, &back) || back.after != breakerFirst {
			t.Fatalf("got %v", err)
		}
		time.Sleep(breakerFirst)
		s.breaker.probe = &send{}
		s.runs(t)
	})
}

// TestPolledFailuresCountForTheGuard: the first word on an attempt was that it was
// accepted, and what polls tell is held against the campaign all the same.
func TestPolledFailuresCountForTheGuard(t *testing.T) {
	bubble(t, "three alike", func(t *testing.T) {
		s := newPolledStand()
		s.record.state = campaign.Running
		for row := range 3 {
			id := campaign.ID(7).Recipient(row + 1).Message(0)
			s.guard.Observe(id, 1, campaign.Failure{})
			s.record.poll.Message = id
			s.oracle.answers = []any{whatsapp.Receipt{Status: campaign.Failed, Err: &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "invalid", Code: 100}}}
			task := campaign.Task{Message: id, Attempt: 1, Feed: 1}
			if err := s.handle(t.Context(), asynq.NewTask(campaign.PollType, task.Payload())); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.record.reasons) != 1 {
			t.Errorf("paused because of %v", s.record.reasons)
		}
	})
}

func TestWhatIsAcceptedIsAskedAboutWhereTheChannelIsPolled(t *testing.T) {
	bubble(t, "polled or not", func(t *testing.T) {
		plain := newStand(10)
		if err := plain.run(t); err != nil || plain.record.settled[0].Poll != "" {
			t.Errorf("%v, settled %+v", err, plain.record.settled)
		}
		s := newPolledStand()
		s.record.state = campaign.Running
		err := s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload()))
		if err != nil || s.record.settled[0].Poll != "main" {
			t.Errorf("%v, settled %+v", err, s.record.settled)
		}
	})
}
