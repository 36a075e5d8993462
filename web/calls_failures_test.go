package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/whatsapp"
)

// miscounted is a refusal that quotes a value of the row.
var miscounted = campaign.Failure{
	Code: 132000, Reason: "parameter_count", Said: "(#132000) 'Ada' is one parameter too few", Detail: "Compare them.", Invalid: true,
}

func TestWhyMessagesFailed(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.running(twoSteps, threePeople, 0)
	for row := 1; row <= 2; row++ {
		f.fail(id.Recipient(row).Message(0), miscounted)
	}
	f.fail(id.Recipient(3).Message(0), campaign.Failure{
		Code: 132069, Reason: "flow_throttled", Retry: true, Throttled: true, Slows: true, Wait: time.Hour, Account: []string{"main", "second"},
	})
	got := decode[api.Campaign](t, f.get("/api/campaigns/"+id.String()))
	want := []api.Failures{{Reason: "parameter_count", Code: 132000, Count: 2, Said: miscounted.Said, Hint: "Compare them."}}
	if diff := cmp.Diff(want, got.Failures); diff != "" {
		t.Error(diff)
	}
	if len(got.Slowed) != 1 || got.Slowed[0].Channel != "main" || got.Slowed[0].Template != "order_update" || got.Slowed[0].Code != 132069 {
		t.Errorf("slowed are %+v", got.Slowed)
	}
	list := decode[api.Page[api.Recipient]](t, f.get("/api/campaigns/"+id.String()+"/recipients?status=failed"))
	if len(list.Items) != 2 || list.Items[0].Detail != miscounted.Said+". Compare them." {
		t.Errorf("recipients: %+v", list.Items)
	}
	if other := f.get("/api/campaigns/" + f.upload()); !strings.Contains(other.body, `"failures":[]`) {
		t.Errorf("a campaign that has met nothing shows %s", other.body)
	}
	if all := f.get("/api/campaigns"); strings.Contains(all.body, `"failures"`) {
		t.Errorf("the list shows %s", all.body)
	}
}

// TestReceiptsWordsStayOutOfTheLog has receipts quote a value of the row, with
// everything that is logged about them.
func TestReceiptsWordsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	f := start(t, guarded)
	list := "Phone,Name\n"
	for row := range 15 {
		list += fmt.Sprintf("+4915112345%03d,Ada\n", row)
	}
	id := f.running(twoSteps, list, 15)
	for row := 1; row <= 15; row++ {
		f.report(id, row, row, func(_ int, r *whatsapp.Receipt) {
			r.Status = campaign.Failed
			r.Err = &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "invalid_parameter", Code: 131009, Message: "'Ana Souza' is no value", Hint: "Correct it."}
		})
	}
	unpaid := f.running(twoSteps, list, 5)
	for row := 1; row <= 5; row++ {
		f.report(unpaid, row, row, func(_ int, r *whatsapp.Receipt) {
			r.Status = campaign.Failed
			r.Err = &whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "payment_problem", Code: 131042, Message: "'Ana Souza' cannot pay", Hint: "Pay."}
		})
	}
	if n := strings.Count(f.log.String(), "a receipt reports a problem"); n != 1 {
		t.Errorf("%d lines about one trouble", n)
	}
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{{
		Scope: whatsapp.NumberScope, Number: "1001", Reason: "number_flagged", Detail: "look at it (+4915112345601)",
	}}})), http.StatusOK)
	for _, line := range []string{"campaign paused", "a receipt reports a problem", "the provider sent a notice"} {
		f.wantLog(line)
	}
	if n := strings.Count(f.log.String(), "campaign paused"); n != 1 {
		t.Errorf("%d lines about one pause", n)
	}
	if log := f.log.String(); strings.Contains(log, "Souza") || strings.Contains(log, "4915112345601") {
		t.Errorf("the log has\n%s", log)
	}
	if _, reason := f.state(id); !strings.Contains(reason, "Ana Souza") {
		t.Errorf("the campaign is paused because %q, want the provider's words", reason)
	}
}
