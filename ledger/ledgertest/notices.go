package ledgertest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

// paused is the notice that the template offer in English is paused.
func paused(at time.Time) ledger.Notice {
	return ledger.Notice{
		Topic: "template_status", Reason: "template_paused", Detail: "Resume when it is active.", At: at,
		Trouble: campaign.Trouble{
			Scope: campaign.PauseTemplate, Step: campaign.Step{Template: "offer", Language: "en"}, Number: "main", Account: account,
		},
	}
}

// usable is the news that it can be sent again.
func usable(at time.Time) ledger.Notice {
	n := paused(at)
	n.Trouble.Scope, n.Reason = campaign.PauseNothing, "template_usable"
	return n
}

// notice takes a notice, and wants it to stop so many campaigns.
func (b *bench) notice(n ledger.Notice, stops int) ledger.Taken {
	b.Helper()
	taken, err := b.TakeNotice(b.Context(), n, b.now)
	b.check(err)
	if taken.Stopped != stops {
		b.Errorf("%s stopped %d campaigns, want %d: %+v", n.Reason, taken.Stopped, stops, taken)
	}
	return taken
}

// offering is a running campaign that sends the template.
func (b *bench) offering() campaign.ID {
	b.Helper()
	return b.running(on("main", "offer", "en"), 2)
}

func (b *bench) notices(channels ...string) []ledger.HeardNotice {
	b.Helper()
	all, err := b.Notices(b.Context(), channels, 100)
	b.check(err)
	return all
}

func (b *bench) standsAt(c campaign.ID, want campaign.State) {
	b.Helper()
	if got := b.campaign(c); got.State != want {
		b.Errorf("the campaign is %s, want %s (%s)", got.State, want, got.Reason)
	}
}

