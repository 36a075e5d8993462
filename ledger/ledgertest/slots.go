package ledgertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

// due makes a slot of a new schedule at the present time.
func (b *bench) due(name string) campaign.Slot {
	b.Helper()
	s := b.add(b.daily(name))
	slot := campaign.Slot{Schedule: name, At: b.now, State: campaign.SlotDue, Detail: "due"}
	planned, err := b.PlanSlots(b.Context(), s, []campaign.Slot{slot}, b.now.Add(24*time.Hour))
	if err != nil || !planned {
		b.Fatalf("planned %t, %v", planned, err)
	}
	return slot
}

// take takes a slot for a minute.
func (b *bench) take(s campaign.Slot) campaign.Slot {
	b.Helper()
	s, taken, err := b.TakeSlot(b.Context(), s, b.now.Add(time.Minute), b.now)
	if err != nil || !taken {
		b.Fatalf("taken %t, %v", taken, err)
	}
	return s
}

// history is the states and details of a schedule's slots, the newest first.
func (b *bench) history(name string) []string {
	b.Helper()
	found, err := b.Slots(b.Context(), name, time.Time{}, 1000)
	b.check(err)
	var texts []string
	for _, s := range found {
		texts = append(texts, fmt.Sprintf("%s: %s, try %d", s.State, s.Detail, s.Tries))
	}
	return texts
}

func (b *bench) want(name string, history ...string) {
	b.Helper()
	if diff := cmp.Diff(history, b.history(name)); diff != "" {
		b.Error(diff)
	}
}

// open are the slots that are not through, with what holds them up.
func (b *bench) open() []string {
	b.Helper()
	found, err := b.OpenSlots(b.Context())
	b.check(err)
	texts := []string{}
	for _, o := range found {
		texts = append(texts, strings.ReplaceAll(o.Schedule+": "+o.String(), o.Campaign.String(), "C"))
	}
	return texts
}

func settled(s campaign.Slot, state campaign.SlotState, made campaign.ID, detail string) campaign.Slot {
	s.State, s.Campaign, s.Detail = state, made, detail
	return s
}

