package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
)

var errDead = errors.New("the process is dead")

// process is a process's ledger. It can be killed by the n-th thing that it does
// about slots: before or after that has its effect.
type process struct {
	*ledger.Ledger
	mu    sync.Mutex
	left  int // what it still does; negative: it lives on
	after bool
	dead  bool
}

// isDead reports whether it was killed.
func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// do does a thing, unless the process is dead.
func (p *process) do(f func() error) error {
	p.mu.Lock()
	last := p.left == 0
	p.left--
	dead := p.dead || last && !p.after
	p.dead = p.dead || last
	p.mu.Unlock()
	if dead {
		return errDead
	}
	if err := f(); err != nil || !last {
		return err
	}
	return errDead
}

func (p *process) PlanSlots(ctx context.Context, s ledger.Schedule, slots []campaign.Slot, next time.Time) (done bool, err error) {
	err = p.do(func() (err error) { done, err = p.Ledger.PlanSlots(ctx, s, slots, next); return err })
	return done, err
}

func (p *process) TakeSlot(ctx context.Context, s campaign.Slot, until, now time.Time) (taken campaign.Slot, ok bool, err error) {
	err = p.do(func() (err error) { taken, ok, err = p.Ledger.TakeSlot(ctx, s, until, now); return err })
	return taken, ok, err
}

func (p *process) KeepSlot(ctx context.Context, s campaign.Slot, until time.Time) (done bool, err error) {
	err = p.do(func() (err error) { done, err = p.Ledger.KeepSlot(ctx, s, until); return err })
	return done, err
}

func (p *process) SettleSlot(ctx context.Context, s campaign.Slot, until time.Time) (done bool, err error) {
	err = p.do(func() (err error) { done, err = p.Ledger.SettleSlot(ctx, s, until); return err })
	return done, err
}

func (p *process) Act(ctx context.Context, id campaign.ID, a campaign.Action, by ledger.Actor, now time.Time) (c ledger.Campaign, err error) {
	err = p.do(func() (err error) { c, err = p.Ledger.Act(ctx, id, a, by, now); return err })
	return c, err
}

// importer makes the campaigns of a process.
type importer struct {
	p     *process
	list  []campaign.Row
	fails []error // one for each of the first tries
	takes time.Duration

	mu    sync.Mutex
	tries int
}

var oneStep = &campaign.Definition{Name: "x", Channel: "main", Steps: []campaign.Step{{Template: "hello", Language: "en"}}}

func (i *importer) Import(ctx context.Context, _ ledger.Schedule, slot campaign.Slot) (campaign.ID, error) {
	i.mu.Lock()
	n := i.tries
	i.tries++
	i.mu.Unlock()
	if n < len(i.fails) {
		return 0, i.fails[n]
	}
	var in *ledger.Intake
	err := i.p.do(func() (err error) {
		in, err = i.p.BeginIntake(ctx, ledger.NewCampaign{Definition: oneStep, Key: slot.Key()}, time.Now())
		return err
	})
	var exists *ledger.ExistsError
	if errors.As(err, &exists) && !exists.Importing {
		return exists.ID, nil
	}
	if err != nil {
		return 0, err
	}
	if err := i.p.do(func() error { return in.Add(ctx, slices.Clone(i.list), time.Now()) }); err != nil {
		return 0, err
	}
	select {
	case <-time.After(i.takes):
	case <-ctx.Done():
		return 0, errors.Join(ctx.Err(), in.Abandon(context.WithoutCancel(ctx)))
	}
	return in.ID(), i.p.do(func() error { return in.Reveal(ctx) })
}

// list is one with so many rows that are sent to and that are not.
func list(good, bad int) []campaign.Row {
	var rows []campaign.Row
	for n := range good + bad {
		phone := fmt.Sprintf("+4477009%05d", n)
		row := campaign.Row{Number: n + 1, Phone: phone, Person: phone, Verdict: campaign.OK, Values: []string{"x"}}
		if n >= good {
			row.Person, row.Verdict = "", campaign.Invalid
		}
		rows = append(rows, row)
	}
	return rows
}

// clockwork is a ledger with schedules, in a bubble.
type clockwork struct {
	t      *testing.T
	ledger *ledger.Ledger
	term   ledger.Term
}

func wind(t *testing.T) *clockwork {
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	term, leads, err := l.Lease(t.Context(), leaseName, "test", time.Hour)
	if err != nil || !leads {
		t.Fatal(leads, err)
	}
	return &clockwork{t: t, ledger: l, term: term}
}

// process starts a scheduler that lives as long as it is not killed.
func (c *clockwork) process(left int, after bool) (*Scheduler, *importer) {
	p := &process{Ledger: c.ledger, left: left, after: after}
	i := &importer{p: p, list: list(1, 0)}
	return New(Options{
		Ledger: p, Importer: i, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}), i
}

// schedule adds one that fires every ten minutes.
func (c *clockwork) schedule(name string, overlap campaign.Overlap) {
	c.t.Helper()
	s := campaign.Schedule{Name: name, Campaign: "name: x", Cron: "*/10 * * * *", Overlap: overlap, CatchUp: campaign.CatchUpAll}
	cron := parseCron(c.t, s.Cron, "")
	if _, _, err := c.ledger.AddSchedule(c.t.Context(), ledger.NewSchedule{Schedule: s, Next: cron.Next(time.Now())}, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		c.t.Fatal(err)
	}
}

// run ticks for a time.
func (c *clockwork) run(s *Scheduler, d time.Duration) {
	const step = 5 * time.Second
	for range d / step {
		_ = s.cron(c.t.Context(), c.term, time.Now()) // the dead complain
		<-time.After(step)
	}
}

// history is the states of a schedule's slots and those of their campaigns, the
// oldest first.
func (c *clockwork) history(name string) []string {
	c.t.Helper()
	slots, err := c.ledger.Slots(c.t.Context(), name, time.Time{}, 100)
	if err != nil {
		c.t.Fatal(err)
	}
	texts := make([]string, len(slots))
	for n, slot := range slots {
		text := string(slot.State)
		if slot.Campaign != 0 {
			made, err := c.ledger.Campaign(c.t.Context(), slot.Campaign)
			if err != nil {
				c.t.Fatal(err)
			}
			text += " " + string(made.State)
		}
		if slot.Detail == "" {
			c.t.Errorf("the slot %s says nothing", slot.Key())
		}
		texts[len(slots)-1-n] = text
	}
	return texts
}

func (c *clockwork) want(name string, history ...string) {
	c.t.Helper()
	if diff := cmp.Diff(history, c.history(name)); diff != "" {
		c.t.Errorf("%s: %s", name, diff)
	}
}

// counted checks that a scheduler, which was the only one, has counted what the
// history of s tells.
func (c *clockwork) counted(s *Scheduler) {
	c.t.Helper()
	want := map[string]float64{"done": 0, "failed": 0, "skipped": 0, "missed": 0}
	for _, state := range c.history("s") {
		if state, _, _ = strings.Cut(state, " "); state != "due" && state != "running" {
			want[state]++
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.slots)
	families, err := registry.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() == "carillon_slots_total" {
			for _, m := range family.GetMetric() {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("counted are (-history +metric): %s", diff)
	}
}

// last is the newest slot of a schedule.
func (c *clockwork) last(name string) campaign.Slot {
	c.t.Helper()
	slots, err := c.ledger.Slots(c.t.Context(), name, time.Time{}, 1)
	if err != nil || len(slots) == 0 {
		c.t.Fatal(slots, err)
	}
	return slots[0]
}
