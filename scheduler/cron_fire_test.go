package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// TestAProcessDiesAnywhere kills the first scheduler at each thing that it does,
// before and after that has its effect. The second one ends what it had begun:
// one slot, one campaign, started.
func TestAProcessDiesAnywhere(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	for want, rows := range map[string][]campaign.Row{
		"was made and started; messages go to 2 of 2 rows":                   list(2, 0),
		"was made and started; messages go to 2 of 5 rows (2 ok, 3 invalid)": list(2, 3),
		"was made and started; its list has no rows":                         nil,
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
	t.Parallel()
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

func TestASlotThatFails(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
		if _, err := c.ledger.Act(t.Context(), c.last("s").Campaign, campaign.Pause, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		s := campaign.Schedule{Name: "s", Campaign: "name: x", Cron: "*/10 * * * *"} // catches the last one up
		cron := parseCron(t, s.Cron, "")
		if _, _, err := c.ledger.AddSchedule(t.Context(), ledger.NewSchedule{Schedule: s, Next: cron.Next(time.Now())}, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
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
	t.Parallel()
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
		if err := errors.Join(c.ledger.PauseSchedule(t.Context(), "paused", ledger.Actor{Name: "tester"}, time.Now()), c.ledger.RemoveSchedule(t.Context(), "removed", ledger.Actor{Name: "tester"}, time.Now())); err != nil {
			t.Fatal(err)
		}
		c.run(s, 30*time.Minute)
		c.want("paused", "skipped")
		c.want("removed", "skipped")
		// What the pause swallowed is not caught up; what a person asks for is done.
		if _, err := c.ledger.RunNow(t.Context(), "paused", ledger.Actor{Name: "ada"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		c.run(s, 2*time.Minute)
		c.want("paused", "skipped", "done running")
		made, err := c.ledger.Campaign(t.Context(), c.last("paused").Campaign)
		if err != nil || made.Reason != "started by the schedule paused for ada" {
			t.Errorf("%q, %v", made.Reason, err)
		}
		if err := c.ledger.ResumeSchedule(t.Context(), "paused", parseCron(t, "*/10 * * * *", "").Next(time.Now()), ledger.Actor{Name: "tester"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		c.end(made.ID)
		c.run(s, 10*time.Minute)
		c.want("paused", "skipped", "done cancelled", "done running")
	})
}

func TestOnlySomeSlotsAreFiredAtOnce(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		c.schedule("s", campaign.OverlapSkip)
		if err := c.ledger.PauseSchedule(t.Context(), "s", ledger.Actor{Name: "tester"}, time.Now()); err != nil { // it makes no other slots
			t.Fatal(err)
		}
		if _, err := c.ledger.RunNow(t.Context(), "s", ledger.Actor{Name: "ada"}, time.Now()); err != nil {
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
		if detail := c.last("s").Detail; !strings.Contains(detail, "started 20 times") {
			t.Error(detail)
		}
	})
}
