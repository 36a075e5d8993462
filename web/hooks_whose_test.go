package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// twoApps has each channel's webhooks signed by another app.
func twoApps(o *Options) {
	o.Tokens = threeTokens()
	for name, channel := range o.Channels {
		channel.Identity.App, channel.Identity.Account = "app of "+name, "waba-"+name
		channel.Guard = campaign.GuardLimits{SameRefusal: 1, UnreachableShare: 0.1}
		o.Channels[name] = channel
	}
}

// TestAnAppSpeaksForItsOwnChannels: whatever is signed by the app of main, it moves
// nothing of second.
func TestAnAppSpeaksForItsOwnChannels(t *testing.T) {
	t.Parallel()
	f := start(t, twoApps)
	id := f.running(strings.Replace(twoSteps, "channel: main", "channel: second", 1), threePeople, 3)
	first := id.Recipient(1).Message(0)
	refusal := &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "forged", Code: 100, Hint: "None."}
	account := &whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "forged", Hint: "None."}
	for name, events := range map[string]whatsapp.Events{
		"by the reference":       {Receipts: []whatsapp.Receipt{{Number: "1001", ID: "x", Reference: first.Reference(1), Status: campaign.Delivered}}},
		"by the recipient":       {Receipts: []whatsapp.Receipt{{Number: "1001", ID: "x", Status: campaign.Read, Recipient: whatsapp.Who{Phone: "4915112345601"}}}},
		"without a number":       {Receipts: []whatsapp.Receipt{{ID: "x", Reference: first.Reference(1), Status: campaign.Read}}},
		"under the other number": {Receipts: []whatsapp.Receipt{{Number: "1002", ID: "x", Reference: first.Reference(1), Status: campaign.Read}}},
		"a failure":              {Receipts: []whatsapp.Receipt{{Number: "1001", ID: "x", Reference: first.Reference(1), Status: campaign.Failed, Err: refusal}}},
		"trouble":                {Receipts: []whatsapp.Receipt{{Number: "1002", ID: "x", Reference: first.Reference(1), Status: campaign.Failed, Err: account}}},
		"news of the number":     {Notices: []whatsapp.Notice{{Scope: whatsapp.NumberScope, Number: "1002", Reason: "forged"}}},
		"news of the account":    {Notices: []whatsapp.Notice{{Scope: whatsapp.AccountScope, Account: "waba-second", Reason: "forged"}}},
		"news of a template": {Notices: []whatsapp.Notice{
			{Scope: whatsapp.TemplateScope, Account: "waba-second", Template: "order_update", Language: "en_US", Reason: "forged"}}},
	} {
		wantStatus(t, f.webhook("word", eventsBody(events)), http.StatusOK)
		c, err := f.ledger.Campaign(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if c.State != campaign.Running || c.Counts[campaign.Unknown] != 3 {
			t.Fatalf("%s: the campaign is %s (%s), %v", name, c.State, c.Reason, c.Counts)
		}
	}
	second := call{method: "POST", path: "/webhooks/second", header: map[string]string{"X-Signature": "word"},
		body: strings.NewReader(receiptBody("1002", "x", first.Reference(1), campaign.Delivered))}
	wantStatus(t, f.do(second), http.StatusOK)
	if c, err := f.ledger.Campaign(t.Context(), id); err != nil || c.Counts[campaign.Delivered] != 1 {
		t.Errorf("its own app moved %v, %v", c.Counts, err)
	}
}

// TestAnAppIsOfOneProvider: two providers may be given the same secret.
func TestAnAppIsOfOneProvider(t *testing.T) {
	t.Parallel()
	peers := peersOf(map[string]Channel{
		"one": {Provider: "cloud", Identity: whatsapp.Identity{App: "a"}}, "two": {Provider: "cloud", Identity: whatsapp.Identity{App: "a"}}, "three": {Provider: "other", Identity: whatsapp.Identity{App: "a"}},
		"four": {Provider: "cloud", Identity: whatsapp.Identity{App: "b"}}, "five": {Provider: "cloud"}, "six": {Provider: "cloud"},
	})
	want := map[string][]string{
		"one": {"one", "two"}, "two": {"one", "two"}, "three": {"three"}, "four": {"four"}, "five": {"five"}, "six": {"six"},
	}
	if diff := cmp.Diff(want, peers); diff != "" {
		t.Error(diff)
	}
}

