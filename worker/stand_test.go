package worker

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

// record is a ledger with one running campaign.
type record struct {
	state   campaign.State
	claims  []error // what Claim answers, one after the other; then nil
	settles []error // the same for Settle
	asks    []error // and for Slowed
	slowed  []ledger.Slowed
	slow    time.Duration
	// unwanted is what Wanted finds, after slowLook.
	unwanted bool
	slowLook time.Duration

	claimed int
	asked   int
	settled []ledger.Settlement
	poll    ledger.PollRow // what there is to ask
	polled  []ledger.Polled
	reasons []string // why it was paused

	mu        sync.Mutex
	step      *campaign.Step    // nil for one without files
	file      ledger.Attachment // whatever its name
	overtaken bool              // another has the upload's lease
	looks     int
	holds     int
}

var _ Ledger = (*record)(nil)

func (r *record) Campaign(context.Context, campaign.ID) (ledger.Campaign, error) {
	if r.step != nil {
		return ledger.Campaign{State: r.state, Columns: []string{"Name"}, Definition: &campaign.Definition{Channel: "main", Steps: []campaign.Step{*r.step}}}, nil
	}
	return ledger.Campaign{
		State: r.state, Columns: []string{"Name"},
		Definition: &campaign.Definition{Channel: "main", Steps: []campaign.Step{{
			Template: "hello", Language: "{{Name}}",
		}}},
	}, nil
}

func (r *record) State(context.Context, campaign.ID) (campaign.State, error) { return r.state, nil }

func (r *record) Claim(context.Context, campaign.Task, ledger.Sender, time.Time, time.Time) (ledger.Claimed, error) {
	time.Sleep(r.slow)
	if err := next(&r.claims); err != nil {
		return ledger.Claimed{}, err
	}
	r.claimed++
	return ledger.Claimed{Phone: "+447700900000", Person: "+447700900000", Cells: []string{"en"}}, nil
}

func (r *record) Wanted(context.Context, campaign.MessageID) (bool, error) {
	r.asked++
	time.Sleep(r.slowLook)
	return !r.unwanted, nil
}

func (r *record) Slowed(context.Context) ([]ledger.Slowed, error) {
	return r.slowed, next(&r.asks)
}

func (r *record) Settle(_ context.Context, s ledger.Settlement) error {
	if err := next(&r.settles); err != nil {
		return err
	}
	r.settled = append(r.settled, s)
	return nil
}

func (r *record) Poll(_ context.Context, id campaign.MessageID, attempt int) (ledger.PollRow, error) {
	if r.poll.Message != id || r.poll.Attempt != attempt {
		return ledger.PollRow{}, ledger.ErrNotFound
	}
	return r.poll, nil
}

func (r *record) Polled(_ context.Context, p ledger.Polled) (ledger.Received, error) {
	if err := next(&r.settles); err != nil {
		return ledger.Received{}, err
	}
	r.polled = append(r.polled, p)
	return ledger.Received{Message: p.Message, Attempt: p.Attempt}, nil
}

func (r *record) Attachment(_ context.Context, _ campaign.ID, name, _ string) (ledger.Attachment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	found := r.file
	found.Name = name
	return found, nil
}

func (r *record) MediaContent(context.Context, string) io.Reader { return strings.NewReader("content") }

func (r *record) TakeUpload(_ context.Context, _, _, _ string, _ time.Duration, now time.Time) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := !r.file.Busy && !now.Before(r.file.Due) && (r.file.ID == "" || !now.Before(r.file.Renew))
	r.file.Busy = r.file.Busy || taken
	return taken, nil
}

func (r *record) HoldUpload(context.Context, string, string, string, time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds++
	return !r.overtaken, nil
}

func (r *record) Uploaded(_ context.Context, _, _, _, id string, until, now time.Time) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.ID, r.file.Until, r.file.Renew, r.file.Busy = id, until, now.Add(until.Sub(now)/6*5), false
	return true, nil
}

func (r *record) UploadFailed(_ context.Context, _, _, _, trouble string, due time.Time) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Tries, r.file.Trouble, r.file.Due, r.file.Busy = r.file.Tries+1, trouble, due, false
	return true, nil
}

func (r *record) LeaveUpload(context.Context, string, string, string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Busy = false
	return nil
}

func (r *record) PauseBecause(_ context.Context, _ campaign.ID, reason string, _ time.Time) (ran bool, err error) {
	if ran = r.state == campaign.Running; ran {
		r.state, r.reasons = campaign.Paused, append(r.reasons, reason)
	}
	return ran, nil
}

func next(list *[]error) (err error) {
	if len(*list) > 0 {
		err, *list = (*list)[0], (*list)[1:]
	}
	return err
}

// provider answers with errors, one after the other; then it accepts.
type provider struct {
	answers []error
	sent    []time.Time
	last    whatsapp.Message
	slow    time.Duration
	wa      string
	user    string
}

func (p *provider) Send(_ context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	p.last = m
	p.sent = append(p.sent, time.Now())
	time.Sleep(p.slow)
	if err := next(&p.answers); err != nil {
		return whatsapp.Accepted{}, err
	}
	return whatsapp.Accepted{ID: "wamid.1", Recipient: whatsapp.Who{Phone: p.wa, UserID: p.user}}, nil
}

// limiter counts what is asked of a real one.
type limiter struct {
	*ratelimit.Local
	throttled []time.Duration
}

func (l *limiter) Throttled(left time.Time, wait time.Duration) {
	l.throttled = append(l.throttled, wait)
	l.Local.Throttled(left, wait)
}

// stand is a worker with its surroundings.
type stand struct {
	*Worker
	record   *record
	provider *provider
	limiter  *limiter
}

func newStand(rate float64) *stand {
	s := &stand{
		record: &record{state: campaign.Running}, provider: &provider{},
		limiter: &limiter{Local: ratelimit.NewLocal(rate, time.Now)},
	}
	s.Worker = New(Channel{
		Name: "main", Sender: s.provider, Limiter: s.limiter, Rate: rate,
		Timeout: 5 * time.Second, UnknownAfter: time.Minute,
		Account: []string{"main", "second"}, Guard: campaign.GuardLimits{SameRefusal: 5},
	}, s.record, NewMetrics(prometheus.NewRegistry(), map[string][]string{"main": nil}), slog.New(slog.DiscardHandler), time.Now)
	return s
}

var task = campaign.Task{Message: campaign.ID(7).Recipient(1).Message(0), Attempt: 2}

func (s *stand) run(t *testing.T) error {
	t.Helper()
	return s.runTask(t, task)
}

func (s *stand) runTask(t *testing.T, task campaign.Task) error {
	t.Helper()
	return s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload()))
}

// outcomes are what was settled.
func (s *stand) outcomes() []ledger.Outcome {
	var list []ledger.Outcome
	for _, settlement := range s.record.settled {
		list = append(list, settlement.Outcome)
	}
	return list
}

func (s *stand) expect(t *testing.T, posts int, outcomes ...ledger.Outcome) {
	t.Helper()
	if len(s.provider.sent) != posts {
		t.Errorf("%d requests, want %d", len(s.provider.sent), posts)
	}
	if diff := cmp.Diff(outcomes, s.outcomes()); diff != "" {
		t.Errorf("outcomes: %s", diff)
	}
}

func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}
