package web

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

func TestHistoryOfAMessage(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	id := f.running(twoSteps, threePeople, 1)
	message := id.Recipient(2).Message(0)
	now := f.server.now()
	if _, err := f.ledger.Claim(t.Context(), campaign.Task{Message: message, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	refused := ledger.Settlement{
		Message: message, Attempt: 1, Outcome: ledger.OutcomeRefused, At: now,
		Failure: campaign.Failure{Code: 131026, Reason: "undeliverable", Said: "<b>no phone</b>"},
	}
	if err := f.ledger.Settle(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	at := "/api/campaigns/" + id.String() + "/recipients/"
	got := decode[api.History](t, f.do(call{method: "GET", path: at + "2", token: viewerToken}))
	if got.Row != 2 || got.Phone != "+4915112345602" || len(got.Messages) != 2 {
		t.Fatalf("%+v", got)
	}
	first := got.Messages[0]
	if first.Status != "failed" || first.Template != "order_update" || len(first.Tries) != 1 || first.Tries[0].Outcome != "refused" || first.Tries[0].ErrorCode != 131026 {
		t.Errorf("%+v", first)
	}
	for _, row := range []string{"0", "4", "x", strconv.Itoa(campaign.MaxRows + 1)} {
		wantProblem(t, f.do(call{method: "GET", path: at + row, token: viewerToken}), notFound)
	}

	b := browser{t, f, f.logIn(viewerToken)}
	people := "/campaigns/" + id.String() + "/people"
	b.wants(b.get(people), http.StatusOK, people+"/2")
	b.wants(b.get(people+"/2"), http.StatusOK, "+4915112345602", "refused", "undeliverable", "131026", "&lt;b&gt;no phone")
	b.wants(b.get(people+"/1"), http.StatusOK, "unknown")
	b.wants(b.get(people+"/4"), http.StatusNotFound, "row 4")
	b.wants(b.get(people+"?status=failed&reason=undeliverable"), http.StatusOK, "+4915112345602", `value="undeliverable"`)
	b.wants(b.get(people+"?status=failed&reason=other"), http.StatusOK, "Nobody on this list is like that")
}
