package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"carillon/ledger"
	"carillon/ratelimit"
)

// ledgerMetrics is what the ledger tells of its transactions.
type ledgerMetrics struct {
	jobs    *prometheus.HistogramVec
	seconds *prometheus.HistogramVec
	failed  *prometheus.CounterVec
	decided *prometheus.CounterVec
}

// observeLedger counts what the ledger does, every label at zero.
func (a *App) observeLedger() {
	m := ledgerMetrics{
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carillon_ledger_commit_jobs", Help: "Claims, results, receipts and other jobs that shared a transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10), // as far as 512, the most that may share one
		}, []string{"priority"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carillon_ledger_commit_seconds", Help: "Duration of a transaction, from its begin until it was on disk.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"priority"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_ledger_commits_failed_total", Help: "Transactions that were given up: what they were to do was not possible, or the ledger failed.",
		}, []string{"priority"}),
		decided: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_unknown_decided_total", Help: "Unknown messages that were decided, by how.",
		}, []string{"way"}),
	}
	a.registry.MustRegister(m.jobs, m.seconds, m.failed, m.decided)
	for _, priority := range ledger.Priorities() {
		m.jobs.WithLabelValues(priority.String())
		m.seconds.WithLabelValues(priority.String())
		m.failed.WithLabelValues(priority.String())
	}
	for _, way := range ledger.Ways() {
		m.decided.WithLabelValues(string(way))
	}
	a.ledger.Observe(ledger.Observer{Committed: m.committed, Decided: func(way ledger.Way, n int) {
		m.decided.WithLabelValues(string(way)).Add(float64(n))
	}})
}

func (m ledgerMetrics) committed(c ledger.Commit) {
	priority := c.Priority.String()
	if c.Err != nil {
		m.failed.WithLabelValues(priority).Inc()
		return
	}
	m.jobs.WithLabelValues(priority).Observe(float64(c.Jobs))
	m.seconds.WithLabelValues(priority).Observe(c.Took.Seconds())
}

// channelMetrics shows of each channel, when it is asked, how fast it may send
// and whether its queue takes tasks.
type channelMetrics struct {
	channels   []string
	limiters   map[string]ratelimit.Limiter // of a process that sends
	refuses    func() map[string]string
	configured *prometheus.Desc
	allowed    *prometheus.Desc
	refused    *prometheus.Desc
}

// watchChannels shows the channels' rates where this process sends, and their
// queues in any.
func (a *App) watchChannels(names []string, limiters map[string]ratelimit.Limiter) {
	if !a.roles.Worker {
		limiters = nil // they are not asked for departures here
	}
	a.registry.MustRegister(newChannelMetrics(names, limiters, a.unqueued))
}

// rated is a limiter that tells its rates.
type rated interface {
	Rate() (configured, allowed float64)
}

var (
	_ rated = (*ratelimit.Local)(nil)
	_ rated = (*ratelimit.Shared)(nil)
)

func newChannelMetrics(channels []string, limiters map[string]ratelimit.Limiter, refuses func() map[string]string) *channelMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"channel"}, nil)
	}
	return &channelMetrics{
		channels: channels, limiters: limiters, refuses: refuses,
		configured: desc("carillon_rate_configured_per_second", "Requests a second that a number may make by its configuration; +Inf for no limit."),
		allowed:    desc("carillon_rate_allowed_per_second", "Requests a second that a number may make now, after what its provider has refused; +Inf for no limit."),
		refused:    desc("carillon_queue_refuses", "1 if a channel's queue accepts no tasks, else 0."),
	}
}

// Describe implements prometheus.Collector.
func (m *channelMetrics) Describe(all chan<- *prometheus.Desc) {
	all <- m.configured
	all <- m.allowed
	all <- m.refused
}

// Collect implements prometheus.Collector.
func (m *channelMetrics) Collect(all chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, channel string) {
		all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, channel)
	}
	refuses := m.refuses()
	for _, name := range m.channels {
		value := 0.0
		if _, refused := refuses[name]; refused {
			value = 1
		}
		gauge(m.refused, value, name)
		if limiter, ok := m.limiters[name].(rated); ok {
			configured, allowed := limiter.Rate()
			gauge(m.configured, configured, name)
			gauge(m.allowed, allowed, name)
		}
	}
}
