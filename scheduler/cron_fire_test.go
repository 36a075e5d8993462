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
	"testing/synctest"
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

func (p *process) Act(ctx context.Context, id campaign.ID, a campaign.Action, by string, now time.Time) (c ledger.Campaign, err error) {
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

func (i *importer) Launch(ctx context.Context, _ ledger.Schedule, slot campaign.Slot) (campaign.ID, error) {
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
		Ledger: p, Launcher: i, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}), i
}

// schedule adds one that fires every ten minutes.
func (c *clockwork) schedule(name string, overlap campaign.Overlap) {
	c.t.Helper()
	s := campaign.Schedule{Name: name, Campaign: "name: x", Cron: "*/10 * * * *", Overlap: overlap, CatchUp: campaign.CatchUpAll}
	cron := parseCron(c.t, s.Cron, "")
	if _, _, err := c.ledger.AddSchedule(c.t.Context(), ledger.NewSchedule{Schedule: s, Next: cron.Next(time.Now())}, time.Now()); err != nil {
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

// TestAProcessDiesAnywhere kills the first scheduler at each thing that it does,
// before and after that has its effect. The second one ends what it had begun:
// one slot, one campaign, started.
func TestAProcessDiesAnywhere(t *testing.T) {
	const things = 7 // plan, take, begin, add, reveal, start, settle
	for left := range things + 1 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %t", left, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := wind(t)
					c.schedule("s", campaign.OverlapSkip)
					first, _ := c.process(left, after)
					c.run(first, 10*time.Minute+10*time.Second)
					if dead := first.Ledger.(*process).isDead(); dead != (left < things) {
						t.Errorf("dead: %t; a slot takes %d things", dead, things)
					}
					second, _ := c.process(-1, false)
					c.run(second, 2*time.Minute)
					c.want("s", "done running")
					if slot := c.last("s"); slot.Tries < 1 || slot.Tries > 3 {
						t.Errorf("begun %d times", slot.Tries)
					}
					all, err := c.ledger.Campaigns(t.Context(), 0, 10)
					if err != nil || len(all) != 1 || all[0].Reason != "started by the schedule s" {
						t.Errorf("%d campaigns, %+v, %v", len(all), all, err)
					}
				})
			})
		}
	}
}

// TestAListThatNobodyOfCanBeSentToFailsItsSlot, and whoever takes the slot over
// says the same.
func TestAListThatNobodyOfCanBeSentToFailsItsSlot(t *testing.T) {
	const things = 7
	for left := range things + 1 {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", campaign.OverlapSkip)
				for _, lives := range []int{left, -1} {
					s, i := c.process(lives, true)
					i.list = list(0, 3)
					c.run(s, 10*time.Minute+30*time.Second)
				}
				if got := c.history("s")[0]; got != "failed running" { // nothing ends it here
					t.Errorf("it is %s", got)
				}
				want := "none of the 3 rows of its list can be sent to (3 invalid)"
				if detail := c.first("s").Detail; !strings.Contains(detail, want) {
					t.Error(detail)
				}
			})
		})
	}
}

func TestHowManyRowsAreSentTo(t *testing.T) {
	for want, rows := range map[string][]campaign.Row{
		"was made and started; 2 of 2 rows are sent to":                   list(2, 0),
		"was made and started; 2 of 5 rows are sent to (2 ok, 3 invalid)": list(2, 3),
		"was made and started; its list has no rows":                      nil,
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", campaign.OverlapSkip)
				s, i := c.process(-1, false)
				i.list = rows
				c.run(s, 10*time.Minute+10*time.Second)
				c.want("s", "done running")
				if detail := c.last("s").Detail; !strings.HasSuffix(detail, want) {
					t.Error(detail)
				}
				c.counted(s)
			})
		})
	}
}

func TestTwoSchedulersFireASlotOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		c.schedule("s", campaign.OverlapParallel)
		var both sync.WaitGroup
		for range 2 {
			s, i := c.process(-1, false)
			i.takes = 2 * time.Minute // longer than a slot is held without a word
			both.Go(func() { c.run(s, 35*time.Minute) })
		}
		both.Wait()
		c.want("s", "done running", "done running", "done running")
		if slot := c.last("s"); slot.Tries != 1 {
			t.Errorf("begun %d times", slot.Tries)
		}
	})
}

func TestOverlap(t *testing.T) {
	for overlap, want := range map[campaign.Overlap][]string{
		campaign.OverlapSkip:     {"done running", "skipped", "skipped"},
		campaign.OverlapQueue:    {"done running", "due", "due"},
		campaign.OverlapParallel: {"done running", "done running", "done running"},
	} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", overlap)
				s, _ := c.process(-1, false)
				c.run(s, 31*time.Minute)
				c.want("s", want...)
				c.counted(s)
				running := c.campaigns()
				if overlap == campaign.OverlapSkip {
					if detail := c.last("s").Detail; !strings.Contains(detail, running[0].String()+" of the slot") {
						t.Errorf("it does not name campaign %s: %s", running[0], detail)
					}
				}
				// Each that ends lets the next one in, in order.
				c.end(running[0])
				c.run(s, 30*time.Second)
				switch overlap {
				case campaign.OverlapQueue:
					c.want("s", "done cancelled", "done running", "due")
				case campaign.OverlapSkip:
					c.run(s, 9*time.Minute)
					c.want("s", "done cancelled", "skipped", "skipped", "done running")
				}
			})
		})
	}
}

// TestAllThatWasMissedIsMadeUpFor, one after the other, although the process that
// planned it dies with that.
func TestAllThatWasMissedIsMadeUpFor(t *testing.T) {
	for overlap, want := range map[campaign.Overlap][2][]string{
		campaign.OverlapSkip:     {{"done running", "due", "due", "skipped"}, {"done cancelled", "done cancelled", "done cancelled", "skipped", "done running"}},
		campaign.OverlapQueue:    {{"done running", "due", "due", "due"}, {"done cancelled", "done cancelled", "done cancelled", "done running", "due"}},
		campaign.OverlapParallel: {{"done running", "done running", "done running", "done running"}, {"done cancelled", "done cancelled", "done cancelled", "done running", "done running"}},
	} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", overlap)
				<-time.After(35 * time.Minute) // nobody is there
				const plan = 0
				dies, _ := c.process(plan, true)
				c.run(dies, 5*time.Second)
				c.want("s", "due", "due", "due")
				s, _ := c.process(-1, false)
				c.run(s, 6*time.Minute) // one comes on time
				c.want("s", want[0]...)
				for range 3 {
					c.end(c.oldestRunning())
					c.run(s, 10*time.Second)
				}
				c.run(s, 9*time.Minute)
				c.want("s", want[1]...)
			})
		})
	}
}

// oldestRunning is the campaign of the oldest slot that is not through.
func (c *clockwork) oldestRunning() campaign.ID {
	c.t.Helper()
	open, err := c.ledger.OpenSlots(c.t.Context())
	if err != nil || len(open) == 0 || open[0].Campaign == 0 {
		c.t.Fatal(open, err)
	}
	return open[0].Campaign
}

// campaigns are all there are, the oldest first.
func (c *clockwork) campaigns() []campaign.ID {
	c.t.Helper()
	all, err := c.ledger.Campaigns(c.t.Context(), 0, 100)
	if err != nil || len(all) == 0 {
		c.t.Fatal(all, err)
	}
	var ids []campaign.ID
	for n := range all {
		ids = append(ids, all[len(all)-1-n].ID)
	}
	return ids
}

func (c *clockwork) end(id campaign.ID) {
	c.t.Helper()
	if _, err := c.ledger.Act(c.t.Context(), id, campaign.Cancel, "tester", time.Now()); err != nil {
		c.t.Fatal(err)
	}
}

