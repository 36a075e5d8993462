package ledgertest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// daily is a schedule whose first slot is an hour ahead.
func (b *bench) daily(name string, change ...func(*campaign.Schedule)) ledger.NewSchedule {
	s := campaign.Schedule{Name: name, Campaign: "name: x", Contacts: campaign.Source{File: "list.csv"}, Cron: "0 11 * * *"}
	for _, f := range change {
		f(&s)
	}
	return ledger.NewSchedule{Schedule: s, Next: b.now.Add(time.Hour)}
}

func (b *bench) add(s ledger.NewSchedule) ledger.Schedule {
	b.Helper()
	added, _, err := b.AddSchedule(b.Context(), s, by("tester"), b.now)
	b.check(err)
	return added
}

func (b *bench) schedule(name string) ledger.Schedule {
	b.Helper()
	s, err := b.Schedule(b.Context(), name)
	b.check(err)
	return s
}

var scheduleScenarios = map[string]func(*testing.T, *bench){
	"a schedule is added once": func(t *testing.T, b *bench) {
		wanted := b.daily("daily", func(s *campaign.Schedule) { s.Campaign = "name: y" })
		for n, isNew := range []bool{true, false} {
			got, added, err := b.AddSchedule(t.Context(), wanted, by("tester"), b.now)
			if err != nil || added != isNew {
				t.Fatalf("time %d: new %t, %v", n+1, added, err)
			}
			want := ledger.Schedule{Schedule: wanted.WithDefaults(), Origin: ledger.FromAPI, NextAt: wanted.Next}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		other := b.daily("daily", func(s *campaign.Schedule) { s.Cron = "0 12 * * *" })
		if _, _, err := b.AddSchedule(t.Context(), other, by("tester"), b.now); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("another one of the name: %v, want ErrTaken", err)
		}
		if _, err := b.Schedule(t.Context(), "weekly"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("one that is not there: %v, want ErrNotFound", err)
		}
	},
	"the configuration is the truth about its own": func(t *testing.T, b *bench) {
		sync := func(wanted ...ledger.NewSchedule) {
			t.Helper()
			b.check(b.SyncSchedules(t.Context(), wanted, b.now))
		}
		first := b.now.Add(time.Hour)
		added := b.daily("added")
		b.add(added)
		b.add(b.daily("taken"))
		sync(b.daily("kept"), b.daily("changed"), b.daily("gone"), b.daily("taken"))
		b.check(b.PauseSchedule(t.Context(), "changed", by("tester"), b.now))
		b.advance(24 * time.Hour)
		sync(b.daily("kept", func(s *campaign.Schedule) { s.Contacts.File = "other.csv" }), b.daily("changed"),
			b.daily("taken", func(s *campaign.Schedule) { s.Cron = "0 12 * * *" }))

		type state struct {
			Origin ledger.Origin
			Paused bool
			Next   time.Time
		}
		got := map[string]state{}
		all, err := b.Schedules(t.Context())
		b.check(err)
		for _, s := range all {
			got[s.Name] = state{s.Origin, s.Paused, s.NextAt}
		}
		want := map[string]state{
			"added":   {ledger.FromAPI, false, first},
			"kept":    {ledger.FromConfig, false, first}, // what was missed since is known
			"changed": {ledger.FromConfig, true, time.Time{}},
			"taken":   {ledger.FromConfig, false, b.now.Add(time.Hour)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if file := b.schedule("kept").Contacts.File; file != "other.csv" {
			t.Errorf("its list is %s", file)
		}
		if err := b.RemoveSchedule(t.Context(), "kept", by("tester"), b.now); !errors.Is(err, ledger.ErrState) {
			t.Errorf("removing one of the configuration: %v, want ErrState", err)
		}
		if _, _, err := b.AddSchedule(t.Context(), b.daily("changed"), by("tester"), b.now); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("adding one of the configuration: %v, want ErrTaken", err)
		}
	},
	"the same configuration changes nothing": func(t *testing.T, b *bench) {
		for range 2 {
			b.check(b.SyncSchedules(t.Context(), []ledger.NewSchedule{b.daily("daily")}, b.now))
		}
		if n := b.schedule("daily").Changes; n != 0 {
			t.Errorf("changed %d times", n)
		}
	},
	"pause and resume": func(t *testing.T, b *bench) {
		b.add(b.daily("daily"))
		before := b.schedule("daily")
		for range 2 {
			b.check(b.PauseSchedule(t.Context(), "daily", by("tester"), b.now))
		}
		if s := b.schedule("daily"); !s.Paused || !s.NextAt.IsZero() {
			t.Errorf("%+v", s)
		}
		// Whoever read it before the pause plans nothing.
		if planned, err := b.PlanSlots(t.Context(), before, nil, b.now.Add(48*time.Hour)); planned || err != nil {
			t.Errorf("planned %t, %v", planned, err)
		}
		next := b.now.Add(5 * time.Hour)
		b.check(b.ResumeSchedule(t.Context(), "daily", next, by("tester"), b.now))
		b.check(b.ResumeSchedule(t.Context(), "daily", next.Add(time.Hour), by("tester"), b.now))
		if s := b.schedule("daily"); s.Paused || !s.NextAt.Equal(next) {
			t.Errorf("%+v", s)
		}
		b.check(b.RemoveSchedule(t.Context(), "daily", by("tester"), b.now))
		for what, err := range map[string]error{
			"pause": b.PauseSchedule(t.Context(), "daily", by("tester"), b.now), "resume": b.ResumeSchedule(t.Context(), "daily", next, by("tester"), b.now),
			"remove": b.RemoveSchedule(t.Context(), "daily", by("tester"), b.now),
		} {
			if !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s of one that is gone: %v, want ErrNotFound", what, err)
			}
		}
	},
}

