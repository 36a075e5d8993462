package scheduler

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// TestPairNeverExceeds asks at random times for one recipient, and counts what
// was let through in every window.
func TestPairNeverExceeds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Pair{Every: 6 * time.Second, Burst: rapid.IntRange(1, 5).Draw(t, "burst")}
		now := time.Unix(1_760_000_000, 0)
		var sent []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "asked") {
			now = now.Add(time.Duration(rapid.IntRange(0, 12_000).Draw(t, "later")) * time.Millisecond)
			var known []time.Time
			for _, at := range sent {
				if now.Sub(at) <= p.memory() {
					known = append(known, at)
				}
			}
			next := p.next(known, now)
			if next.After(now) {
				if wait := next.Sub(now); wait > p.Every {
					t.Fatalf("asked to wait %s, more than one interval", wait)
				}
				continue
			}
			sent = append(sent, now)
		}
		for i := range sent {
			for j := i; j < len(sent); j++ {
				window := sent[j].Sub(sent[i])
				if most := p.Burst + int(window/p.Every); j-i+1 > most {
					t.Fatalf("%d messages within %s, at most %d are allowed", j-i+1, window, most)
				}
			}
		}
	})
}

func TestPairLetsABurstThrough(t *testing.T) {
	t.Parallel()
	p := Pair{Every: 6 * time.Second, Burst: 3}
	now := time.Unix(1_760_000_000, 0)
	if next := p.next([]time.Time{now, now}, now); next.After(now) {
		t.Errorf("the third has to wait until %s", next)
	}
	if next, want := p.next([]time.Time{now, now, now}, now), now.Add(p.Every); !next.Equal(want) {
		t.Errorf("the fourth may go at %s, want %s", next, want)
	}
}

// book is a ledger that knows what limits ask for.
type book struct {
	Ledger
	active    []ledger.Campaign
	attempted map[string][]time.Time
	reached   map[string]bool
	postponed map[campaign.MessageID]time.Time
}

func (b *book) ActiveSince(context.Context, time.Time) ([]ledger.Campaign, error) {
	return b.active, nil
}

// Persons makes one person of each row, whatever the campaign.
func (b *book) Persons(_ context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error) {
	found := map[campaign.MessageID]string{}
	for _, id := range ids {
		found[id] = person(id)
	}
	return found, nil
}

func person(id campaign.MessageID) string { return fmt.Sprintf("+%d", id.Recipient().Row()) }

func (b *book) Attempted(context.Context, map[campaign.ID]int, []string, time.Time) (map[string][]time.Time, error) {
	found := map[string][]time.Time{}
	for who, times := range b.attempted {
		found[who] = append([]time.Time(nil), times...)
	}
	return found, nil
}

func (b *book) Postpone(_ context.Context, until map[campaign.MessageID]time.Time, _ string, _ time.Time) error {
	for id, at := range until {
		b.postponed[id] = at
	}
	return nil
}

func (b *book) Reached(context.Context, string, time.Time) (ledger.Reach, error) {
	return ledger.Reach{People: len(b.reached)}, nil
}

func (b *book) ReachedAmong(context.Context, string, []string, time.Time) (map[string]bool, error) {
	return b.reached, nil
}

// limited is a feeder whose portfolio may write to so many people a day.
func limited(b *book, p Pair, daily *portfolio, people int) *feeder {
	limits := func() campaign.Limits { return campaign.Limits{DailyRecipients: people} }
	return &feeder{name: "main", ledger: b, limits: limits, pairs: pairs{Pair: p, promised: promises{}}, portfolio: daily}
}

func ofSteps(id campaign.ID, n int) ledger.Campaign {
	return ledger.Campaign{ID: id, Definition: &campaign.Definition{Channel: "main", Steps: make([]campaign.Step, n)}}
}

// rows are the first messages of some rows of a campaign.
func rows(id campaign.ID, numbers ...int) []ledger.Feedable {
	var list []ledger.Feedable
	for _, n := range numbers {
		list = append(list, ledger.Feedable{ID: id.Recipient(n).Message(0), Attempt: 1, Fresh: true})
	}
	return list
}

