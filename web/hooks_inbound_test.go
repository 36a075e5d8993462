package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// ears is a ledger that keeps what it is told.
type ears struct {
	*brittle
	deaf    bool
	heard   []ledger.InboundEvent
	stopped []campaign.Trouble
}

func (e *ears) Hear(_ context.Context, list []ledger.InboundEvent, _ time.Time) ([]ledger.Fate, error) {
	if e.deaf {
		return nil, errors.New("the disk is full")
	}
	e.heard = append(e.heard, list...)
	return slices.Repeat([]ledger.Fate{ledger.FateOnRecord}, len(list)), nil
}

func (e *ears) TakeNotice(_ context.Context, n ledger.Notice, _ time.Time) (ledger.Taken, error) {
	if e.deaf {
		return ledger.Taken{}, errors.New("the disk is full")
	}
	if n.Trouble.Scope != campaign.PauseNothing {
		e.stopped = append(e.stopped, n.Trouble)
	}
	return ledger.Taken{Stopped: 1}, nil
}

func listening(t *testing.T, now time.Time) (*fixture, *ears) {
	t.Helper()
	record := &ears{}
	f := start(t, func(o *Options) {
		record.brittle = o.Ledger.(*brittle)
		o.Ledger = record
		o.Now = func() time.Time { return now }
		keywords, err := campaign.NewKeywords(map[string]campaign.SuppressionScope{
			"stop": campaign.ScopeAll, "NO_MORE": campaign.ScopeCampaign,
		}, []string{"start"})
		if err != nil {
			t.Fatal(err)
		}
		o.Keywords = keywords
		for name, channel := range o.Channels {
			channel.Identity.Account = "waba-" + name
			o.Channels[name] = channel
		}
	})
	return f, record
}

func TestWhatPeopleSayReachesTheLedger(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	at := now.Add(-time.Minute)
	f, record := listening(t, now)
	answer := f.webhook("word", eventsBody(whatsapp.Events{
		Inbound: []whatsapp.Inbound{
			{Number: "1001", ID: "a", From: whatsapp.Who{Phone: "551161234567"}, At: at, Type: "text", Text: "STO\x00P!"},
			{Number: "1002", ID: "b", From: whatsapp.Who{Phone: "447700900000"}, Type: "button", Text: "Not this", Payload: "NO_MORE", ReplyTo: "wamid.1"},
			{Number: "1001", ID: "c", At: at, Type: "text", Text: "start", ReplyTo: "wamid.2"},
			{Number: "1001", ID: "e", From: whatsapp.Who{Phone: "447700900000"}, At: at, Type: "reaction", Text: "stop", ReplyTo: "wamid.3"},
			{Number: "9999", ID: "d", From: whatsapp.Who{Phone: "447700900000"}, At: at, Type: "text", Text: "stop"},
			{Number: "1001", ID: "h", From: whatsapp.Who{UserID: "GB.3"}, At: at, Type: "text", Text: "stop"},
		},
		Preferences: []whatsapp.Preference{
			{Number: "1001", From: whatsapp.Who{Phone: "447700900000"}, Stop: true, At: at},
			{Number: "1001", From: whatsapp.Who{Phone: "447700900000"}, At: at},
		},
		Moves: []whatsapp.Move{{
			Number: "1001", From: whatsapp.Who{Phone: "447700900000", UserID: "GB.1"}, To: whatsapp.Who{Phone: "447700900001", UserID: "GB.2"},
		}},
		Contacts: []whatsapp.Contact{{Number: "1001", Who: whatsapp.Who{Phone: "447700900002", UserID: "GB.3", ParentID: "GB.ENT.3"}}},
	}))
	wantStatus(t, answer, http.StatusOK)
	person, provider := ledger.SourcePerson, ledger.SourceProvider
	want := []ledger.InboundEvent{
		{ID: "a", Channel: "main", Person: "+5511961234567", At: at, Message: true, Answers: true, Reply: campaign.Reply{Text: "STOP!"}, OptOut: campaign.ScopeAll, Source: person},
		{ID: "b", Channel: "second", Person: "+447700900000", At: now, Message: true, Answers: true, ReplyTo: "wamid.1",
			Reply: campaign.Reply{Payload: "NO_MORE", Text: "Not this", Pressed: true}, OptOut: campaign.ScopeCampaign, Source: person},
		{ID: "c", Channel: "main", At: at, Message: true, Answers: true, ReplyTo: "wamid.2", Reply: campaign.Reply{Text: "start"}, OptIn: true, Source: person},
		{ID: "e", Channel: "main", Person: "+447700900000", At: at, Message: true, ReplyTo: "wamid.3", Reply: campaign.Reply{Text: "stop"}, Source: person},
		{Channel: "main", Person: "+447700900000", At: at, OptOut: campaign.ScopeMarketing, Source: provider},
		{Channel: "main", Person: "+447700900000", At: at, OptIn: true, Restores: campaign.ScopeMarketing, Source: provider},
		{Channel: "main", Person: "+447700900001", Also: []string{"GB.2", "+447700900000", "GB.1"}, At: now},
		{Channel: "main", Person: "+447700900002", Also: []string{"GB.3", "GB.ENT.3"}, At: now},
		{ID: "h", Channel: "main", Person: "GB.3", At: at, Message: true, Answers: true, Reply: campaign.Reply{Text: "stop"}, OptOut: campaign.ScopeAll, Source: person},
	}
	for i := range want {
		want[i].Peers = []string{"main", "second"}
		want[i].Opens = want[i].Message // none of them is an edit
		if want[i].Person != "" && want[i].Also == nil {
			want[i].Also = []string{}
		}
	}
	// What tells who is who comes first, for the rest may rely on it.
	want = []ledger.InboundEvent{want[7], want[6], want[0], want[1], want[2], want[3], want[8], want[4], want[5]}
	if diff := cmp.Diff(want, record.heard); diff != "" {
		t.Error(diff)
	}
	f.wantMetrics(
		`carillon_webhook_wishes_total{channel="main",wish="stop"} 3`,
		`carillon_webhook_wishes_total{channel="second",wish="stop"} 1`,
		`carillon_webhook_wishes_total{channel="main",wish="start"} 2`)
}

