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

// retry asks as the least who may. Without a body it sends none.
func (f *fixture) retry(id, body string) reply {
	f.t.Helper()
	c := call{method: "POST", path: "/api/campaigns/" + id + "/retry", token: operatorToken}
	if body != "" {
		c.header, c.body = map[string]string{"Content-Type": "application/json"}, strings.NewReader(body)
	}
	return f.do(c)
}

// fail claims a message that the provider refuses.
func (f *fixture) fail(id campaign.MessageID, failure campaign.Failure) {
	f.t.Helper()
	now := f.server.now()
	if _, err := f.ledger.Claim(f.t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		f.t.Fatal(err)
	}
	err := f.ledger.Settle(f.t.Context(), ledger.Settlement{
		Message: id, Attempt: 1, Outcome: ledger.OutcomeRefused, At: now, Failure: failure,
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// failing starts a campaign of two steps for three people. The first message
// to each has failed: at a busy provider, for good, and to one who has opted
// out meanwhile.
func (f *fixture) failing() campaign.ID {
	f.t.Helper()
	busy := campaign.Failure{Reason: "busy", Retry: true, Tries: 1}
	id := f.running(twoSteps, threePeople, 0)
	for row, failure := range []campaign.Failure{busy, {Reason: "not on WhatsApp"}, busy} {
		f.fail(id.Recipient(row+1).Message(0), failure)
	}
	out := []ledger.Suppression{{Person: "+4915112345603", Scope: campaign.ScopeAll}}
	if err := f.ledger.Suppress(f.t.Context(), out, ledger.Actor{Name: "tester"}, f.server.now()); err != nil {
		f.t.Fatal(err)
	}
	return id
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no body": ``, "no word": `{}`, "failed": `{"statuses": ["failed"]}`, "both": `{"statuses": ["expired", "failed"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var changed atomic.Int32
			f := start(t, func(o *Options) {
				o.Tokens = threeTokens()
				o.Changed = func() { changed.Add(1) }
			})
			id := f.failing().String()
			changed.Store(0)
			answer := f.retry(id, body)
			wantStatus(t, answer, http.StatusOK)
			got := decode[api.Retried](t, answer)
			if got.Again != 1 || got.Refused != 1 || got.OptedOut != 1 || got.Campaign.ID != id || changed.Load() != 1 {
				t.Errorf("%+v, changed %d times", got, changed.Load())
			}
			left := []api.LeftOut{
				{Row: 2, Step: 1, Phone: "+4915112345602", Status: campaign.Failed.String(), Why: "not on WhatsApp"},
				{Row: 3, Step: 1, Phone: "+4915112345603", Status: campaign.Failed.String(), Why: "opted out: recorded by an operator"},
			}
			if diff := cmp.Diff(left, got.LeftOut); diff != "" {
				t.Error(diff)
			}
			want := campaign.Counts{campaign.Pending: 1, campaign.Waiting: 1, campaign.Failed: 2, campaign.Skipped: 2}
			if diff := cmp.Diff(want, got.Campaign.Counts); diff != "" {
				t.Error(diff)
			}
			report := f.do(call{method: "GET", path: "/api/campaigns/" + id + "/report.csv", token: viewerToken}).body
			if strings.Count(report, "retried by otto,") != 1 {
				t.Errorf("the report does not say who retried:\n%s", report)
			}
			again := decode[api.Retried](t, f.retry(id, body))
			if again.Again != 0 || again.Refused != 1 || again.OptedOut != 1 {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

func TestRetryOfWhatRanOutOfTime(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	var late, changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Now = func() time.Time { return began.Add(time.Duration(late.Load()) * time.Hour) }
		o.Changed = func() { changed.Add(1) }
	})
	number := f.running("expires: 1h\n"+twoSteps, threePeople, 0)
	id := number.String()
	late.Store(2)
	if err := f.ledger.CloseRows(t.Context(), number, campaign.Expired, "its time is over", f.server.now()); err != nil {
		t.Fatal(err)
	}
	if done, err := f.ledger.Finish(t.Context(), []campaign.ID{number}, f.server.now()); err != nil || len(done) != 1 {
		t.Fatalf("finished %v, %v", done, err)
	}
	changed.Store(0)
	if got := decode[api.Retried](t, f.retry(id, "")); got.Again != 0 || got.Campaign.State != campaign.Finished || changed.Load() != 0 {
		t.Errorf("the failed: %+v, changed %d times; want it as it was", got, changed.Load())
	}
	got := decode[api.Retried](t, f.retry(id, `{"statuses": ["expired"]}`))
	if diff := cmp.Diff(campaign.Counts{campaign.Pending: 3, campaign.Waiting: 3}, got.Campaign.Counts); diff != "" {
		t.Error(diff)
	}
	want := began.Add(3 * time.Hour)
	if c := got.Campaign; got.Again != 6 || c.State != campaign.Running || c.ExpiresAt == nil || !c.ExpiresAt.Equal(want) {
		t.Errorf("%+v; want 6 again, running until %s", got, want)
	}
}

func TestRetriesThatAreRefused(t *testing.T) {
	t.Parallel()
	var changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Changed = func() { changed.Add(1) }
	})
	id := f.failing().String()
	cancelled := f.running(twoSteps, threePeople, 0).String()
	wantStatus(t, f.do(call{method: "POST", path: "/api/campaigns/" + cancelled + "/cancel", token: operatorToken}), http.StatusOK)
	upload := uploadCall("/api/campaigns", "")
	upload.token = operatorToken
	draft := decode[api.Created](t, f.do(upload)).ID
	changed.Store(0)
	for body, want := range map[string]api.Kind{
		`{"statuses": []}`:                           badRequest,
		`{"statuses": ["failed", "delivered"]}`:      badRequest,
		`{"statuses": ["unknown"]}`:                  badRequest,
		`{"statuses": ["broken"]}`:                   badRequest,
		`{"statuses": "failed"}`:                     badRequest,
		`{"statuses": ["failed"], "messages": [1]}`:  badRequest,
		`["failed"]`:                                 badRequest,
		`{"statuses": [` + strings.Repeat(" ", 2000): tooLarge,
	} {
		p := wantProblem(t, f.retry(id, body), want)
		if want == badRequest && !strings.Contains(p.Hint, `["failed", "expired"]`) {
			t.Errorf("%s: the hint %q does not name the choices", body, p.Hint)
		}
	}
	for _, missing := range []string{"zzzzzzz", "nonsense"} {
		wantProblem(t, f.retry(missing, ""), notFound)
	}
	for id, state := range map[string]string{cancelled: "cancelled", draft: "draft"} {
		if p := wantProblem(t, f.retry(id, ""), wrongState); !strings.Contains(p.Detail, state) || !strings.Contains(p.Hint, "finished") {
			t.Errorf("%s: %+v", state, p)
		}
	}
	path := "/api/campaigns/" + id + "/retry"
	wantProblem(t, f.do(call{method: "POST", path: path, token: operatorToken, body: strings.NewReader("statuses=failed"), header: form()}), wrongType)
	wantProblem(t, f.do(call{method: "POST", path: path, token: viewerToken}), forbidden)
	answer := f.do(call{method: "GET", path: "/api/campaigns/" + id, token: viewerToken})
	if n := decode[api.Campaign](t, answer).Counts[campaign.Failed]; n != 3 || changed.Load() != 0 {
		t.Errorf("refused retries leave %d failed messages, want 3; changed %d times", n, changed.Load())
	}
}

func TestRetryThatFailsHalfWay(t *testing.T) {
	t.Parallel()
	var changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Changed = func() { changed.Add(1) }
	})
	id := f.failing().String()
	changed.Store(0)
	f.ledger.retrying.Store(true)
	wantProblem(t, f.retry(id, ""), unavailable)
	if changed.Load() != 1 {
		t.Errorf("the scheduler was told %d times of what is attempted again, want once", changed.Load())
	}
}
