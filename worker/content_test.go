package worker

import (
	"bytes"
	"context"
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

// freely is a record of a campaign of one free-form step, and what its claims are
// granted for.
type freely struct {
	*record
	step    campaign.Step
	granted ledger.Claimed
}

func (r *freely) Campaign(context.Context, campaign.ID) (ledger.Campaign, error) {
	return ledger.Campaign{
		State: campaign.Running, Columns: []string{"Name"},
		Definition: &campaign.Definition{Channel: "main", Steps: []campaign.Step{r.step}},
	}, nil
}

func (r *freely) Claim(ctx context.Context, task campaign.Task, by ledger.Sender, now, until time.Time) (ledger.Claimed, error) {
	claimed, err := r.record.Claim(ctx, task, by, now, until)
	claimed.Cells, claimed.FreeForm, claimed.Answers = []string{"Ana"}, r.granted.FreeForm, r.granted.Answers
	return claimed, err
}

// conversation is a provider that keeps what it was told, in order.
type conversation struct {
	provider
	told  []string // "read …", "post …"
	at    []time.Time
	last  whatsapp.Message
	marks []error // what MarkRead answers
}

func (c *conversation) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	c.last = m
	what := "post " + m.Template.Name
	if m.Free != nil {
		what = "post " + string(m.Free.Kind)
	}
	c.told, c.at = append(c.told, what), append(c.at, time.Now())
	return c.provider.Send(ctx, m)
}

func (c *conversation) MarkRead(_ context.Context, id string) error {
	c.told, c.at = append(c.told, "read "+id), append(c.at, time.Now())
	time.Sleep(300 * time.Millisecond)
	return next(&c.marks)
}

// freeStand is a worker that sends the steps of freely.
type freeStand struct {
	*Worker
	record   *freely
	provider *conversation
	limiter  *limiter
	registry *prometheus.Registry
	log      bytes.Buffer
}

func newFreeStand(step campaign.Step, granted ledger.Claimed) *freeStand {
	s := &freeStand{
		record: &freely{&record{state: campaign.Running}, step, granted}, provider: &conversation{},
		limiter: &limiter{Local: ratelimit.NewLocal(10, time.Now)}, registry: prometheus.NewRegistry(),
	}
	s.Worker = New(Channel{
		Name: "main", Sender: s.provider, Marker: s.provider, Limiter: s.limiter, Rate: 10,
		Timeout: 5 * time.Second, UnknownAfter: time.Minute, Guard: campaign.GuardLimits{SameRefusal: 1},
	}, s.record, NewMetrics(s.registry, map[string][]string{"main": nil}), slog.New(slog.NewTextHandler(&s.log, nil)), time.Now)
	return s
}

func (s *freeStand) run(t *testing.T) {
	t.Helper()
	if err := s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload())); err != nil {
		t.Fatal(err)
	}
}

func (s *freeStand) expect(t *testing.T, told ...string) {
	t.Helper()
	if diff := cmp.Diff(told, s.provider.told); diff != "" {
		t.Errorf("the provider was told: %s", diff)
	}
}

// thanks is a free-form step with a template for when the window is shut.
func thanks() campaign.Step {
	return campaign.Step{
		Text: &campaign.Text{Body: "Thanks, {{Name}}!"}, Reply: true, Read: true,
		OtherwiseTemplate: &campaign.Step{Template: "thanks", Language: "en"},
	}
}

func (s *freeStand) count(t *testing.T, metric string, want map[string]float64) {
	t.Helper()
	if diff := cmp.Diff(want, countsOf(t, s.registry, metric)); diff != "" {
		t.Errorf("%s: %s", metric, diff)
	}
}

var inWindow = ledger.Claimed{FreeForm: true, Answers: "wamid.answer"}

func TestTheContentThatWasClaimedGoesOut(t *testing.T) {
	t.Parallel()
	bubble(t, "in the window", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		s.run(t)
		s.expect(t, "read wamid.answer", "post text")
		want := &campaign.FreeForm{Kind: campaign.KindText, Content: []byte(`{"body":"Thanks, Ana!"}`), Answers: "wamid.answer"}
		if diff := cmp.Diff(want, s.provider.last.Free); diff != "" {
			t.Error(diff)
		}
		if s.provider.last.Template.Name != "" {
			t.Errorf("the template %s goes out with it", s.provider.last.Template.Name)
		}
		s.count(t, "carillon_sends_total", map[string]float64{"free_form": 1})
	})
	bubble(t, "outside of it", func(t *testing.T) {
		s := newFreeStand(thanks(), ledger.Claimed{})
		s.run(t)
		s.expect(t, "post thanks")
		s.count(t, "carillon_sends_total", map[string]float64{"otherwise_template": 1})
	})
	bubble(t, "without an answer to quote", func(t *testing.T) {
		step := thanks()
		step.Reply, step.Read = false, false
		s := newFreeStand(step, inWindow)
		s.run(t)
		s.expect(t, "post text")
		if answers := s.provider.last.Free.Answers; answers != "" {
			t.Errorf("it answers %q", answers)
		}
	})
	bubble(t, "a reaction is about a message", func(t *testing.T) {
		s := newFreeStand(campaign.Step{Reaction: &campaign.Reaction{Emoji: "👍"}}, inWindow)
		s.run(t)
		s.expect(t, "post reaction")
		if answers := s.provider.last.Free.Answers; answers != "wamid.answer" {
			t.Errorf("it is about %q", answers)
		}
	})
	bubble(t, "a template of a plain step", func(t *testing.T) {
		s := newFreeStand(campaign.Step{Template: "hello", Language: "en"}, ledger.Claimed{})
		s.run(t)
		s.expect(t, "post hello")
		s.count(t, "carillon_sends_total", map[string]float64{"template": 1})
	})
}