// TestEditsAndDeletedMessages: an edit is the earlier message as it is now, and
// what was deleted says nothing new.
func TestEditsAndDeletedMessages(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	f, record := listening(t, now)
	inbound := func(id, kind, text, edits string) whatsapp.Inbound {
		return whatsapp.Inbound{Number: "1001", ID: id, From: whatsapp.Who{Phone: "447700900000"}, At: now, Type: kind, Text: text, Edits: edits}
	}
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Inbound: []whatsapp.Inbound{
		inbound("e", "edit", "Stop", "a"),
		inbound("f", "edit", "", "a"),
		inbound("g", "edit", "", ""),
		inbound("d", "revoke", "stop", ""),
	}})), http.StatusOK)
	said := func(id, text string, change func(*ledger.InboundEvent)) ledger.InboundEvent {
		h := ledger.InboundEvent{
			ID: id, Channel: "main", Person: "+447700900000", At: now, Message: true, Reply: campaign.Reply{Text: text}, Source: ledger.SourcePerson,
		}
		change(&h)
		return h
	}
	want := []ledger.InboundEvent{
		said("a", "Stop", func(h *ledger.InboundEvent) { h.Edit, h.Answers, h.OptOut = true, true, campaign.ScopeAll }),
		said("a", "", func(h *ledger.InboundEvent) { h.Edit, h.Answers = true, true }),
		said("g", "", func(*ledger.InboundEvent) {}),
		said("d", "stop", func(*ledger.InboundEvent) {}),
	}
	for i := range want {
		want[i].Peers, want[i].Also = []string{"main", "second"}, []string{}
	}
	if diff := cmp.Diff(want, record.heard); diff != "" {
		t.Error(diff)
	}
	f.wantMetrics(
		`carillon_webhook_inbound_total{channel="main",type="edit"} 3`,
		`carillon_webhook_inbound_total{channel="main",type="revoke"} 1`)
}

// TestOptOutsThatCannotBeRecorded: the provider has to tell them again.
func TestOptOutsThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	f, record := listening(t, time.Now())
	record.deaf = true
	for _, told := range []whatsapp.Events{
		{Inbound: []whatsapp.Inbound{{Number: "1001", ID: "a", From: whatsapp.Who{Phone: "447700900000"}, Type: "text", Text: "stop"}}},
		{Notices: []whatsapp.Notice{{Scope: whatsapp.AccountScope, Account: "waba-main", Reason: "disabled"}}},
	} {
		wantProblem(t, f.webhook("word", eventsBody(told)), unavailable)
	}
}

func TestNoticesStopWhatTheyConcern(t *testing.T) {
	t.Parallel()
	f, record := listening(t, time.Now())
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{
		{Scope: whatsapp.TemplateScope, Account: "waba-second", Template: "offer", Language: "en_GB", Reason: "paused"},
		{Scope: whatsapp.NumberScope, Number: "1002", Reason: "flagged"},
		{Scope: whatsapp.AccountScope, Account: "waba-main", Reason: "disabled"},
		{Scope: whatsapp.AccountScope, Account: "waba-else", Reason: "disabled"},
		{Reason: "approved", Account: "waba-main"},
		{Number: "1001", Reason: "error", Err: &whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "token"}},
	}})), http.StatusOK)
	type stop struct {
		scope            campaign.PauseScope
		number, template string
	}
	var got []stop
	for _, trouble := range record.stopped {
		got = append(got, stop{trouble.Scope, trouble.Number, trouble.Step.Template})
	}
	want := []stop{
		{campaign.PauseTemplate, "second", "offer"},
		{campaign.PauseChannel, "second", ""},
		{campaign.PauseAccount, "main", ""},
		{campaign.PauseAccount, "main", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stop{})); diff != "" {
		t.Error(diff)
	}
}