// TestOptOutsSayWhatBecameOfThem: the log and the metrics tell an opt-out that holds from
// one that waits, or is nobody's.
func TestOptOutsSayWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.server.keywords = mustKeywords(t)
	stop := func(who whatsapp.Who) whatsapp.Inbound {
		return whatsapp.Inbound{Number: "1001", ID: "in." + who.Phone + who.UserID, From: who, At: time.Now(), Type: "text", Text: "STOP"}
	}
	wantStatus(t, f.inbound(stop(whatsapp.Who{Phone: "4915112345601"}), stop(whatsapp.Who{UserID: "DE.7"}), stop(whatsapp.Who{})), http.StatusOK)
	f.wantMetrics(
		`carillon_webhook_wishes_total{channel="main",wish="stop"} 1`,
		`carillon_webhook_wishes_not_on_record_total{channel="main",why="waiting",wish="stop"} 1`,
		`carillon_webhook_wishes_not_on_record_total{channel="main",why="nobody",wish="stop"} 1`)
	for _, line := range []string{"an opt-out or opt-in is on record", "waits until the number of the user ID is known", "names no known person"} {
		f.wantLog(line)
	}
	if strings.Contains(f.log.String(), "4915112345601") {
		t.Error("a number stands in the log")
	}

	// The number becomes known, and the opt-out holds for it.
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Receipts: []whatsapp.Receipt{
		{Number: "1001", ID: "w", Status: campaign.Sent, Recipient: whatsapp.Who{Phone: "4915112345602", UserID: "DE.7"}},
	}})), http.StatusOK)
	list, err := f.ledger.Suppressions(t.Context(), ledger.Suppression{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var people []string
	for _, s := range list {
		people = append(people, s.Person)
	}
	if got := strings.Join(people, " "); got != "+4915112345601 +4915112345602 DE.7" {
		t.Errorf("on record are %s", got)
	}
}

func mustKeywords(t *testing.T) *campaign.Keywords {
	t.Helper()
	keywords, err := campaign.NewKeywords(map[string]campaign.SuppressionScope{"stop": campaign.ScopeAll}, []string{"start"})
	if err != nil {
		t.Fatal(err)
	}
	return keywords
}

// TestPeopleAreNamedByUserIDs: an operator may know nothing but the user ID.
func TestPeopleAreNamedByUserIDs(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	send := func(method, path, body string) reply {
		return f.do(call{method: method, path: path, token: adminToken, header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(body)})
	}
	wantStatus(t, send("POST", "/api/suppressions", `{"phone":"US.13491208655302741918"}`), http.StatusOK)
	answer := send("GET", "/api/suppressions", "")
	if !strings.Contains(answer.body, `"US.13491208655302741918"`) {
		t.Errorf("listed are %s", answer.body)
	}
	wantStatus(t, send("DELETE", "/api/suppressions?phone=US.13491208655302741918", ""), http.StatusNoContent)
	wantStatus(t, send("POST", "/api/forget", `{"phone":"US.13491208655302741918"}`), http.StatusOK)
	wantProblem(t, send("POST", "/api/forget", `{"phone":"US-1349"}`), badSuppression)
}

// TestStatusTellsWhereNothingIsEchoed: what becomes of unknown messages there does
// not depend on other receipts.
func TestStatusTellsWhereNothingIsEchoed(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		channel := o.Channels["main"]
		channel.Echoes, channel.UnknownAfter, channel.Resend = false, 10*time.Minute, true
		o.Channels["main"] = channel
	})
	id := f.running(twoSteps, threePeople, 0)
	show := func() api.Campaign {
		t.Helper()
		return decode[api.Campaign](t, f.do(call{method: "GET", path: "/api/campaigns/" + id.String(), token: viewerToken}))
	}
	if v := show(); v.Unechoed != nil {
		t.Errorf("nothing is unknown, and it tells %v", v.Unechoed)
	}
	f.lose(id.Recipient(1).Message(0))
	if v := show(); v.Unechoed["main"] != (api.Unechoed{After: campaign.Duration(10 * time.Minute), Then: "resend"}) {
		t.Errorf("it tells %v", v.Unechoed)
	}
}
