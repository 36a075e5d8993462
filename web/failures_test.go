package web

import (
	"net/http"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/whatsapp"
)

// TestReceiptsWordsStayOutOfTheLog has receipts quote a value of the row, with
// everything that is logged about them.
func TestReceiptsWordsStayOutOfTheLog(t *testing.T) {
	f := start(t, guarded)
	id := f.running(twoSteps, threePeople, 0)
	for row := 1; row <= 5; row++ {
		f.report(id, row, row, func(_ int, r *whatsapp.Receipt) {
			r.Status = campaign.Failed
			r.Err = &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "invalid_parameter", Code: 131009, Message: "'Ana Souza' is no value", Hint: "Correct it."}
		})
	}
	f.report(id, 1, 1, func(_ int, r *whatsapp.Receipt) {
		r.Status = campaign.Failed
		r.Err = &whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "payment_problem", Code: 131042, Message: "'Ana Souza' cannot pay", Hint: "Pay."}
	})
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{{
		Scope: whatsapp.NumberScope, Number: "1001", Reason: "number_flagged", Detail: "look at it (+4915112345601)",
	}}})), http.StatusOK)
	for _, line := range []string{"campaign paused", "a receipt tells of trouble", "the provider has news"} {
		f.wantLog(line)
	}
	if log := f.log.String(); strings.Contains(log, "Souza") || strings.Contains(log, "4915112345601") {
		t.Errorf("the log has\n%s", log)
	}
	if _, reason := f.state(id); !strings.Contains(reason, "Ana Souza") {
		t.Errorf("the campaign is paused because %q, want the provider's words", reason)
	}
}