var lateScenarios = map[string]func(*testing.T, *bench){
	"a campaign that could start in time does": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		b.check(b.StartAt(t.Context(), c, b.now.Add(time.Hour), 15*time.Minute, by("tester"), b.now))
		start := func() ledger.Campaign {
			t.Helper()
			got, err := b.StartDue(t.Context(), c, b.now)
			b.check(err)
			return got
		}
		if got := start(); got.State != campaign.Scheduled {
			t.Errorf("an hour before it is %s", got.State)
		}
		b.advance(75 * time.Minute)
		for range 2 {
			if got := start(); got.State != campaign.Running || got.Reason != "started by the clock" || !got.Started.Equal(b.now) {
				t.Errorf("%s, %s", got.State, got.Reason)
			}
		}
	},
	"a campaign that comes too late waits for a person": func(t *testing.T, b *bench) {
		c := b.imported(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), people(1))
		b.check(b.StartAt(t.Context(), c, b.now, 15*time.Minute, by("tester"), b.now))
		b.advance(15*time.Minute + time.Second)
		for range 2 {
			got, err := b.StartDue(t.Context(), c, b.now)
			b.check(err)
			if got.State != campaign.Paused || !got.Started.IsZero() {
				t.Fatalf("%s, started %s", got.State, got.Started)
			}
			for _, word := range []string{"2026-03-02T10:00:00Z", "15m", "2026-03-02T10:15:01Z", "resume", "cancel"} {
				if !strings.Contains(got.Reason, word) {
					t.Errorf("the reason does not say %s: %s", word, got.Reason)
				}
			}
		}
		if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason == "" {
			t.Error("a message was claimed before anybody decided")
		}
		b.advance(24 * time.Hour)
		got := b.act(c, campaign.Resume)
		if got.State != campaign.Running || !got.Started.Equal(b.now) || !got.Expires.Equal(b.now.Add(time.Hour)) {
			t.Errorf("resumed: %s since %s until %s", got.State, got.Started, got.Expires)
		}
		b.send(c.Recipient(1).Message(0), 1)
	},
	"without a limit any time will do": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		b.check(b.StartAt(t.Context(), c, b.now, 0, by("tester"), b.now))
		b.advance(1000 * time.Hour)
		if got, err := b.StartDue(t.Context(), c, b.now); err != nil || got.State != campaign.Running {
			t.Errorf("%s, %v", got.State, err)
		}
	},
}
