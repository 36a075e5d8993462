package worker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/ledger"
	"carillon/whatsapp"
)

// The classes of a request that was accepted; whatsapp.Classes has the others.
const (
	classAccepted = "accepted"
	classHeld     = "held"
)

// Metrics counts what workers do. All label sets are closed.
type Metrics struct {
	answers  *prometheus.CounterVec
	waits    *prometheus.HistogramVec
	outcomes *prometheus.CounterVec
	refusals *prometheus.CounterVec
	failures *prometheus.CounterVec
	requests *prometheus.HistogramVec
	breakers *prometheus.GaugeVec
	asked    *prometheus.CounterVec
	contents *prometheus.CounterVec
	reads    *prometheus.CounterVec
	shut     *prometheus.CounterVec
}

// NewMetrics registers the metrics of channels, with every label at zero. reasons
// are, by channel, those that its provider may give.
func NewMetrics(r prometheus.Registerer, reasons map[string][]string) *Metrics {
	m := &Metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_answers_total", Help: "Requests that send a message, by the class of the answer.",
		}, []string{"channel", "class"}),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carillon_departure_wait_seconds", Help: "Time from taking a task up to its departure in the number's rate.",
			Buckets: []float64{.01, .05, .1, .15, .25, .5, 1, 2, 4, 8, 15},
		}, []string{"channel"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_attempts_total", Help: "Attempts by outcome.",
		}, []string{"channel", "outcome"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_claims_refused_total", Help: "Tasks whose message was not to be sent, by reason.",
		}, []string{"channel", "reason"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_provider_errors_total", Help: "Refusals and errors of a provider, by reason.",
		}, []string{"channel", "reason"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carillon_request_seconds", Help: "Duration of requests to a provider.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"channel"}),
		breakers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_breaker_open", Help: "1 while nothing is sent because the provider is failing, else 0.",
		}, []string{"channel"}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_polls_total", Help: "Times that a provider was asked what became of a message, by result.",
		}, []string{"channel", "result"}),
		contents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_sends_total", Help: "Attempts that were made, by what they sent.",
		}, []string{"channel", "content"}),
		reads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_reads_total", Help: "Messages of people that were marked as read, by result.",
		}, []string{"channel", "result"}),
		shut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_windows_shut_total", Help: "Free-form messages that the provider refused because the person's window is shut.",
		}, []string{"channel"}),
	}
	r.MustRegister(m.answers, m.waits, m.outcomes, m.refusals, m.failures, m.requests, m.breakers, m.asked, m.contents, m.reads, m.shut)
	for channel, known := range reasons {
		m.zero(channel, known)
	}
	return m
}

// zero sets every label of a channel to zero.
func (m *Metrics) zero(channel string, reasons []string) {
	for _, outcome := range []ledger.Outcome{
		ledger.OutcomeAccepted, ledger.OutcomeHeld, ledger.OutcomeRefused, ledger.OutcomeUnknown, ledger.OutcomeReleased,
	} {
		m.outcomes.WithLabelValues(channel, string(outcome))
	}
	for _, reason := range ledger.RefusalReasons() {
		m.refusals.WithLabelValues(channel, reason)
	}
	for _, reason := range reasons {
		m.failures.WithLabelValues(channel, reason)
	}
	for _, content := range []content{contentTemplate, contentFree, contentOtherwise} {
		m.contents.WithLabelValues(channel, string(content))
	}
	for _, result := range []string{markedRead, notMarked} {
		m.reads.WithLabelValues(channel, result)
	}
	for _, class := range classes() {
		m.answers.WithLabelValues(channel, class)
	}
	m.shut.WithLabelValues(channel)
	m.waits.WithLabelValues(channel)
	m.requests.WithLabelValues(channel)
	m.breakers.WithLabelValues(channel)
}

// polls sets the counts of a channel that is polled to zero.
func (m *Metrics) polls(channel string) {
	for _, result := range []pollResult{pollTold, pollNothing, pollThrottled, pollFailed} {
		m.asked.WithLabelValues(channel, string(result))
	}
}

func (m *Metrics) polled(channel string, result pollResult) {
	m.asked.WithLabelValues(channel, string(result)).Inc()
}

func (m *Metrics) content(channel string, c content) {
	m.contents.WithLabelValues(channel, string(c)).Inc()
}

// The results of marking a message as read.
const markedRead, notMarked = "marked", "failed"

func (m *Metrics) read(channel string, marked bool) {
	result := notMarked
	if marked {
		result = markedRead
	}
	m.reads.WithLabelValues(channel, result).Inc()
}

func (m *Metrics) windowShut(channel string) { m.shut.WithLabelValues(channel).Inc() }

func (m *Metrics) settled(channel string, outcome ledger.Outcome) {
	m.outcomes.WithLabelValues(channel, string(outcome)).Inc()
}

func (m *Metrics) refused(channel, reason string) {
	m.refusals.WithLabelValues(channel, reason).Inc()
}

func (m *Metrics) failed(channel, reason string) {
	m.failures.WithLabelValues(channel, reason).Inc()
}

func classes() []string {
	all := []string{classAccepted, classHeld}
	for _, class := range whatsapp.Classes() {
		all = append(all, class.String())
	}
	return all
}

// posted counts a request by its answer; refusal is nil where it was accepted.
func (m *Metrics) posted(channel string, took time.Duration, accepted whatsapp.Accepted, refusal *whatsapp.Error) {
	class := classAccepted
	switch {
	case refusal != nil:
		class = refusal.Class.String()
	case accepted.Held:
		class = classHeld
	}
	m.answers.WithLabelValues(channel, class).Inc()
	m.requests.WithLabelValues(channel).Observe(took.Seconds())
}

// waited notes how long a task waited for its departure.
func (m *Metrics) waited(channel string, wait time.Duration) {
	m.waits.WithLabelValues(channel).Observe(max(0, wait).Seconds())
}

func (m *Metrics) outage(channel string, open bool) {
	value := 0.0
	if open {
		value = 1
	}
	m.breakers.WithLabelValues(channel).Set(value)
}
