package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
)

// totalsWithin bounds each question to the ledger behind a scrape.
const totalsWithin = 2 * time.Second

// totals shows what the ledger holds when it is asked, and whether it can be
// written to. The messages that are unknown and the campaigns in trouble,
// above all, are for somebody to look at.
type totals struct {
	ledger    Ledger
	log       *slog.Logger
	messages  *prometheus.Desc
	undecided *prometheus.Desc
	campaigns *prometheus.Desc
	inTrouble *prometheus.Desc
	up        *prometheus.Desc
	ping      *prometheus.Desc
}

func newTotals(l Ledger, log *slog.Logger) *totals {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &totals{
		ledger: l, log: log,
		messages:  desc("carillon_messages", "Messages of all campaigns, by status.", "status"),
		undecided: desc("carillon_messages_undecided", "Unknown messages that wait for a receipt or for on_unknown; all other unknown ones wait for a person."),
		campaigns: desc("carillon_campaigns", "Campaigns, by state.", "state"),
		inTrouble: desc("carillon_campaigns_in_trouble", "Campaigns that Carillon has paused, or of which it has stopped a channel, until a person acts."),
		up:        desc("carillon_ledger_up", "1 if the ledger could be written to just now, else 0."),
		ping:      desc("carillon_ledger_ping_seconds", "Time that the ledger took for a small write just now; missing while it cannot be written to."),
	}
}

// Describe implements prometheus.Collector.
func (t *totals) Describe(all chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{t.messages, t.undecided, t.campaigns, t.inTrouble, t.up, t.ping} {
		all <- desc
	}
}

// Collect implements prometheus.Collector. While the ledger does not answer its
// series are missing, but for carillon_ledger_up, and all others are there.
func (t *totals) Collect(all chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	t.ask("carillon_messages", func(ctx context.Context) error {
		counts, err := t.ledger.Totals(ctx)
		if err != nil {
			return err
		}
		for _, status := range campaign.Statuses() {
			if status != campaign.Rejected { // a row that has no message
				gauge(t.messages, float64(counts[status]), status.String())
			}
		}
		return nil
	})
	t.ask("carillon_campaigns", func(ctx context.Context) error {
		census, err := t.ledger.Census(ctx)
		if err != nil {
			return err
		}
		for _, state := range campaign.States() {
			gauge(t.campaigns, float64(census.States[state]), string(state))
		}
		gauge(t.inTrouble, float64(census.InTrouble))
		gauge(t.undecided, float64(census.Undecided))
		return nil
	})
	began := time.Now()
	if !t.ask("carillon_ledger_ping_seconds", t.ledger.Ping) {
		gauge(t.up, 0)
		return
	}
	gauge(t.up, 1)
	gauge(t.ping, time.Since(began).Seconds())
}

// ask puts a question to the ledger and reports whether it had an answer.
func (t *totals) ask(what string, question func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), totalsWithin)
	defer cancel()
	err := question(ctx)
	if err != nil {
		t.log.Error("metrics without "+what, "error", err)
	}
	return err == nil
}
