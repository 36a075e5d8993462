package ledgertest

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// approvedNamed are templates of these names.
func approvedNamed(names ...string) []campaign.Approved {
	all := []campaign.Approved{}
	for _, name := range names {
		all = append(all, campaign.Approved{
			TemplateName: campaign.TemplateName{Name: name, Language: "en"}, Category: campaign.Utility, Status: "approved",
			Components: json.RawMessage(`[{"type":"BODY","text":"Hé \"{{1}}\" \u0000 ` + name + `"}]`),
		})
	}
	return all
}

// kept is an account's list.
func (b *bench) kept(account string) ledger.KeptTemplates {
	b.Helper()
	kept, err := b.Templates(b.Context(), account)
	b.check(err)
	return kept
}

// names are those of a list.
func names(kept ledger.KeptTemplates) []string {
	all := []string{}
	for _, a := range kept.Templates {
		all = append(all, a.Name)
	}
	return all
}

var templateScenarios = map[string]func(*testing.T, *bench){
	"a list that was never asked for": func(t *testing.T, b *bench) {
		want := ledger.KeptTemplates{TemplateState: ledger.TemplateState{Account: "cloud 1"}}
		if diff := cmp.Diff(want, b.kept("cloud 1")); diff != "" || want.Kept() || want.Stale() {
			t.Error(diff)
		}
	},
	"a list is kept whole, for its account": func(t *testing.T, b *bench) {
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("b", "a"), b.now))
		b.check(b.KeepTemplates(t.Context(), "cloud 2", nil, b.now))
		want := ledger.KeptTemplates{
			TemplateState: ledger.TemplateState{Account: "cloud 1", Asked: b.now, Tried: b.now}, Templates: approvedNamed("a", "b"),
		}
		if diff := cmp.Diff(want, b.kept("cloud 1")); diff != "" || !want.Kept() {
			t.Error(diff)
		}
		if empty := b.kept("cloud 2"); len(empty.Templates) != 0 || !empty.Kept() {
			t.Errorf("an empty list is %+v", empty)
		}
	},
	"a list replaces the one before, and none that is newer": func(t *testing.T, b *bench) {
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a", "b"), b.now))
		b.advance(time.Second)
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("b", "c", "c"), b.now))
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("old"), b.now.Add(-time.Millisecond)))
		b.check(b.FailTemplates(t.Context(), "cloud 1", "no answer", b.now.Add(-time.Millisecond)))
		got := b.kept("cloud 1")
		if diff := cmp.Diff([]string{"b", "c"}, names(got)); diff != "" || got.Failure != "" || !got.Asked.Equal(b.now) {
			t.Errorf("%+v %s", got, diff)
		}
	},
	"a failure leaves the list": func(t *testing.T, b *bench) {
		asked := b.now
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a"), asked))
		b.advance(time.Hour)
		b.check(b.FailTemplates(t.Context(), "cloud 1", "no\x00 answer", b.now))
		got := b.kept("cloud 1")
		want := ledger.TemplateState{Account: "cloud 1", Asked: asked, Tried: b.now, Failure: "no answer"}
		if diff := cmp.Diff(want, got.TemplateState); diff != "" || len(got.Templates) != 1 {
			t.Errorf("%+v %s", got, diff)
		}
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("b"), b.now))
		if got := b.kept("cloud 1"); got.Failure != "" || names(got)[0] != "b" {
			t.Errorf("%+v", got)
		}
	},
	"a failure without a list": func(t *testing.T, b *bench) {
		b.check(b.FailTemplates(t.Context(), "cloud 1", "no answer", b.now))
		if got := b.kept("cloud 1"); got.Kept() || got.Failure != "no answer" || got.Templates != nil {
			t.Errorf("%+v", got)
		}
	},
	"a notice makes what was asked for before it stale": func(t *testing.T, b *bench) {
		stale := func() bool {
			kept := b.kept("cloud 1")
			return kept.Stale()
		}
		b.check(b.NoticeTemplates(t.Context(), "cloud 1", b.now))
		if stale() {
			t.Error("there is no list that could be stale")
		}
		b.advance(time.Second)
		asked := b.now
		b.advance(time.Second) // the list was under way
		b.check(b.NoticeTemplates(t.Context(), "cloud 1", b.now))
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a"), asked))
		if !stale() {
			t.Error("the notice came after the list was asked for")
		}
		b.check(b.NoticeTemplates(t.Context(), "cloud 1", b.now.Add(-time.Hour)))
		b.advance(time.Second)
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a"), b.now))
		if stale() {
			t.Error("the list was asked for after the notice")
		}
	},
	"lists that come at once": func(t *testing.T, b *bench) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if err := b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a", string(rune('b'+i))), b.now.Add(time.Duration(i)*time.Second)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff([]string{"a", "i"}, names(b.kept("cloud 1"))); diff != "" {
			t.Error(diff)
		}
	},
	"a list that nobody asks for is forgotten": func(t *testing.T, b *bench) {
		b.check(b.KeepTemplates(t.Context(), "cloud 1", approvedNamed("a"), b.now))
		b.advance(90 * 24 * time.Hour)
		b.check(b.KeepTemplates(t.Context(), "cloud 2", approvedNamed("a"), b.now))
		b.check(b.Tidy(t.Context(), b.now))
		states, err := b.TemplateStates(t.Context())
		b.check(err)
		if len(states) != 2 {
			t.Errorf("too soon: %+v", states)
		}
		b.advance(time.Millisecond)
		b.check(b.Tidy(t.Context(), b.now))
		states, err = b.TemplateStates(t.Context())
		b.check(err)
		want := []ledger.TemplateState{{Account: "cloud 2", Asked: b.now.Add(-time.Millisecond), Tried: b.now.Add(-time.Millisecond)}}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Error(diff)
		}
		if left := b.kept("cloud 1"); len(left.Templates) != 0 {
			t.Errorf("%+v", left)
		}
	},
}