func TestASlotThatFails(t *testing.T) {
	noList := errors.New("lists/today.csv is not there")
	hopeless := fmt.Errorf("the list has no phone column: %w", ErrHopeless)
	for name, test := range map[string]struct {
		fails []error
		after time.Duration // the time it takes until it is decided
		state string
		tries int
		says  string
	}{
		"mended in time": {[]error{noList, noList}, 4 * time.Minute, "done running", 3, "was made and started"},
		"given up":       {[]error{noList, noList, noList, noList, noList}, 16 * time.Minute, "failed", 5, "try 5: lists/today.csv is not there"},
		"hopeless":       {[]error{hopeless}, time.Minute, "failed", 1, "no phone column"},
		"still trying":   {[]error{noList, noList, noList}, 2 * time.Minute, "due", 2, "try 2 of 5: lists/today.csv is not there; tried again at 2"},
		"another's import": {
			[]error{&ledger.ExistsError{ID: 1, Importing: true}}, time.Minute, "done running", 2, "was made and started",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", campaign.OverlapSkip)
				s, i := c.process(-1, false)
				i.fails = test.fails
				c.run(s, 9*time.Minute+55*time.Second)
				c.run(s, test.after+5*time.Second)
				slot := c.first("s")
				if got := c.history("s")[0]; got != test.state || slot.Tries != test.tries || !strings.Contains(slot.Detail, test.says) {
					t.Errorf("%s after %d tries: %s", got, slot.Tries, slot.Detail)
				}
				c.counted(s)
			})
		})
	}
}

func TestWhyASlotIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		c.schedule("s", campaign.OverlapSkip)
		s, i := c.process(-1, false)
		for range mostTries { // 0, 1, 3, 7 and 15 minutes after its time
			i.fails = append(i.fails, errors.New("no list"))
		}
		c.run(s, 20*time.Minute+10*time.Second)
		c.want("s", "due", "skipped")
		again := c.first("s").At.Add(15 * time.Minute).Format("2006-01-02T15:04")
		detail := c.last("s").Detail
		if !strings.Contains(detail, "has failed and is tried again at "+again) || strings.Contains(detail, "resume or cancel") {
			t.Error(detail)
		}
		c.run(s, 10*time.Minute) // the third is begun
		if _, err := c.ledger.Act(t.Context(), c.last("s").Campaign, campaign.Pause, "tester", time.Now()); err != nil {
			t.Fatal(err)
		}
		c.run(s, 10*time.Minute)
		if detail := c.last("s").Detail; !strings.Contains(detail, "is paused; resume or cancel it") {
			t.Error(detail)
		}
	})
}

// first is the oldest slot of a schedule.
func (c *clockwork) first(name string) campaign.Slot {
	c.t.Helper()
	slots, err := c.ledger.Slots(c.t.Context(), name, time.Time{}, 100)
	if err != nil || len(slots) == 0 {
		c.t.Fatal(slots, err)
	}
	return slots[len(slots)-1]
}

func TestMissedSlotsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		s := campaign.Schedule{Name: "s", Campaign: "name: x", Cron: "*/10 * * * *"} // catches the last one up
		cron := parseCron(t, s.Cron, "")
		if _, _, err := c.ledger.AddSchedule(t.Context(), ledger.NewSchedule{Schedule: s, Next: cron.Next(time.Now())}, time.Now()); err != nil {
			t.Fatal(err)
		}
		<-time.After(35 * time.Minute) // nobody is there
		late, _ := c.process(-1, false)
		c.run(late, time.Minute)
		c.want("s", "missed", "missed", "done running")
		c.counted(late)
	})
}

