package web

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

const threePeople = "Phone,Name\n+4915112345601,Ada\n+4915112345602,Grace\n+4915112345603,Edsger\n"

// resolve asks as the one who may.
func (f *fixture) resolve(id, body string) reply {
	f.t.Helper()
	return f.do(call{
		method: "POST", path: "/api/campaigns/" + id + "/resolve", token: adminToken,
		header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(body),
	})
}

// running starts a campaign of two steps for these people. Of the first so
// many of them nobody knows whether the provider took the first message.
func (f *fixture) running(definition, people string, unknown int) campaign.ID {
	f.t.Helper()
	c := multipartCall("/api/campaigns?start=true", "", part{"campaign", definition}, part{"contacts", people})
	c.token = adminToken
	id, err := campaign.ParseID(decode[api.Created](f.t, f.do(c)).ID)
	if err != nil {
		f.t.Fatal(err)
	}
	for row := range unknown {
		f.lose(id.Recipient(row + 1).Message(0))
	}
	return id
}

// lose claims a message whose answer never comes.
func (f *fixture) lose(id campaign.MessageID) {
	f.t.Helper()
	now := f.server.now()
	if _, err := f.ledger.Claim(f.t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		f.t.Fatal(err)
	}
	err := f.ledger.Settle(f.t.Context(), ledger.Settlement{
		Message: id, Attempt: 1, Outcome: ledger.OutcomeUnknown, At: now, UnknownAfter: time.Minute,
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]campaign.Counts{
		"resend": {campaign.Pending: 3, campaign.Waiting: 3},
		"drop":   {campaign.Pending: 1, campaign.Waiting: 1, campaign.Failed: 2, campaign.Skipped: 2},
	} {
		t.Run(decision, func(t *testing.T) {
			var changed atomic.Int32
			f := start(t, func(o *Options) {
				o.Tokens = threeTokens()
				o.Changed = func() { changed.Add(1) }
			})
			id := f.running(twoSteps, threePeople, 2).String()
			changed.Store(0)
			answer := f.resolve(id, `{"decision": "`+decision+`"}`)
			wantStatus(t, answer, http.StatusOK)
			got := decode[api.Resolved](t, answer)
			if got.Resolved != 2 || got.Campaign.ID != id || changed.Load() != 1 {
				t.Errorf("%+v, changed %d times", got, changed.Load())
			}
			if diff := cmp.Diff(want, got.Campaign.Counts); diff != "" {
				t.Error(diff)
			}
			report := f.do(call{method: "GET", path: "/api/campaigns/" + id + "/report.csv", token: viewerToken}).body
			if strings.Count(report, " by ada,") != 2 {
				t.Errorf("the report does not say who decided:\n%s", report)
			}
			// There is nothing left to decide, which is no trouble.
			if again := decode[api.Resolved](t, f.resolve(id, `{"decision": "drop"}`)); again.Resolved != 0 || changed.Load() != 1 {
				t.Errorf("again: %+v, changed %d times", again, changed.Load())
			}
		})
	}
}

func TestResolveThatCannotSendAgain(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	var late atomic.Bool
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Now = func() time.Time {
			if late.Load() {
				return began.Add(time.Hour)
			}
			return began
		}
	})
	expired := f.running("expires: 1h\n"+twoSteps, threePeople, 2).String()
	cancelled := f.running(twoSteps, threePeople, 1).String()
	wantStatus(t, f.do(call{method: "POST", path: "/api/campaigns/" + cancelled + "/cancel", token: adminToken}), http.StatusOK)
	late.Store(true)
	for id, text := range map[string]string{expired: "expired at 2026-05-01T10:00:00Z", cancelled: "cancelled"} {
		p := wantProblem(t, f.resolve(id, `{"decision": "resend"}`), wrongState)
		if !strings.Contains(p.Detail, text) || !strings.Contains(p.Detail, "can only be dropped") {
			t.Errorf("detail %q, want %q in it", p.Detail, text)
		}
	}
	for id, want := range map[string]int{expired: 2, cancelled: 1} {
		if got := decode[api.Resolved](t, f.resolve(id, `{"decision": "drop"}`)); got.Resolved != want || got.Campaign.Counts[campaign.Failed] != int64(want) {
			t.Errorf("%s: %+v, want %d", id, got, want)
		}
	}
}

func TestDecisionsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	id := f.running(twoSteps, threePeople, 1).String()
	for body, want := range map[string]api.Kind{
		``:                                      badRequest,
		`{}`:                                    badRequest,
		`{"decision": "guess"}`:                 badRequest,
		`{"decision": 1}`:                       badRequest,
		`{"decision": "drop", "messages": [1]}`: badRequest,
		`{"decision": "` + strings.Repeat("drop", 300) + `"}`: tooLarge,
	} {
		p := wantProblem(t, f.resolve(id, body), want)
		if want == badRequest && (!strings.Contains(p.Hint, "resend") || !strings.Contains(p.Hint, "drop")) {
			t.Errorf("%s: the hint %q does not name the choices", body, p.Hint)
		}
	}
	for _, missing := range []string{"zzzzzzz", "nonsense"} {
		wantProblem(t, f.resolve(missing, `{"decision": "drop"}`), notFound)
	}
	wantProblem(t, f.do(call{
		method: "POST", path: "/api/campaigns/" + id + "/resolve", token: adminToken, body: strings.NewReader("decision=drop"),
		header: form(),
	}), wrongType)
	answer := f.do(call{method: "GET", path: "/api/campaigns/" + id, token: viewerToken})
	if n := decode[api.Campaign](t, answer).Counts[campaign.Unknown]; n != 1 {
		t.Errorf("%d unknown messages are left by refused decisions, want 1", n)
	}
}

func TestResolveThatFailsHalfWay(t *testing.T) {
	t.Parallel()
	var changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Changed = func() { changed.Add(1) }
	})
	id := f.running(twoSteps, threePeople, 2).String()
	changed.Store(0)
	f.ledger.resolving.Store(true)
	wantProblem(t, f.resolve(id, `{"decision": "resend"}`), unavailable)
	if changed.Load() != 1 {
		t.Errorf("the scheduler was told %d times of what is to be sent again, want once", changed.Load())
	}
}
