package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
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
		`carillon_messages{status="read"} 0`)
	f.ledger.totalling.Store(true)
	metrics := f.get("/metrics").body
	if strings.Contains(metrics, "carillon_messages{") {
		t.Error("the metrics show totals that could not be read")
	}
	if !strings.Contains(metrics, "carillon_webhook_receipts_total{") {
		t.Error("without the totals all other metrics are gone")
	}
}
