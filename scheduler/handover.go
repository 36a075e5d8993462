package scheduler

import (
	"context"
	"maps"
	"slices"

	"carillon/campaign"
	"carillon/ledger"
)

// handOver begins to move what the stopped numbers of a campaign have not begun,
// if the campaign wants that and it is not done.
func (s *Scheduler) handOver(ctx context.Context, c ledger.Campaign) {
	if !c.Definition.Handover || c.State != campaign.Running {
		return
	}
	for _, position := range slices.Sorted(maps.Keys(c.Stopped)) {
		if c.Stopped[position].Handed {
			continue
		}
		s.closing.start(c.ID, "hand over the rows of", func() error {
			return s.Ledger.HandOver(ctx, c.ID, position, s.weights(c.Definition), s.Now())
		})
		return // the others follow when it is done
	}
}

// weights are those of a campaign's numbers. One that is not in the
// configuration is stopped and gets nothing.
func (s *Scheduler) weights(def *campaign.Definition) []float64 {
	numbers := def.ChannelNames()
	rates := make([]float64, len(numbers))
	for i, number := range numbers {
		rates[i] = s.Channels[number].Rate
	}
	return campaign.Weights(rates)
}