func TestAPairLimitIsLookedAtOnlyWhereItCanMatter(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	b := &book{Ledger: nil, active: []ledger.Campaign{ofSteps(1, 2)}}
	f := limited(b, Pair{Every: 6 * time.Second, Burst: 2}, nil, 0)
	b.attempted = map[string][]time.Time{"+1": {now, now, now}} // which two steps cannot have done
	if held, err := f.limit(t.Context(), b.active[0], rows(1, 1), now); err != nil || len(held) > 0 {
		t.Errorf("held %v, %v", held, err)
	}
}

func TestPairLimits(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	b := &book{
		active:    []ledger.Campaign{ofSteps(1, 2), ofSteps(2, 1)},
		attempted: map[string][]time.Time{"+1": {now, now}},
		postponed: map[campaign.MessageID]time.Time{},
	}
	f := limited(b, Pair{Every: 6 * time.Second, Burst: 2}, nil, 0)
	held, err := f.limit(t.Context(), b.active[1], rows(2, 1, 2), now)
	if err != nil {
		t.Fatal(err)
	}
	full, open := campaign.ID(2).Recipient(1).Message(0), campaign.ID(2).Recipient(2).Message(0)
	if held[full] != putOff || held[open] != free {
		t.Errorf("held %v, want row 1 alone", held)
	}
	if at := b.postponed[full]; !at.Equal(now.Add(6 * time.Second)) {
		t.Errorf("row 1 is put off until %s", at)
	}
	// What is in the queue counts, though the ledger knows nothing of it yet.
	if held, err = f.limit(t.Context(), b.active[0], rows(1, 2), now); err != nil || len(held) > 0 {
		t.Errorf("held %v, %v; want none, one message to row 2 is in the queue", held, err)
	}
	if held, err = f.limit(t.Context(), ofSteps(3, 1), rows(3, 2), now); err != nil || held[campaign.ID(3).Recipient(2).Message(0)] != putOff {
		t.Errorf("held %v, %v; want row 2, of which two messages are in the queue", held, err)
	}
}

func TestDailyLimit(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	daily := &portfolio{name: "p", promised: map[string]promises{"main": {}}}
	b := &book{reached: map[string]bool{"+1": true}}
	f := limited(b, Pair{}, daily, 3)
	check := func(c campaign.ID, want []int, numbers ...int) {
		t.Helper()
		messages := rows(c, numbers...)
		held, err := f.limit(t.Context(), ofSteps(c, 1), messages, now)
		if err != nil {
			t.Fatal(err)
		}
		wanted := map[int]bool{}
		for _, n := range want {
			wanted[n] = true
		}
		for _, m := range messages {
			if n := m.ID.Recipient().Row(); (held[m.ID] == free) != wanted[n] {
				t.Errorf("row %d: held %d", n, held[m.ID])
			}
		}
	}
	check(1, []int{1, 2, 3}, 1, 2, 3, 4) // one is reached already, two are new, and then the day is full
	check(2, []int{1, 3}, 5, 1, 3)       // another campaign: who was promised counts once
	// Row 2 was sent to, row 3 was lost on its way.
	b.reached["+2"] = true
	f.settle(1, map[campaign.MessageID]feed{})
	f.settle(2, map[campaign.MessageID]feed{})
	check(1, []int{4}, 4, 3)
}

// TestTwoQueuesShareADay lets one campaign go out from two numbers of a
// portfolio: what one feeder settles takes nothing back of the other's promises.
func TestTwoQueuesShareADay(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	daily := &portfolio{name: "p", promised: map[string]promises{"main": {}, "second": {}}}
	b := &book{reached: map[string]bool{}}
	first, second := limited(b, Pair{}, daily, 1), limited(b, Pair{}, daily, 1)
	second.name = "second"
	c := ofSteps(1, 1)
	if held, err := first.limit(t.Context(), c, rows(1, 1), now); err != nil || len(held) > 0 {
		t.Fatalf("held %v, %v; want none, there is room for one", held, err)
	}
	second.settle(1, nil)
	if held, err := second.limit(t.Context(), c, rows(1, 2), now); err != nil || len(held) != 1 {
		t.Errorf("held %v, %v; want row 2, for row 1 is in the other queue", held, err)
	}
}
