package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
)

// totalsWithin bounds the query behind a scrape.
const totalsWithin = 2 * time.Second

// totals shows how many messages have which status, as the ledger knows it when
// it is asked. The number that are unknown, above all, is one that somebody has
// to look at.
type totals struct {
	read func(context.Context) (campaign.Counts, error)
	log  *slog.Logger
	desc *prometheus.Desc
}

func newTotals(l Ledger, log *slog.Logger) *totals {
	return &totals{read: l.Totals, log: log, desc: prometheus.NewDesc(
		"carillon_messages", "Messages of all campaigns, by status.", []string{"status"}, nil)}
}

// Describe implements prometheus.Collector.
func (t *totals) Describe(all chan<- *prometheus.Desc) { all <- t.desc }

// Collect implements prometheus.Collector. While the ledger does not answer the
// series is missing, and all others are there.
func (t *totals) Collect(all chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), totalsWithin)
	defer cancel()
	counts, err := t.read(ctx)
	if err != nil {
		t.log.Error("metrics without carillon_messages", "error", err)
		return
	}
	for _, status := range campaign.Statuses() {
		if status != campaign.Rejected { // a row that has no message
			all <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, float64(counts[status]), status.String())
		}
	}
}
