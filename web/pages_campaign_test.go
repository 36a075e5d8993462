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
)

// TestUnknownsAreDecidedOnAPage: by an admin, who is told what it means.
func TestUnknownsAreDecidedOnAPage(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	id := f.running(twoSteps, threePeople, 2)
	at := "/campaigns/" + id.String()
	b := browser{t, f, f.logIn(operatorToken)}
	if page := b.get(at); strings.Contains(page.body, at+"/drop") || strings.Contains(page.body, at+"/resend") {
		t.Error("an operator is offered to decide")
	}
	if answer := b.ask(http.MethodPost, at+"/drop", nil, nil); answer.status != http.StatusForbidden {
		t.Errorf("an operator has decided: %d", answer.status)
	}
	b.cookie = f.logIn(adminToken)
	b.wants(b.get(at), http.StatusOK, at+"/drop", at+"/resend")
	b.wants(b.get(at+"/resend"), http.StatusOK, "2 messages may have been accepted", "gets it twice")
	b.wants(b.get(at+"/drop"), http.StatusOK, "none is sent again")
	if answer := b.ask(http.MethodPost, at+"/drop", nil, nil); answer.status != http.StatusSeeOther {
		t.Errorf("drop: %d %s", answer.status, answer.body)
	}
	page := b.get(at)
	b.wants(page, http.StatusOK, "dropped by ada", "decided about unknown messages", "people?status=failed&amp;reason=dropped%20by%20ada")
	if strings.Contains(page.body, at+"/drop") {
		t.Error("there is nothing left to decide, and it is offered")
	}
	b.wants(b.get(at+"/people?status=failed&reason=dropped%20by%20ada"), http.StatusOK, "+4915112345601", "+4915112345602")
}

func TestRatesOfACampaign(t *testing.T) {
	t.Parallel()
	at := clockAt(time.Date(2026, 5, 1, 9, 0, 2, 0, time.UTC))
	f := start(t, func(o *Options) { o.Tokens, o.Now = threeTokens(), at.now })
	id := f.running(twoSteps, threePeople, 0)
	at.pass(2 * time.Second)
	for row := 1; row <= 2; row++ {
		message := id.Recipient(row).Message(0)
		if _, err := f.ledger.Claim(t.Context(), campaign.Task{Message: message, Attempt: 1}, ledger.Sender{}, at.now(), at.now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		done := ledger.Settlement{Message: message, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: at.now(), ProviderID: message.Reference(1)}
		if err := f.ledger.Settle(t.Context(), done); err != nil {
			t.Fatal(err)
		}
	}
	at.pass(6 * time.Second)
	wantStatus(t, f.do(call{method: "POST", path: "/api/campaigns/" + id.String() + "/pause", token: operatorToken}), http.StatusOK)
	got := decode[api.Rates](t, f.do(call{method: "GET", path: "/api/campaigns/" + id.String() + "/rates", token: viewerToken}))
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	want := api.Rates{
		Every: 10, Limit: 20, Points: []api.RatePoint{{At: began, Accepted: 2}},
		Marks: []api.RateMark{{At: began.Add(2 * time.Second), Action: "start", Who: "ada"}, {At: began.Add(10 * time.Second), Action: "pause", Who: "otto"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b := browser{t, f, f.logIn(viewerToken)}
	page := b.get("/campaigns/" + id.String())
	b.wants(page, http.StatusOK, "<svg", `role="img"`, "accepted 2 messages, at most 0.2/s of 20/s allowed", "pause by", "As a table")
	if strings.Contains(page.body, " style=") {
		t.Error("there is a style in the page")
	}
}

// TestDefinitionAsItWasUploaded: with its comments; one whose text is not known
// comes as what was read, which makes the same campaign.
func TestDefinitionAsItWasUploaded(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	text := "# why we write\n" + twoSteps
	c := multipartCall("/api/campaigns", "", part{"campaign", text}, part{"contacts", fourContacts})
	c.token = operatorToken
	id := decode[api.Created](t, f.do(c)).ID
	answer := f.do(call{method: "GET", path: "/api/campaigns/" + id + "/definition", token: viewerToken})
	if answer.body != text || answer.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%s: %s", answer.header.Get("Content-Type"), answer.body)
	}
	def, err := campaign.Parse([]byte(twoSteps))
	if err != nil {
		t.Fatal(err)
	}
	in, err := f.ledger.BeginIntake(t.Context(), ledger.NewCampaign{Definition: def, Columns: []string{"Phone", "Name"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Reveal(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer = f.do(call{method: "GET", path: "/api/campaigns/" + in.ID().String() + "/definition", token: viewerToken})
	again, err := campaign.Parse([]byte(answer.body))
	if err != nil || answer.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %v\n%s", answer.header.Get("Content-Type"), err, answer.body)
	}
	if diff := cmp.Diff(def, again); diff != "" {
		t.Error(diff)
	}
	b := browser{t, f, f.logIn(operatorToken)}
	b.wants(b.get("/campaigns/"+id), http.StatusOK, "/new?campaign="+id, "/api/campaigns/"+id+"/definition")
}
