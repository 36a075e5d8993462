package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// hookMetrics is how long webhooks take, ours and those of the providers.
type hookMetrics struct {
	delays  *prometheus.HistogramVec
	answers *prometheus.HistogramVec
}

// newHookMetrics makes the histograms, every series of every channel at zero.
func newHookMetrics(channels map[string]Channel) hookMetrics {
	m := hookMetrics{
		delays: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "carillon_receipt_delay_seconds",
			Help:    "Time from what a receipt reports, by the provider's clock, until it was on record.",
			Buckets: []float64{1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600},
		}, []string{"channel", "status"}),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "carillon_webhook_answer_seconds",
			Help:    "Time from a webhook's request to its answer, by class of status.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"channel", "code"}),
	}
	for name := range channels {
		for _, status := range receiptStatuses() {
			m.delays.WithLabelValues(name, status.String())
		}
		for class := range 4 {
			m.answers.WithLabelValues(name, codeClass((class+2)*100))
		}
	}
	return m
}

// webhookPattern is the route that providers call.
const webhookPattern = "POST /webhooks/{channel}"

// answered notes how long a request took that a provider made.
func (s *Server) answered(r *http.Request, status int, took time.Duration) {
	if name := r.PathValue("channel"); r.Pattern == webhookPattern {
		if _, known := s.channels[name]; known {
			s.metrics.hooks.answers.WithLabelValues(name, codeClass(status)).Observe(took.Seconds())
		}
	}
}
