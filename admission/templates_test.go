package admission

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// shelf is a library that counts how often it is asked.
type shelf struct {
	mu        sync.Mutex
	asked     int
	templates []campaign.Approved
	err       error
	hang      bool
}

func (s *shelf) Templates(ctx context.Context) ([]campaign.Approved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.templates, s.err
}

// template is an approved one with a body.
func template(name, status, body string) campaign.Approved {
	text, err := json.Marshal([]map[string]string{{"type": "BODY", "text": body}})
	if err != nil {
		panic(err) // texts always marshal
	}
	return campaign.Approved{TemplateName: campaign.TemplateName{Name: name, Language: "en_US"}, Category: campaign.Utility, Status: status, Components: text}
}

// desk is a Templates over two accounts, of which one has two channels, and a channel
// that lists none.
type desk struct {
	*Templates
	t      *testing.T
	shared *shelf
	alone  *shelf
	now    time.Time
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, shared: &shelf{}, alone: &shelf{}, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	d.Templates = NewTemplates(openLedger(t), map[string]TemplateSource{
		"main": {Account: "cloud 1", Library: d.shared}, "second": {Account: "cloud 1", Library: d.shared},
		"other": {Account: "channel other", Library: d.alone}, "mute": {Account: "channel mute", Unlisted: "it has no list"},
	}, slog.New(slog.DiscardHandler), func() time.Time { return d.now })
	return d
}

func (d *desk) of(channel string) campaign.TemplateList {
	d.t.Helper()
	list, err := d.Of(d.t.Context(), channel)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) refreshDue() {
	d.t.Helper()
	if err := d.RefreshDue(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func TestTemplatesAreAskedForOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.shared.templates = []campaign.Approved{template("t", "approved", "Hi")}
	want := campaign.TemplateList{Channel: "main", Templates: d.shared.templates, Fetched: d.now}
	if diff := cmp.Diff(want, d.of("main")); diff != "" {
		t.Error(diff)
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if list := d.of("second"); list.Channel != "second" || len(list.Templates) != 1 {
				t.Errorf("%+v", list)
			}
		})
	}
	all.Wait()
	d.now = d.now.Add(freshFor - time.Millisecond)
	d.of("main")
	if d.shared.asked != 1 {
		t.Errorf("asked %d times", d.shared.asked)
	}
	d.now = d.now.Add(time.Millisecond)
	d.of("main")
	if d.shared.asked != 2 || d.alone.asked != 0 {
		t.Errorf("asked %d times, the other %d", d.shared.asked, d.alone.asked)
	}
	if list := d.of("mute"); list.Known() || list.Trouble != "it has no list" {
		t.Errorf("%+v", list)
	}
}

func TestTemplatesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.shared.err = errors.New("unreachable")
	if list := d.of("main"); list.Known() || list.Trouble != "the provider did not list its templates: unreachable" {
		t.Errorf("%+v", list)
	}
	d.of("main")
	if d.shared.asked != 1 {
		t.Errorf("a provider that has just failed was asked %d times", d.shared.asked)
	}
	d.now = d.now.Add(patience)
	d.shared.err, d.shared.templates = nil, []campaign.Approved{template("t", "approved", "Hi")}
	if list := d.of("main"); !list.Known() || list.Trouble != "" {
		t.Errorf("%+v", list)
	}
	d.now = d.now.Add(time.Hour)
	d.shared.err = errors.New("unreachable")
	list := d.of("main")
	if len(list.Templates) != 1 || list.Trouble == "" || !list.Fetched.Equal(d.now.Add(-time.Hour)) {
		t.Errorf("%+v", list)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	d.shared.hang, d.now = true, d.now.Add(time.Hour)
	if _, err := d.Of(gone, "main"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTemplatesAreRefreshed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.alone.err = errors.New("unreachable")
	asked := func(shared, alone int) {
		t.Helper()
		d.refreshDue()
		if d.shared.asked != shared || d.alone.asked != alone {
			t.Errorf("asked %d and %d times, want %d and %d", d.shared.asked, d.alone.asked, shared, alone)
		}
	}
	asked(1, 1)
	asked(1, 1)
	d.now = d.now.Add(listAgain)
	asked(1, 2) // failures sooner than others
	if err := d.Notice(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	asked(2, 2) // a template has changed
	if err := d.Notice(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	asked(2, 2) // not for each notice of a burst
	d.now = d.now.Add(staleAgain)
	asked(3, 2)
	if err := d.Notice(t.Context(), "mute"); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(listEvery + listEvery/10)
	asked(4, 3)
	d.now = d.now.Add(listEvery - listEvery/10 - time.Millisecond)
	asked(4, 4)
	if _, err := d.Refresh(t.Context(), "main"); err != nil || d.shared.asked != 5 {
		t.Errorf("asked %d times, %v", d.shared.asked, err)
	}
}

func TestApprove(t *testing.T) {
	t.Parallel()
	lists := map[string]campaign.TemplateList{
		"main":   {Channel: "main", Fetched: time.Unix(1, 0), Templates: []campaign.Approved{template("order_update", "approved", "Hi"), template("order_feedback", "paused", "Well?")}},
		"second": {Channel: "second", Fetched: time.Unix(1, 0), Templates: []campaign.Approved{template("order_update", "approved", "Hi"), template("order_feedback", "approved", "Well?")}},
		"mute":   {Channel: "mute", Trouble: "it has no list"},
	}
	door := Door{
		Rates: map[string]float64{"main": 1, "second": 1, "mute": 1},
		Templates: func(_ context.Context, channel string) (campaign.TemplateList, error) {
			return lists[channel], nil
		},
	}
	text := strings.Replace(twoSteps, "channel: main", "channels: [main, second]\nfallback: [mute]", 1)
	admitted, err := door.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	approval, err := door.Approve(t.Context(), admitted.Definition, time.Unix(2, 0))
	const want = `steps[0].body: gives 1 value, but the body of order_update (en_US) expects no value (channel "main", "second")
steps[1].template: order_feedback (en_US) is paused, and only an approved template is sent; wait until the provider releases it, or edit it there (channel "main")`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if diff := cmp.Diff([]string{`channel "mute": the templates were not checked: it has no list`}, approval.Notes); diff != "" {
		t.Error(diff)
	}
}

// TestImportAgainstTemplates refuses a campaign whose step does not fit, and rows
// whose values do not, and leaves no trace of the first.
func TestImportAgainstTemplates(t *testing.T) {
	t.Parallel()
	record := openLedger(t)
	body := "{{1}} and {{2}}"
	door := Door{
		Rates: map[string]float64{"main": 1},
		Templates: func(_ context.Context, channel string) (campaign.TemplateList, error) {
			return campaign.TemplateList{Channel: channel, Fetched: time.Unix(1, 0), Trouble: "slow", Templates: []campaign.Approved{
				template("order_update", "approved", body), template("order_feedback", "approved", "Well?"),
			}}, nil
		},
	}
	bring := func() (Imported, error) {
		admitted, err := door.Read([]byte(twoSteps))
		if err != nil {
			t.Fatal(err)
		}
		list := writeList(t, "Name,Phone\nAna,+4915123018622\nAnna-Maria,+33612982489\n")
		return admitted.Import(t.Context(), record, Upload{Key: "k", Hash: "h"}, list, time.Now)
	}
	var mistake *campaign.Mistake
	if _, err := bring(); !errors.As(err, &mistake) || mistake.Path != "steps[0].body" {
		t.Fatalf("got %v", err)
	}
	if all, err := record.Campaigns(t.Context(), 0, 10); err != nil || len(all) != 0 {
		t.Errorf("left %+v, %v", all, err)
	}
	body = strings.Repeat("x", 32764) + "{{1}}"
	imported, err := bring()
	if err != nil {
		t.Fatal(err)
	}
	c, err := record.Campaign(t.Context(), imported.ID)
	if err != nil || c.Verdicts[campaign.OK] != 1 || c.Verdicts[campaign.BadValue] != 1 {
		t.Errorf("%+v, %v", c.Verdicts, err)
	}
	if len(imported.Notes) != 1 || !strings.HasSuffix(imported.Notes[0], "ago: slow") {
		t.Errorf("%q", imported.Notes)
	}
}

// blank is a ledger that keeps no list.
type blank struct{}

func (blank) Templates(context.Context, string) (ledger.KeptTemplates, error) {
	return ledger.KeptTemplates{}, nil
}
func (blank) TemplateStates(context.Context) ([]ledger.TemplateState, error)              { return nil, nil }
func (blank) KeepTemplates(context.Context, string, []campaign.Approved, time.Time) error { return nil }
func (blank) FailTemplates(context.Context, string, string, time.Time) error              { return nil }
func (blank) NoticeTemplates(context.Context, string, time.Time) error                    { return nil }

// TestNobodyWaitsForAnothersQuestion: while the leader asks a provider that does not
// answer, a campaign comes in after its own patience.
func TestNobodyWaitsForAnothersQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sources := map[string]TemplateSource{"main": {Account: "cloud 1", Library: &shelf{hang: true}}}
		templates := NewTemplates(blank{}, sources, slog.New(slog.DiscardHandler), time.Now)
		leading, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- templates.RefreshDue(leading) }()
		synctest.Wait() // it has asked
		begun := time.Now()
		list, err := templates.Of(t.Context(), "main")
		if err != nil || list.Known() || !strings.Contains(list.Trouble, "has not answered yet") {
			t.Errorf("%+v, %v", list, err)
		}
		if waited := time.Since(begun); waited != patience {
			t.Errorf("it waited for %s", waited)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the leader's question ended with %v", err)
		}
	})
}