func TestMarkingAsReadHoldsUpNothing(t *testing.T) {
	t.Parallel()
	bubble(t, "each request has a departure of its own", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		for range 20 {
			s.run(t)
		}
		for i := 1; i < len(s.provider.at); i++ {
			if gap := s.provider.at[i].Sub(s.provider.at[i-1]); gap < 99*time.Millisecond {
				t.Errorf("request %d left %s after the one before, at ten a second", i+1, gap)
			}
		}
	})
	bubble(t, "a failure is counted, and told once a minute", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		busy := &whatsapp.Error{Class: whatsapp.RetrySlow, Budget: whatsapp.NumberBudget, Reason: "rate_limited", Message: "not to Ana"}
		s.provider.marks = []error{busy, context.DeadlineExceeded}
		s.run(t)
		s.run(t)
		s.run(t)
		s.expect(t, "read wamid.answer", "post text", "read wamid.answer", "post text", "read wamid.answer", "post text")
		s.count(t, "carillon_reads_total", map[string]float64{"marked": 1, "failed": 2})
		if len(s.limiter.throttled) != 1 {
			t.Errorf("the limiter was told %d times that the number is throttled, want once", len(s.limiter.throttled))
		}
		if text := s.log.String(); strings.Count(text, "cannot be marked as read") != 1 || strings.Contains(text, "Ana") {
			t.Errorf("the log has\n%s", text)
		}
	})
	bubble(t, "a request that is repeated marks nothing again", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		s.provider.answers = []error{&whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "busy"}}
		s.run(t)
		s.expect(t, "read wamid.answer", "post text", "post text")
		s.count(t, "carillon_sends_total", map[string]float64{"free_form": 1})
	})
	bubble(t, "a worker that stops gives the claim back", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		s.provider.marks = []error{nil}
		time.AfterFunc(200*time.Millisecond, s.stop) // while it marks
		s.run(t)
		s.expect(t, "read wamid.answer")
		if got := s.record.settled; len(got) != 1 || got[0].Outcome != ledger.OutcomeReleased {
			t.Errorf("settled %+v", got)
		}
	})
	bubble(t, "a provider without that ability", func(t *testing.T) {
		s := newFreeStand(thanks(), inWindow)
		s.channel.Marker = nil
		s.run(t)
		s.expect(t, "post text")
	})
}

func TestAWindowThatIsShutPausesNothing(t *testing.T) {
	t.Parallel()
	outside := &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "outside_window", Code: 131047, WindowShut: true}
	for name, c := range map[string]struct {
		granted ledger.Claimed
		shut    map[string]float64
		pauses  int
	}{
		"free form": {inWindow, map[string]float64{"main": 1}, 0},
		"template":  {ledger.Claimed{}, map[string]float64{}, 1}, // as whatever is refused for what it holds
	} {
		bubble(t, name, func(t *testing.T) {
			s := newFreeStand(thanks(), c.granted)
			s.provider.answers = []error{outside}
			s.run(t)
			s.count(t, "carillon_windows_shut_total", c.shut)
			if len(s.record.reasons) != c.pauses {
				t.Errorf("the campaign was paused for %q", s.record.reasons)
			}
			if f := s.record.settled[0].Failure; !f.WindowShut || f.Code != 131047 {
				t.Errorf("settled %+v", f)
			}
		})
	}
}

func TestOnlyWhatIsATemplateWaitsForASlowedOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		granted ledger.Claimed
		want    ledger.Outcome
	}{
		"free form": {inWindow, ledger.OutcomeAccepted},
		"template":  {ledger.Claimed{}, ledger.OutcomeReleased},
	} {
		bubble(t, name, func(t *testing.T) {
			s := newFreeStand(thanks(), c.granted)
			until := time.Now().Add(time.Hour)
			s.record.slowed = []ledger.Slowed{{Channel: "main", Template: campaign.TemplateName{Name: "thanks", Language: "en"}, Until: until, Allowed: 1}}
			s.run(t)
			got := s.record.settled[0]
			if got.Outcome != c.want || c.want == ledger.OutcomeReleased && !got.Due.Equal(until) {
				t.Errorf("settled %+v", got)
			}
		})
	}
}