func TestPausedAndRemovedSchedules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		s, i := c.process(-1, false)
		for n := range 3 {
			i.fails = append(i.fails, fmt.Errorf("not yet %d", n))
		}
		for _, name := range []string{"paused", "removed"} {
			c.schedule(name, campaign.OverlapSkip)
		}
		c.run(s, 10*time.Minute+30*time.Second)
		c.want("paused", "due")
		c.want("removed", "due")
		if err := errors.Join(c.ledger.PauseSchedule(t.Context(), "paused"), c.ledger.RemoveSchedule(t.Context(), "removed")); err != nil {
			t.Fatal(err)
		}
		c.run(s, 30*time.Minute)
		c.want("paused", "skipped")
		c.want("removed", "skipped")
		// What the pause swallowed is not caught up; what a person asks for is done.
		if _, err := c.ledger.RunNow(t.Context(), "paused", "ada", time.Now()); err != nil {
			t.Fatal(err)
		}
		c.run(s, 2*time.Minute)
		c.want("paused", "skipped", "done running")
		made, err := c.ledger.Campaign(t.Context(), c.last("paused").Campaign)
		if err != nil || made.Reason != "started by the schedule paused for ada" {
			t.Errorf("%q, %v", made.Reason, err)
		}
		if err := c.ledger.ResumeSchedule(t.Context(), "paused", parseCron(t, "*/10 * * * *", "").Next(time.Now())); err != nil {
			t.Fatal(err)
		}
		c.end(made.ID)
		c.run(s, 10*time.Minute)
		c.want("paused", "skipped", "done cancelled", "done running")
	})
}

func TestOnlySomeSlotsAreFiredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		for n := range 3 * mostFiring {
			c.schedule(fmt.Sprintf("s%d", n), campaign.OverlapSkip)
		}
		s, i := c.process(-1, false)
		i.takes = time.Minute
		c.run(s, 10*time.Minute+10*time.Second)
		running := func() (n int) {
			open, err := c.ledger.OpenSlots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, slot := range open {
				if slot.State == campaign.SlotRunning {
					n++
				}
			}
			return n
		}
		if n := running(); n != mostFiring {
			t.Errorf("%d slots at once, want %d", n, mostFiring)
		}
		c.run(s, 4*time.Minute)
		if n := len(c.campaigns()); n != 3*mostFiring || running() != 0 {
			t.Errorf("%d campaigns, want %d", n, 3*mostFiring)
		}
	})
}

// TestAStopHandsItsSlotsOn has the process stop in the middle of an import.
func TestAStopHandsItsSlotsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		c.schedule("s", campaign.OverlapSkip)
		<-time.After(time.Until(parseCron(t, "*/10 * * * *", "").Next(time.Now())))
		first, slow := c.process(-1, false)
		slow.takes = time.Hour
		ctx, stop := context.WithCancel(t.Context())
		for range 2 {
			if err := first.cron(ctx, c.term, time.Now()); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
		}
		stop()
		first.firing.group.Wait()
		second, _ := c.process(-1, false)
		c.run(second, 10*time.Second)
		c.want("s", "done running")
		if slot := c.last("s"); slot.Tries != 2 {
			t.Errorf("begun %d times", slot.Tries)
		}
	})
}

// TestASlotThatKillsWhoeverTriesIsGivenUp lets one process after the other die
// while it imports.
func TestASlotThatKillsWhoeverTriesIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		c.schedule("s", campaign.OverlapSkip)
		if err := c.ledger.PauseSchedule(t.Context(), "s"); err != nil { // it makes no other slots
			t.Fatal(err)
		}
		if _, err := c.ledger.RunNow(t.Context(), "s", "ada", time.Now()); err != nil {
			t.Fatal(err)
		}
		for range mostBegun {
			const takeAndBegin = 1
			s, _ := c.process(takeAndBegin, true)
			c.run(s, time.Minute)
		}
		c.want("s", "running")
		s, _ := c.process(-1, false)
		c.run(s, time.Minute)
		c.want("s", "failed")
		if detail := c.last("s").Detail; !strings.Contains(detail, "begun 20 times") {
			t.Error(detail)
		}
	})
}