var slotScenarios = map[string]func(*testing.T, *bench){
	"two schedulers plan a slot once": func(t *testing.T, b *bench) {
		s := b.add(b.daily("daily"))
		slots := []campaign.Slot{
			{Schedule: "daily", At: b.now, State: campaign.SlotDue},
			{Schedule: "daily", At: b.now.Add(time.Second), State: campaign.SlotMissed, Detail: "too late"},
		}
		wins := make([]bool, 8)
		var group errgroup.Group
		for n := range wins {
			group.Go(func() (err error) {
				wins[n], err = b.PlanSlots(t.Context(), s, slots, b.now.Add(24*time.Hour))
				return err
			})
		}
		b.check(group.Wait())
		won := 0
		for _, win := range wins {
			if win {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d of them planned it, want one", won)
		}
		b.want("daily", "missed: too late, try 0", "due: , try 0")
		if next := b.schedule("daily").NextAt; !next.Equal(b.now.Add(24 * time.Hour)) {
			t.Errorf("the next slot is %s", next)
		}
	},
	"a slot that was there keeps what became of it": func(t *testing.T, b *bench) {
		slot := b.due("daily")
		done, err := b.SettleSlot(t.Context(), settled(b.take(slot), campaign.SlotDone, 0, "sent"), time.Time{})
		if err != nil || !done {
			t.Fatal(done, err)
		}
		planned, err := b.PlanSlots(t.Context(), b.schedule("daily"), []campaign.Slot{slot}, b.now.Add(48*time.Hour))
		if err != nil || !planned {
			t.Fatal(planned, err)
		}
		b.want("daily", "done: sent, try 1")
	},
	"history is kept for a year, and what is not through for longer": func(t *testing.T, b *bench) {
		s := b.add(b.daily("old"))
		sending := b.running(steps(1), 1)
		slots := make([]campaign.Slot, 4)
		for n := range slots {
			slots[n] = campaign.Slot{Schedule: "old", At: b.now.Add(time.Duration(n) * time.Second), State: campaign.SlotDue, Detail: "due"}
		}
		_, err := b.PlanSlots(t.Context(), s, slots, b.now.Add(time.Hour))
		b.check(err)
		b.advance(time.Minute)
		for n, made := range []campaign.ID{0, sending} {
			if done, err := b.SettleSlot(t.Context(), settled(b.take(slots[n]), campaign.SlotDone, made, "sent"), time.Time{}); err != nil || !done {
				t.Fatal(done, err)
			}
		}
		b.take(slots[2])
		b.advance(366 * 24 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		b.want("old", "due: due, try 0", "running: due, try 1", "done: sent, try 1", "done: sent, try 1")
		b.advance(366 * 24 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		b.want("old", "due: due, try 0", "running: due, try 1", "done: sent, try 1")
	},
	"two schedulers take a slot once": func(t *testing.T, b *bench) {
		slot := b.due("daily")
		takes := make([]bool, 8)
		var group errgroup.Group
		for n := range takes {
			group.Go(func() (err error) {
				_, takes[n], err = b.TakeSlot(t.Context(), slot, b.now.Add(time.Minute), b.now)
				return err
			})
		}
		b.check(group.Wait())
		taken := 0
		for _, has := range takes {
			if has {
				taken++
			}
		}
		if taken != 1 {
			t.Errorf("%d of them have it, want one", taken)
		}
	},
	"a holder that dies loses its slot": func(t *testing.T, b *bench) {
		first := b.take(b.due("daily"))
		try := func() (campaign.Slot, bool) {
			t.Helper()
			next, taken, err := b.TakeSlot(t.Context(), first, b.now.Add(time.Minute), b.now)
			b.check(err)
			return next, taken
		}
		b.advance(50 * time.Second)
		if kept, err := b.KeepSlot(t.Context(), first, b.now.Add(time.Minute)); err != nil || !kept {
			t.Fatalf("kept %t, %v", kept, err)
		}
		b.advance(50 * time.Second)
		if _, taken := try(); taken {
			t.Fatal("it was taken from a living holder")
		}
		b.advance(10 * time.Second)
		second, taken := try()
		if !taken || second.Tries != 2 {
			t.Fatalf("taken %t at try %d", taken, second.Tries)
		}
		// The first one wakes up.
		if kept, err := b.KeepSlot(t.Context(), first, b.now.Add(time.Hour)); err != nil || kept {
			t.Errorf("it was kept by the first: %t, %v", kept, err)
		}
		if done, err := b.SettleSlot(t.Context(), settled(first, campaign.SlotFailed, 0, "late"), time.Time{}); err != nil || done {
			t.Errorf("it was settled by the first: %t, %v", done, err)
		}
		if done, err := b.SettleSlot(t.Context(), settled(second, campaign.SlotDone, 7, "sent"), time.Time{}); err != nil || !done {
			t.Errorf("the second could not settle it: %t, %v", done, err)
		}
		b.want("daily", "done: sent, try 2")
		if _, taken := try(); taken {
			t.Error("a slot that is done was taken")
		}
	},
	"a slot that is put off is taken later": func(t *testing.T, b *bench) {
		slot := b.take(b.due("daily"))
		if done, err := b.SettleSlot(t.Context(), settled(slot, campaign.SlotDue, 0, "no list yet"), b.now.Add(time.Minute)); err != nil || !done {
			t.Fatal(done, err)
		}
		if _, taken, err := b.TakeSlot(t.Context(), slot, b.now.Add(time.Minute), b.now); err != nil || taken {
			t.Errorf("taken before its time: %t, %v", taken, err)
		}
		b.advance(time.Minute)
		if again := b.take(slot); again.Tries != 2 || again.Detail != "due" {
			t.Errorf("%+v", again)
		}
	},
	"slots are open until their campaign has ended": func(t *testing.T, b *bench) {
		slot := b.due("daily")
		open := func(want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, b.open()); diff != "" {
				t.Error(diff)
			}
		}
		open("daily: the slot 2026-03-02T10:00:00Z is about to be started")
		slot = b.take(slot)
		open("daily: the slot 2026-03-02T10:00:00Z is being started")
		again := b.now.Add(2 * time.Minute)
		if _, err := b.SettleSlot(t.Context(), settled(slot, campaign.SlotDue, 0, "no list"), again); err != nil {
			t.Fatal(err)
		}
		open("daily: the slot 2026-03-02T10:00:00Z has failed and is tried again at 2026-03-02T10:02:00Z")
		c := b.running(steps(1), 1)
		if _, err := b.SettleSlot(t.Context(), settled(slot, campaign.SlotDone, c, "sent"), time.Time{}); err != nil {
			t.Fatal(err)
		}
		open("daily: campaign C of the slot 2026-03-02T10:00:00Z is running")
		b.act(c, campaign.Pause)
		open("daily: campaign C of the slot 2026-03-02T10:00:00Z is paused; resume or cancel it")
		b.act(c, campaign.Cancel)
		open([]string{}...)
		b.due("weekly")
		b.check(b.RemoveSchedule(t.Context(), "weekly", by("tester"), b.now))
		open("weekly: the slot 2026-03-02T10:00:00Z is about to be started") // for the scheduler to say what became of it
	},
	"a slot out of turn": func(t *testing.T, b *bench) {
		b.add(b.daily("daily"))
		b.check(b.PauseSchedule(t.Context(), "daily", by("tester"), b.now))
		b.advance(300 * time.Millisecond)
		var first campaign.Slot
		for n := range 3 {
			got, err := b.RunNow(t.Context(), "daily", by("ada"), b.now)
			b.check(err)
			if n == 0 {
				first = got
			}
			if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("asked again within the second: %s", diff)
			}
			b.advance(200 * time.Millisecond)
		}
		if first.By != "ada" || !first.At.Equal(start) || first.State != campaign.SlotDue || first.Detail == "" {
			t.Errorf("%+v", first)
		}
		if _, err := b.RunNow(t.Context(), "weekly", by("ada"), b.now); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("one that is not there: %v, want ErrNotFound", err)
		}
	},
	"a slot that waits for another try is tried at once": func(t *testing.T, b *bench) {
		slot := b.due("daily")
		try := func(want bool) (campaign.Slot, bool) {
			t.Helper()
			got, found, err := b.TryNow(t.Context(), "daily", by("ada"), b.now)
			if err != nil || found != want {
				t.Fatalf("found %t, %v", found, err)
			}
			return got, found
		}
		b.advance(time.Minute)
		try(false) // it waits for nothing
		fail := func(s campaign.Slot, detail string) {
			t.Helper()
			if done, err := b.SettleSlot(t.Context(), settled(s, campaign.SlotDue, 0, detail), b.now.Add(time.Hour)); err != nil || !done {
				t.Fatal(done, err)
			}
		}
		fail(b.take(slot), "no list")
		b.advance(300 * time.Millisecond)
		if got, _ := try(true); got.By != "ada" || got.Tries != 1 || !got.At.Equal(slot.At) || got.State != campaign.SlotDue || strings.Contains(got.Detail, "no list") {
			t.Errorf("%+v", got)
		}
		slot.Tries = 1
		fail(b.take(slot), "still no list")
		b.advance(200 * time.Millisecond)
		if got, _ := try(true); got.Detail != "still no list" {
			t.Errorf("asked again within the second, it is %+v", got)
		}
		b.advance(time.Second)
		try(true)
		slot.Tries = 2
		if done, err := b.SettleSlot(t.Context(), settled(b.take(slot), campaign.SlotDone, 0, "sent"), time.Time{}); err != nil || !done {
			t.Fatal(done, err)
		}
		if got, _ := try(true); got.State != campaign.SlotDone {
			t.Errorf("asked again within the second, when it is done: %+v", got)
		}
		b.advance(time.Second)
		try(false)
		ran, err := b.RunNow(t.Context(), "daily", by("ada"), b.now)
		b.check(err)
		if got, _ := try(true); got != ran {
			t.Errorf("%+v after %+v", got, ran)
		}
		if _, _, err := b.TryNow(t.Context(), "weekly", by("ada"), b.now); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("one that is not there: %v, want ErrNotFound", err)
		}
	},
	"the history is read in pages, and outlives its schedule": func(t *testing.T, b *bench) {
		s := b.add(b.daily("daily"))
		var slots []campaign.Slot
		for n := range 25 {
			slots = append(slots, campaign.Slot{Schedule: "daily", At: b.now.Add(time.Duration(n) * time.Hour), State: campaign.SlotMissed, Detail: fmt.Sprint(n), CaughtUp: n%2 == 1})
		}
		if _, err := b.PlanSlots(t.Context(), s, slots, b.now.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		b.due("other")
		last, err := b.LastSlots(t.Context())
		b.check(err)
		if len(last) != 2 || last["daily"].Detail != "24" || last["other"].Detail != "due" {
			t.Errorf("the last ones are %+v", last)
		}
		b.check(b.RemoveSchedule(t.Context(), "daily", by("tester"), b.now))
		var before time.Time
		for n := 24; n >= 0; {
			page, err := b.Slots(t.Context(), "daily", before, 10)
			b.check(err)
			if len(page) == 0 {
				t.Fatalf("it ends before slot %d", n)
			}
			for _, got := range page {
				if diff := cmp.Diff(slots[n], got); diff != "" {
					t.Error(diff)
				}
				before = got.At
				n--
			}
		}
	},
	"a campaign is found by its key once it is in": func(t *testing.T, b *bench) {
		const key = "daily/2026-03-02T10:00:00Z"
		lookUp := func() campaign.ID {
			t.Helper()
			id, err := b.Keyed(t.Context(), key)
			if err != nil && !errors.Is(err, ledger.ErrNotFound) {
				t.Fatal(err)
			}
			return id
		}
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1), Key: key}, b.now)
		b.check(err)
		b.check(in.Add(t.Context(), people(1), b.now))
		if id := lookUp(); id != 0 {
			t.Errorf("found %s, whose list is not in", id)
		}
		b.check(in.Reveal(t.Context()))
		b.campaigns = append(b.campaigns, in.ID())
		if id := lookUp(); id != in.ID() {
			t.Errorf("found %s, want %s", id, in.ID())
		}
	},
}
