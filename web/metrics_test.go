package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/whatsapp"
)

func TestSeriesAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	metrics := f.get("/metrics").body
	for _, line := range []string{
		`carillon_http_requests_total{code="5xx",route="POST /api/campaigns"} 0`,
		`carillon_http_requests_total{code="4xx",route="other"} 0`,
		`carillon_webhook_receipts_total{channel="main",status="delivered"} 0`,
		`carillon_webhook_refused_total{channel="second"} 0`,
		`carillon_webhook_malformed_total{channel="main"} 0`,
		`carillon_webhook_unknown_numbers_total{channel="main"} 0`,
		`carillon_webhook_inbound_total{channel="main",type="text"} 0`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.get("/api/campaigns/zzzzzzz")
	f.get("/api/campaigns/yyyyyyy")
	f.get("/some/path")
	f.do(call{method: "PUT", path: "/api/campaigns"})
	f.wantMetrics(
		`carillon_http_requests_total{code="4xx",route="GET /api/campaigns/{id}"} 2`,
		`carillon_http_requests_total{code="4xx",route="other"} 2`)
}

func (f *fixture) wantMetrics(lines ...string) {
	f.t.Helper()
	metrics := f.get("/metrics").body
	for _, line := range lines {
		if !strings.Contains(metrics, line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			var there []string
			for have := range strings.Lines(metrics) {
				if strings.HasPrefix(have, name) && !strings.HasSuffix(have, " 0\n") {
					there = append(there, have)
				}
			}
			f.t.Errorf("%s is missing; there are\n%s", line, strings.Join(there, ""))
		}
	}
}

// TestWebhooksAreTimed tells receipts of a minute ago and of no time, and one that
// proves nothing.
func TestWebhooksAreTimed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	f := start(t, func(o *Options) { o.Now = func() time.Time { return now } })
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Receipts: []whatsapp.Receipt{
		{Number: "1001", ID: "a", Status: campaign.Sent, At: now.Add(-time.Minute)},
		{Number: "1002", ID: "b", Status: campaign.Sent, At: now.Add(time.Second)}, // its clock is ahead
		{Number: "1001", ID: "c", Status: campaign.Read},
	}})), http.StatusOK)
	wantStatus(t, f.webhook("another word", "{}"), http.StatusUnauthorized)
	f.wantMetrics(
		`carillon_receipt_delay_seconds_sum{channel="main",status="sent"} 60`,
		`carillon_receipt_delay_seconds_bucket{channel="main",status="sent",le="30"} 0`,
		`carillon_receipt_delay_seconds_count{channel="second",status="sent"} 1`,
		`carillon_receipt_delay_seconds_sum{channel="second",status="sent"} 0`,
		`carillon_receipt_delay_seconds_count{channel="main",status="read"} 0`,
		`carillon_webhook_receipts_total{channel="main",status="read"} 1`,
		`carillon_webhook_answer_seconds_count{channel="main",code="2xx"} 1`,
		`carillon_webhook_answer_seconds_count{channel="main",code="4xx"} 1`,
		`carillon_webhook_answer_seconds_count{channel="second",code="2xx"} 0`)
}

func TestARegistryTakesOneServer(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	start(t, func(o *Options) { o.Registry = registry })
	if _, err := New(Options{Ledger: &brittle{}, Registry: registry}); err == nil {
		t.Error("a second server registered the same metrics")
	}
}

func TestCodeClass(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{0: "5xx", http.StatusOK: "2xx", http.StatusSeeOther: "3xx", 404: "4xx", 503: "5xx", 999: "5xx"} {
		if got := codeClass(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.running(twoSteps, threePeople, 2)
	f.wantMetrics(
		`carillon_messages{status="unknown"} 2`,
		`carillon_messages{status="pending"} 1`,
		`carillon_messages{status="waiting"} 3`,
		`carillon_messages{status="read"} 0`,
		`carillon_messages_undecided 2`,
		`carillon_campaigns{state="running"} 1`,
		`carillon_campaigns{state="paused"} 0`,
		`carillon_campaigns_in_trouble 0`,
		`carillon_ledger_up 1`)
	if !strings.Contains(f.get("/metrics").body, "\ncarillon_ledger_ping_seconds ") {
		t.Error("nothing says how long a write takes")
	}
	f.ledger.totalling.Store(true)
	metrics := f.get("/metrics").body
	for _, gone := range []string{"carillon_messages{", "carillon_campaigns{", "\ncarillon_ledger_ping_seconds "} {
		if strings.Contains(metrics, gone) {
			t.Errorf("the metrics show %s, which could not be read", gone)
		}
	}
	f.wantMetrics(`carillon_ledger_up 0`)
	if !strings.Contains(metrics, "carillon_webhook_receipts_total{") {
		t.Error("without the totals all other metrics are gone")
	}
}