var noticeScenarios = map[string]func(*testing.T, *bench){
	"a notice pauses what it concerns and is on record": func(t *testing.T, b *bench) {
		c, other, elsewhere := b.offering(), b.running(on("second", "offer", "EN"), 1), b.running(on("third", "offer", "en"), 1)
		if taken := b.notice(paused(b.now), 2); taken.Repeated || taken.Ask || taken.Effect != "paused 2 campaigns" {
			t.Errorf("%+v", taken)
		}
		for _, id := range []campaign.ID{c, other} {
			if got := b.campaign(id); got.State != campaign.Paused || got.Reason != "template_paused: Resume when it is active." {
				t.Errorf("%s, %q", got.State, got.Reason)
			}
		}
		b.standsAt(elsewhere, campaign.Running)
		want := []ledger.HeardNotice{{
			Channel: "main", Topic: "template_status", Template: "offer", Language: "en", Reason: "template_paused", Detail: "Resume when it is active.",
			At: b.now, FirstHeard: b.now, LastHeard: b.now, Heard: 1, Effect: "paused 2 campaigns",
		}}
		if diff := cmp.Diff(want, b.notices("main", "third")); diff != "" {
			t.Error(diff)
		}
		if !want[0].Concerns(b.campaign(other).Definition, account) || want[0].Concerns(b.campaign(elsewhere).Definition, account) {
			t.Error("it concerns the wrong campaigns")
		}
	},
	"the same notice again pauses nothing": func(t *testing.T, b *bench) {
		c := b.offering()
		n := paused(b.now)
		b.notice(n, 1)
		b.act(c, campaign.Resume)
		for range 2 {
			b.advance(time.Hour)
			n.Trouble.Number = "second" // told to another number of the account
			if taken := b.notice(n, 0); !taken.Repeated {
				t.Errorf("%+v", taken)
			}
		}
		b.standsAt(c, campaign.Running)
		if got := b.notices("main"); len(got) != 1 || got[0].Heard != 3 || !got[0].LastHeard.Equal(b.now) || got[0].Effect != "paused 1 campaign" {
			t.Errorf("%+v", got)
		}
		b.notice(paused(b.now), 1) // and another one does
	},
	"the same notice to two processes at once": func(t *testing.T, b *bench) {
		b.offering()
		n := paused(b.now)
		var first atomic.Int64
		var group errgroup.Group
		for range 6 {
			group.Go(func() error {
				taken, err := b.TakeNotice(t.Context(), n, b.now)
				if !taken.Repeated {
					first.Add(1)
				}
				return err
			})
		}
		b.check(group.Wait())
		if got := b.notices("main"); first.Load() != 1 || len(got) != 1 || got[0].Heard != 6 {
			t.Errorf("%d took it for new: %+v", first.Load(), got)
		}
	},
	"a notice that is older than later news pauses nothing": func(t *testing.T, b *bench) {
		c := b.offering()
		b.notice(usable(b.now), 0)
		if taken := b.notice(paused(b.now.Add(-time.Minute)), 0); taken.Effect == "" {
			t.Errorf("%+v", taken)
		}
		b.standsAt(c, campaign.Running)
		n := paused(b.now.Add(-time.Minute))
		n.Topic = "template_quality" // of which nothing later is known
		b.notice(n, 1)
	},
	"a notice that is older than a resume leaves that campaign alone": func(t *testing.T, b *bench) {
		c, other := b.offering(), b.offering()
		at := b.now
		b.act(c, campaign.Pause)
		b.advance(time.Minute)
		b.act(c, campaign.Resume)
		b.notice(paused(at), 1)
		b.standsAt(c, campaign.Running)
		b.standsAt(other, campaign.Paused)
		b.advance(time.Minute)
		b.notice(paused(b.now), 1)
		b.standsAt(c, campaign.Paused)
	},
	"of a campaign that is resumed in the second of the notice nobody knows, so it stops": func(t *testing.T, b *bench) {
		c := b.offering()
		b.act(c, campaign.Pause)
		b.advance(900 * time.Millisecond)
		b.act(c, campaign.Resume)
		b.notice(paused(b.now.Truncate(time.Second)), 1)
		b.standsAt(c, campaign.Paused)
	},
	"a notice without a time has the provider asked": func(t *testing.T, b *bench) {
		n := paused(time.Time{})
		if taken := b.notice(n, 0); taken.Ask {
			t.Error("there is nothing to stop, so nobody need be asked")
		}
		b.notice(usable(time.Time{}), 0)
		c := b.offering()
		if taken := b.notice(n, 0); !taken.Ask || len(b.notices("main")) != 2 {
			t.Errorf("%+v, with %+v on record", taken, b.notices("main"))
		}
		n.Present = ledger.Over
		if taken := b.notice(n, 0); taken.Ask || taken.Effect == "" {
			t.Errorf("%+v", taken)
		}
		b.standsAt(c, campaign.Running)
		b.notice(usable(time.Time{}), 0)
		n.Present = ledger.Holds
		b.notice(n, 1)
		b.standsAt(c, campaign.Paused)
	},
	"a notice without a time counts once until something else is heard": func(t *testing.T, b *bench) {
		c := b.offering()
		n := paused(time.Time{})
		n.Present = ledger.Unanswered
		b.notice(n, 1)
		for range 2 {
			b.act(c, campaign.Resume)
			b.advance(time.Minute)
			if taken := b.notice(n, 0); !taken.Repeated {
				t.Errorf("%+v", taken)
			}
		}
		b.advance(time.Minute)
		b.notice(usable(time.Time{}), 0)
		b.advance(time.Minute)
		b.notice(n, 1)
		b.standsAt(c, campaign.Paused)
		if got := b.notices("main"); len(got) != 2 || got[0].Reason != "template_paused" || got[0].Heard != 4 {
			t.Errorf("%+v", got)
		}
	},
	"a number that could send since is not stopped by older news": func(t *testing.T, b *bench) {
		c := b.offering()
		n := paused(b.now)
		n.Trouble.Scope, n.Trouble.Step, n.Topic, n.Reason = campaign.PauseAccount, campaign.Step{}, "account_ban", "account_disabled"
		b.check(b.Learn(t.Context(), []ledger.Fact{{Channel: "main", Name: ledger.FactHealth, Value: campaign.HealthAvailable, At: b.now.Add(2 * time.Second), Source: ledger.SourceAsked}}))
		b.notice(n, 0)
		b.standsAt(c, campaign.Running)
		n.At = b.now.Add(5 * time.Second)
		b.notice(n, 1)
	},
	"another category stops the steps that say another one": func(t *testing.T, b *bench) {
		utility := b.offering()
		marketing := b.running(steps(1, func(d *campaign.Definition) {
			d.Steps[0].Template, d.Steps[0].Category = "offer", campaign.Marketing
		}), 1)
		n := paused(b.now)
		n.Trouble.Except = campaign.Marketing
		b.notice(n, 1)
		b.standsAt(utility, campaign.Paused)
		b.standsAt(marketing, campaign.Running)
	},
	"of several numbers those stop that it concerns": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "third"), 4)
		n := paused(b.now)
		n.Trouble.Scope, n.Trouble.Step = campaign.PauseAccount, campaign.Step{}
		b.notice(n, 1)
		if diff := cmp.Diff(map[int]string{0: "template_paused: Resume when it is active."}, b.reasons(c)); diff != "" {
			t.Error(diff)
		}
		b.standsAt(c, campaign.Running)
	},
	"of two facts the later one stays": func(t *testing.T, b *bench) {
		fact := func(value string, at time.Time) ledger.Fact {
			return ledger.Fact{Channel: "main", Name: ledger.FactRate, Value: value, At: at, Source: ledger.SourceNotice}
		}
		n := usable(b.now)
		n.Facts = []ledger.Fact{fact("1000", b.now), fact("80", b.now.Add(-time.Second))}
		b.notice(n, 0)
		b.check(b.Learn(t.Context(), []ledger.Fact{fact("20", b.now.Add(-time.Hour))}))
		b.check(b.Learn(t.Context(), nil))
		got, err := b.Facts(t.Context())
		b.check(err)
		if state := ledger.StateOf(got["main"]); state != (campaign.NumberState{Rate: 1000}) {
			t.Errorf("%+v", state)
		}
		if diff := cmp.Diff(map[string]map[string]ledger.Fact{"main": {ledger.FactRate: fact("1000", b.now)}}, got); diff != "" {
			t.Error(diff)
		}
	},
	"a state is kept fact by fact": func(t *testing.T, b *bench) {
		for _, state := range []campaign.NumberState{
			{Quality: "green", Tier: "tier_2k", Throughput: "standard", Status: "connected", NameStatus: "approved", DailyRecipients: 2000, Rate: 80, Health: "available"},
			{Quality: "red", Tier: "tier_unlimited", Throughput: "high", Status: "flagged", NameStatus: "declined", DailyRecipients: campaign.NoLimit, Rate: 0.5, Health: "blocked"},
		} {
			b.advance(time.Second)
			b.check(b.Learn(t.Context(), ledger.FactsOf("main", state, b.now, ledger.SourceAsked)))
			got, err := b.Facts(t.Context())
			b.check(err)
			if diff := cmp.Diff(state, ledger.StateOf(got["main"])); diff != "" {
				t.Error(diff)
			}
		}
	},
	"what nobody repeats any more is forgotten": func(t *testing.T, b *bench) {
		for i := range 1003 {
			n := usable(b.now)
			n.Detail = fmt.Sprint(i)
			b.notice(n, 0)
		}
		b.check(b.Tidy(t.Context(), b.now))
		all, err := b.Notices(t.Context(), []string{"main"}, 2000)
		b.check(err)
		if len(all) != 1000 {
			t.Errorf("%d are remembered", len(all))
		}
		b.advance(90*24*time.Hour + time.Millisecond)
		b.check(b.Tidy(t.Context(), b.now))
		if got := b.notices("main"); len(got) != 0 {
			t.Errorf("%d are remembered", len(got))
		}
	},
}
