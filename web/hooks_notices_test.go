package web

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/whatsapp"
)

// oracle is a provider that is asked for the present.
type oracle struct {
	state     whatsapp.NumberState
	templates []campaign.Approved
	fails     bool
	asked     int
}

func (o *oracle) State(context.Context) (whatsapp.NumberState, error) {
	o.asked++
	if o.fails {
		return whatsapp.NumberState{}, errors.New("no answer")
	}
	return o.state, nil
}

func (o *oracle) Templates(context.Context) ([]campaign.Approved, error) {
	o.asked++
	if o.fails {
		return nil, errors.New("no answer")
	}
	return o.templates, nil
}

// noticed is a server that is told notices of main, whose provider is asked.
func noticed(t *testing.T) (*fixture, *oracle, *clock) {
	t.Helper()
	o, now := &oracle{}, clockAt(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	f := start(t, func(options *Options) {
		options.Now = now.now
		channel := options.Channels["main"]
		channel.Numbers, channel.Library, channel.Account = o, o, []string{"main", "second"}
		channel.Identity.Account = "waba"
		options.Channels["main"] = channel
		second := options.Channels["second"]
		second.Account = channel.Account
		options.Channels["second"] = second
	})
	return f, o, now
}

// tell tells one notice by webhook.
func (f *fixture) tell(n whatsapp.Notice) {
	f.t.Helper()
	wantStatus(f.t, f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{n}})), http.StatusOK)
}

func (f *fixture) wantState(id campaign.ID, want campaign.State) {
	f.t.Helper()
	if got, reason := f.state(id); got != want {
		f.t.Errorf("it is %s (%s), want %s", got, reason, want)
	}
}

func (f *fixture) resumed(id campaign.ID) {
	f.t.Helper()
	wantStatus(f.t, f.post("/api/campaigns/"+id.String()+"/resume"), http.StatusOK)
}

func pausedAt(at time.Time) whatsapp.Notice {
	return whatsapp.Notice{
		Topic: whatsapp.TemplateStatus, Scope: whatsapp.TemplateScope, Account: "waba", Template: "order_update", Language: "en_US",
		Reason: "template_paused", Detail: "Resume when it is active.", At: at,
	}
}

const onePerson = "Phone,Name\n+4915112345601,Ana\n"

// TestANoticeCountsOnce, also when it is told again after a resume, or is older
// than that.
func TestANoticeCountsOnce(t *testing.T) {
	t.Parallel()
	f, o, now := noticed(t)
	id := f.running(twoSteps, onePerson, 0)
	first := pausedAt(now.now())
	f.tell(first)
	f.wantState(id, campaign.Paused)
	now.pass(time.Minute)
	f.resumed(id)
	f.tell(first)
	f.wantState(id, campaign.Running)
	f.tell(pausedAt(now.now().Add(-30 * time.Second))) // another one, and older than the resume
	f.wantState(id, campaign.Running)
	if o.asked != 0 {
		t.Errorf("asked %d times about notices that tell their time", o.asked)
	}
	shown := decode[api.Campaign](t, f.get("/api/campaigns/"+id.String()))
	if len(shown.Notices) != 2 || shown.Notices[1].Times != 2 || shown.Notices[1].Effect != "paused 1 campaign" {
		t.Errorf("%+v", shown.Notices)
	}
	now.pass(time.Minute)
	f.tell(pausedAt(now.now()))
	f.wantState(id, campaign.Paused)
}

// TestANoticeWithoutATime has the provider asked before anything is paused.
func TestANoticeWithoutATime(t *testing.T) {
	t.Parallel()
	account := whatsapp.Notice{Topic: whatsapp.AccountBan, Scope: whatsapp.AccountScope, Account: "waba", Reason: "account_disabled"}
	category := pausedAt(time.Time{})
	category.Topic, category.Category = whatsapp.TemplateCategory, campaign.Marketing
	approved := func(category campaign.Category) []campaign.Approved {
		return []campaign.Approved{{TemplateName: campaign.TemplateName{Name: "other", Language: "en_US"}, Status: "rejected"}, {TemplateName: campaign.TemplateName{Name: "order_update", Language: "en_US"}, Status: "approved", Category: category}}
	}
	for name, test := range map[string]struct {
		notice whatsapp.Notice
		oracle oracle
		want   campaign.State
		asked  int
	}{
		"the template is paused":     {pausedAt(time.Time{}), oracle{templates: []campaign.Approved{{TemplateName: campaign.TemplateName{Name: "order_update", Language: "en_US"}, Status: "paused"}}}, campaign.Paused, 1},
		"the template is not there":  {pausedAt(time.Time{}), oracle{}, campaign.Paused, 1},
		"the template is approved":   {pausedAt(time.Time{}), oracle{templates: approved("utility")}, campaign.Running, 1},
		"nobody tells":               {pausedAt(time.Time{}), oracle{fails: true}, campaign.Paused, 1},
		"the category is another":    {category, oracle{templates: approved("marketing")}, campaign.Paused, 1},
		"the category is as it was":  {category, oracle{templates: approved("utility")}, campaign.Running, 1},
		"the account is blocked":     {account, oracle{state: whatsapp.NumberState{Health: "blocked"}}, campaign.Paused, 1},
		"the account can send":       {account, oracle{state: whatsapp.NumberState{Health: "available"}}, campaign.Running, 1},
		"the account, not told":      {account, oracle{state: whatsapp.NumberState{Quality: "red"}}, campaign.Paused, 1},
		"the account, nobody tells":  {account, oracle{fails: true}, campaign.Paused, 1},
		"what stops nothing":         {whatsapp.Notice{Topic: whatsapp.AccountAlert, Account: "waba", Reason: "account_alert"}, oracle{}, campaign.Running, 0},
		"of a template nobody sends": {whatsapp.Notice{Topic: whatsapp.TemplateStatus, Scope: whatsapp.TemplateScope, Account: "waba", Template: "else", Reason: "template_paused"}, oracle{}, campaign.Running, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, o, now := noticed(t)
			*o = test.oracle
			id := f.running(twoSteps, onePerson, 0)
			f.tell(test.notice)
			f.wantState(id, test.want)
			if test.want == campaign.Paused {
				f.resumed(id)
			}
			now.pass(time.Minute)
			f.tell(test.notice) // the same again
			f.wantState(id, campaign.Running)
			if o.asked != test.asked {
				t.Errorf("asked %d times, want %d", o.asked, test.asked)
			}
		})
	}
}

// TestWhatANoticeTellsOfNumbers is on record for the channels that it holds for.
func TestWhatANoticeTellsOfNumbers(t *testing.T) {
	t.Parallel()
	f, _, now := noticed(t)
	f.tell(whatsapp.Notice{Topic: whatsapp.NumbersNews, Account: "waba", Reason: "number_throughput", At: now.now(),
		Told: whatsapp.NumberState{Rate: 1000, Throughput: "high", Tier: "tier_2k", DailyRecipients: 2000}})
	for _, name := range []string{"main", "second"} {
		got := decode[api.Channel](t, f.get("/api/channels/"+name))
		if got.Tier != "tier_2k" || got.Throughput != "" || len(got.Notices) != 1 { // nobody knows whose throughput it is
			t.Errorf("%+v", got)
		}
	}
	f.tell(whatsapp.Notice{Topic: whatsapp.NumbersNews, Number: "1002", Reason: "number_throughput", At: now.now(), Told: whatsapp.NumberState{Rate: 1000, Throughput: "high"}})
	if got := decode[api.Channel](t, f.get("/api/channels/second")); got.Throughput != "high" {
		t.Errorf("%+v", got)
	}
}
