package web

import (
	"context"
	"math"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// A rate is that of the last five seconds: short enough to follow, long enough
// to be steady.
const (
	sampleEvery = 500 * time.Millisecond
	maxSamples  = 11
)

// meters measures how fast campaigns send, by looking at their counts.
type meters struct {
	mu      sync.Mutex
	samples map[campaign.ID][]sample
}

type sample struct {
	at   time.Time
	gone int64
}

func newMeters() *meters { return &meters{samples: map[campaign.ID][]sample{}} }

// run takes samples until the context ends. While the ledger fails there are
// none; /readyz tells of it.
func (m *meters) run(ctx context.Context, l Ledger, now func() time.Time) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if list, err := l.Unfinished(ctx); err == nil {
				m.note(list, now())
			}
		}
	}
}

// note takes a sample of each campaign and forgets those that are not listed.
func (m *meters) note(list []ledger.Campaign, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make(map[campaign.ID][]sample, len(list))
	for _, c := range list {
		samples := append(m.samples[c.ID], sample{now, gone(c.Counts)})
		kept[c.ID] = samples[max(0, len(samples)-maxSamples):]
	}
	m.samples = kept
}

// rate is how many messages a second a campaign has had accepted of late, 0
// where it is not known.
func (m *meters) rate(id campaign.ID) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	samples := m.samples[id]
	if len(samples) < 2 {
		return 0
	}
	first, last := samples[0], samples[len(samples)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds <= 0 || last.gone <= first.gone {
		return 0
	}
	return math.Round(float64(last.gone-first.gone)/seconds*10) / 10
}

// gone counts the messages that a provider has accepted and that have not
// failed since.
func gone(c campaign.Counts) int64 {
	return c[campaign.Accepted] + c[campaign.Held] + c[campaign.Sent] + c[campaign.Delivered] +
		c[campaign.Read] + c[campaign.Undelivered]
}
