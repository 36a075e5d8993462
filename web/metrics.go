package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carillon/campaign"
	"carillon/ledger"
)

// otherRoute is the label of requests that no route took.
const otherRoute = "other"

// metrics is what the network side counts. Every label comes out of a closed
// set, and every series is there from the start, with 0.
type metrics struct {
	requests  *prometheus.CounterVec
	routes    map[string]bool
	receipts  *prometheus.CounterVec
	strangers *prometheus.CounterVec
	refused   *prometheus.CounterVec
	malformed *prometheus.CounterVec
	shut      *prometheus.CounterVec
	inbound   *prometheus.CounterVec
	optOuts   *prometheus.CounterVec
	unkept    *prometheus.CounterVec
	hooks     hookMetrics
	exporter  http.Handler
}

func newMetrics(registry *prometheus.Registry, routes []route, channels map[string]Channel) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "carillon", Name: name, Help: help}, labels)
	}
	m := &metrics{
		requests:  counter("http_requests_total", "HTTP requests answered, by route and class of status.", "route", "code"),
		routes:    map[string]bool{"/asynqmon/": true},
		receipts:  counter("webhook_receipts_total", "Receipts on record, by the channel they are for.", "channel", "status"),
		strangers: counter("webhook_unknown_numbers_total", "Receipts and messages ignored because no channel has their number.", "channel"),
		refused:   counter("webhook_refused_total", "Webhook requests that did not prove where they came from.", "channel"),
		malformed: counter("webhook_malformed_total", "Signed webhook requests that could not be understood.", "channel"),
		shut:      counter("webhook_windows_shut_total", "Free-form messages reported failed because the person's window is shut.", "channel"),
		inbound:   counter("webhook_inbound_total", "Messages from people, by kind.", "channel", "type"),
		optOuts:   counter("webhook_wishes_total", "Opt-outs and opt-ins of people on record.", "channel", "wish"),
		unkept:    counter("webhook_wishes_not_on_record_total", "Opt-outs and opt-ins that apply to no number: the number of a user ID is not known yet, the person is unknown, it was taken back since, or the person was erased.", "channel", "wish", "why"),
		hooks:     newHookMetrics(channels),
		exporter:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	for _, r := range routes {
		m.routes[r.pattern()] = true
	}
	for pattern := range m.routes {
		m.begin(pattern)
	}
	m.begin(otherRoute)
	for name := range channels {
		for _, status := range receiptStatuses() {
			m.receipts.WithLabelValues(name, status.String())
		}
		for _, kind := range inboundTypes() {
			m.inbound.WithLabelValues(name, kind)
		}
		for _, optOut := range []string{"stop", "start"} {
			m.optOuts.WithLabelValues(name, optOut)
			for _, fate := range ledger.Fates() {
				if fate != ledger.FateOnRecord {
					m.unkept.WithLabelValues(name, optOut, string(fate))
				}
			}
		}
		for _, vec := range []*prometheus.CounterVec{m.strangers, m.refused, m.malformed, m.shut} {
			vec.WithLabelValues(name)
		}
	}
	for _, vec := range []prometheus.Collector{
		m.requests, m.receipts, m.strangers, m.refused, m.malformed, m.shut, m.inbound, m.optOuts, m.unkept, m.hooks.delays, m.hooks.answers,
	} {
		if err := registry.Register(vec); err != nil {
			return nil, fmt.Errorf("web: metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) begin(route string) {
	for class := range 4 {
		m.requests.WithLabelValues(route, codeClass((class+2)*100))
	}
}

// codeClass is the class of a status: 2xx to 5xx. No status at all is a
// connection that broke, or was broken off.
func codeClass(status int) string {
	if status < 200 || status > 599 {
		return "5xx"
	}
	return fmt.Sprintf("%dxx", status/100)
}

func (m *metrics) request(pattern string, status int) {
	if !m.routes[pattern] {
		pattern = otherRoute
	}
	m.requests.WithLabelValues(pattern, codeClass(status)).Inc()
}

func (m *metrics) message(channel, kind string) {
	if !slices.Contains(inboundTypes(), kind) {
		kind = "other"
	}
	m.inbound.WithLabelValues(channel, kind).Inc()
}

// optOut counts an opt-out or opt-in by what became of it.
func (m *metrics) optOut(channel, optOut string, fate ledger.Fate) {
	if fate == ledger.FateOnRecord {
		m.optOuts.WithLabelValues(channel, optOut).Inc()
		return
	}
	m.unkept.WithLabelValues(channel, optOut, string(fate)).Inc()
}

func (m *metrics) serve(w http.ResponseWriter, r *http.Request) error {
	m.exporter.ServeHTTP(w, r)
	return nil
}

// receiptStatuses are those a provider reports.
func receiptStatuses() []campaign.Status {
	return []campaign.Status{campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed}
}

// inboundTypes are the kinds of messages people send (Meta, messages webhook
// reference), and one for all that may come later.
func inboundTypes() []string {
	return []string{
		"text", "button", "interactive", "image", "video", "audio", "document", "sticker", "location",
		"contacts", "reaction", "order", "edit", "revoke", "system", "unsupported", "other",
	}
}
