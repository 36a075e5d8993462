package worker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

var flowThrottled = &whatsapp.Error{
	Class: whatsapp.RetrySlow, Budget: whatsapp.TemplateBudget, Reason: "flow_throttled", Code: 132069, HTTPStatus: 400,
	Wait: time.Hour, Message: "'Ana Souza' has to wait", Hint: "Repair it.",
}

// seriesOf is a record of a campaign whose steps send these templates.
type seriesOf struct {
	*sharedRecord
	steps []campaign.Step
	cells []string
}

func (r *seriesOf) Campaign(context.Context, campaign.ID) (ledger.Campaign, error) {
	return ledger.Campaign{
		State: campaign.Running, Columns: []string{"Name", "Language"},
		Definition: &campaign.Definition{Channel: "main", Steps: r.steps},
	}, nil
}

func (r *seriesOf) Claim(ctx context.Context, task campaign.Task, by ledger.Sender, now, until time.Time) (ledger.Claimed, error) {
	claimed, err := r.sharedRecord.Claim(ctx, task, by, now, until)
	claimed.Cells = r.cells
	if task.Message.Recipient().Row()%2 == 0 && len(r.cells) > 1 {
		claimed.Cells = []string{r.cells[0], "de"}
	}
	return claimed, err
}

// Settle keeps of slowed templates what the ledger does.
func (r *seriesOf) Settle(ctx context.Context, s ledger.Settlement) error {
	if err := r.sharedRecord.Settle(ctx, s); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Failure.Slows {
		name, until := campaign.TemplateName{Name: "slow", Language: "en"}, s.At.Add(s.Failure.Rest())
		r.slowed = []ledger.Slowed{{Channel: "main", Template: name, Until: until, Allowed: 1}}
	}
	if len(s.Probe.Channels) > 0 && !s.Probe.Left.Before(r.slowed[0].Until) {
		if r.slowed[0].Allowed++; r.slowed[0].Allowed > ledger.MostProbes {
			r.slowed = nil
		}
	}
	return nil
}

func (r *seriesOf) Slowed(ctx context.Context) ([]ledger.Slowed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, err := r.sharedRecord.Slowed(ctx)
	return slices.Clone(all), err
}

// throttling is a provider that refuses some templates, and takes a moment.
type throttling struct {
	mu       sync.Mutex
	refuses  map[campaign.TemplateName]bool
	posts    map[campaign.TemplateName]int
	flying   map[campaign.TemplateName]int
	together map[campaign.TemplateName]int // the most that were under way at once, lately
}

func (p *throttling) Send(_ context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	name := campaign.TemplateName{Name: m.Template.Name, Language: m.Template.Language}
	p.mu.Lock()
	p.posts[name]++
	p.flying[name]++
	p.together[name] = max(p.together[name], p.flying[name])
	p.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying[name]--
	if p.refuses[name] {
		return whatsapp.Accepted{}, flowThrottled
	}
	return whatsapp.Accepted{ID: "wamid.1"}, nil
}

func (p *throttling) set(name campaign.TemplateName, refuses bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses[name], p.together[name] = refuses, 0
}

func (p *throttling) sent(name campaign.TemplateName) (posts, together int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.posts[name], p.together[name]
}

// throttledStand is a worker of that campaign, with a log.
type throttledStand struct {
	*Worker
	record   *seriesOf
	provider *throttling
	log      *bytes.Buffer
}

func newThrottledStand(rate float64, steps []campaign.Step, cells ...string) *throttledStand {
	s := &throttledStand{
		record: &seriesOf{&sharedRecord{record: &record{state: campaign.Running}}, steps, cells},
		provider: &throttling{
			refuses: map[campaign.TemplateName]bool{}, posts: map[campaign.TemplateName]int{},
			flying: map[campaign.TemplateName]int{}, together: map[campaign.TemplateName]int{},
		},
		log: &bytes.Buffer{},
	}
	s.Worker = New(Channel{
		Name: "main", Sender: s.provider, Limiter: ratelimit.NewLocal(rate, time.Now), Rate: rate,
		Timeout: 5 * time.Second, UnknownAfter: time.Minute, Account: []string{"main", "second"},
	}, s.record, NewMetrics(prometheus.NewRegistry(), map[string][]string{"main": nil}), slog.New(slog.NewTextHandler(s.log, nil)), time.Now)
	return s
}

// offer hands all messages of a step that are not accepted to the worker, so many
// at once, again and again for so long; as a scheduler would that knows of no
// slowed templates.
func (s *throttledStand) offer(t *testing.T, step, people, at int, every, howLong time.Duration) {
	t.Helper()
	for end := time.Now().Add(howLong); time.Now().Before(end); time.Sleep(every) {
		accepted := s.accepted(step)
		rows := make(chan int)
		var sends sync.WaitGroup
		for range at {
			sends.Go(func() {
				for row := range rows {
					task := campaign.Task{Message: campaign.ID(7).Recipient(row).Message(step), Attempt: 1}
					err := s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload()))
					if err != nil && !errors.Is(err, errSlowed) && !errors.Is(err, errFarAhead) {
						t.Errorf("row %d: %v", row, err)
					}
				}
			})
		}
		for row := 1; row <= people; row++ {
			if !accepted[row] {
				rows <- row
			}
		}
		close(rows)
		sends.Wait()
		if len(accepted) == people {
			return
		}
	}
}

func (s *throttledStand) accepted(step int) map[int]bool {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	rows := map[int]bool{}
	for _, settled := range s.record.settled {
		if settled.Outcome == ledger.OutcomeAccepted && settled.Message.Step() == step {
			rows[settled.Message.Recipient().Row()] = true
		}
	}
	return rows
}
