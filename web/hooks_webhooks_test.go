package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// listener is a ledger that keeps the receipts it is given.
type listener struct {
	*brittle
	heard []ledger.Receipt
}

func (l *listener) Receive(_ context.Context, receipts []ledger.Receipt, _ time.Time) ([]ledger.Received, error) {
	l.heard = append(l.heard, receipts...)
	return make([]ledger.Received, len(receipts)), nil
}

func TestReceiptsReachTheLedger(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	at := now.Add(-time.Minute)
	record := &listener{}
	f := start(t, func(o *Options) {
		record.brittle = o.Ledger.(*brittle)
		o.Ledger = record
		o.Now = func() time.Time { return now }
	})
	told := []whatsapp.Receipt{
		{Number: "1001", ID: "a", Reference: "4722366482869645213696.1", Status: campaign.Sent, At: at},
		{Number: "1001", ID: "b", Reference: "80.2", Status: campaign.Delivered, At: at, Recipient: whatsapp.Who{Phone: "551161234567", UserID: "BR.7"}},
		{Number: "1002", ID: "c", Reference: "order 7", Status: campaign.Read},
		{Number: "", ID: "d", Status: campaign.Sent, At: at},
		{Number: "9999", ID: "e", Status: campaign.Sent, At: at},
		{Number: "1001", ID: "f", Reference: "96.1", Status: campaign.Failed, At: at,
			Err: &whatsapp.Error{Class: whatsapp.Drop, Reason: "undeliverable", Code: 131026, Hint: "nothing"}},
		{Number: "1001", ID: "g", Reference: "112.1", Status: campaign.Failed, At: at},
	}
	answer := f.webhook("word", eventsBody(whatsapp.Events{Receipts: told}))
	wantStatus(t, answer, http.StatusOK)
	if answer.body != "" {
		t.Errorf("body %q", answer.body)
	}
	want := []ledger.Receipt{
		{Channel: "main", ProviderID: "a", Status: campaign.Sent, At: at}, // the reference is no number of ours
		{Channel: "main", ProviderID: "b", Message: 80, Attempt: 2, Status: campaign.Delivered, At: at, Keys: []string{"+5511961234567", "BR.7"}},
		{Channel: "second", ProviderID: "c", Status: campaign.Read, At: now},
		{Channel: "main", ProviderID: "d", Status: campaign.Sent, At: at},
		{Channel: "main", ProviderID: "f", Message: 96, Attempt: 1, Status: campaign.Failed, At: at,
			Failure: campaign.Failure{Code: 131026, Reason: "undeliverable", Detail: "nothing"}},
		{Channel: "main", ProviderID: "g", Message: 112, Attempt: 1, Status: campaign.Failed, At: at,
			Failure: campaign.Failure{Reason: "unexplained", Detail: "the provider reported a failure without a reason"}},
	}
	for i := range want {
		want[i].Peers = []string{"main", "second"}
	}
	if diff := cmp.Diff(want, record.heard, cmpopts.IgnoreUnexported(ledger.Receipt{})); diff != "" {
		t.Error(diff)
	}
	f.wantMetrics(
		`carillon_webhook_receipts_total{channel="main",status="sent"} 2`,
		`carillon_webhook_receipts_total{channel="main",status="failed"} 2`,
		`carillon_webhook_receipts_total{channel="second",status="read"} 1`,
		`carillon_webhook_unknown_numbers_total{channel="main"} 1`)
}

func TestWebhooksThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	for _, signature := range []string{"", "guess"} {
		answer := f.webhook(signature, receiptBody("1001", "a", "", campaign.Sent))
		wantProblem(t, answer, unauthorized)
		if strings.Contains(answer.body, "word") {
			t.Errorf("the answer tells what was expected: %s", answer.body)
		}
	}
	answer := f.get("/webhooks/main?verify=word&challenge=%3Cb%3E")
	if answer.body != "<b>" || answer.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%v %s", answer.header, answer.body)
	}
	wantProblem(t, f.get("/webhooks/main?verify=guess"), unauthorized)
	for _, method := range []string{"GET", "POST"} {
		wantProblem(t, f.do(call{method: method, path: "/webhooks/none"}), notFound)
	}
	f.wantMetrics(`carillon_webhook_refused_total{channel="main"} 3`)
}

func TestWebhooksThatMakeNoSense(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	wantStatus(t, f.webhook("word", "{"), http.StatusOK)
	wantProblem(t, f.webhook("word", strings.Repeat(" ", maxWebhook+1)), tooLarge)
	f.wantMetrics(
		`carillon_webhook_malformed_total{channel="main"} 1`,
		`carillon_http_requests_total{code="2xx",route="POST /webhooks/{channel}"} 1`,
		`carillon_http_requests_total{code="4xx",route="POST /webhooks/{channel}"} 1`)
}

func TestTheProviderRepeatsWhatTheLedgerDidNotTake(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	body := receiptBody("1001", "a", "", campaign.Sent)
	f.ledger.receiving.Store(true)
	wantProblem(t, f.webhook("word", body), unavailable)
	f.ledger.receiving.Store(false)
	wantStatus(t, f.webhook("word", body), http.StatusOK)
	f.wantMetrics(`carillon_webhook_receipts_total{channel="main",status="sent"} 1`)
}

func TestInbound(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	wantStatus(t, f.inbound(
		whatsapp.Inbound{Number: "1001", From: whatsapp.Who{Phone: "4915112345601"}, Type: "text", Text: "hello"},
		whatsapp.Inbound{Number: "1002", From: whatsapp.Who{Phone: "4915112345601"}, Type: "hologram"},
		whatsapp.Inbound{Number: "9999", From: whatsapp.Who{Phone: "4915112345601"}, Type: "text"},
	), http.StatusOK)
	f.wantMetrics(
		`carillon_webhook_inbound_total{channel="main",type="text"} 1`,
		`carillon_webhook_inbound_total{channel="second",type="other"} 1`,
		`carillon_webhook_unknown_numbers_total{channel="main"} 1`)
}

// TestTakenWebhooksAreNoNews: there are several for each message, so they are in the
// log at debug alone; one that is refused stands out.
func TestTakenWebhooksAreNoNews(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	levels := func() (levels []string) {
		for line := range strings.Lines(f.log.String()) {
			if strings.Contains(line, "msg=request") && strings.Contains(line, "path=/webhooks/") {
				_, level, _ := strings.Cut(line, "level=")
				level, _, _ = strings.Cut(level, " ")
				levels = append(levels, level)
			}
		}
		return levels
	}
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{})), http.StatusOK)
	wantStatus(t, f.webhook("another", eventsBody(whatsapp.Events{})), http.StatusUnauthorized)
	if diff := cmp.Diff([]string{"DEBUG", "INFO"}, levels()); diff != "" {
		t.Errorf("the levels (-want +got):\n%s\n%s", diff, f.log)
	}
}
