package scheduler

import (
	"context"
	"maps"
	"slices"

	"carillon/campaign"
	"carillon/ledger"
)

// handOver begins to move what the stopped numbers of a campaign have not sent,
// if the campaign has others for that and it is not done.
func (s *Scheduler) handOver(ctx context.Context, c ledger.Campaign) {
	if c.State != campaign.Running {
		return
	}
	for _, position := range slices.Sorted(maps.Keys(c.Stopped)) {
		if c.Stopped[position].Handed {
			continue
		}
		var move func() error
		switch {
		case peers(c, position):
			move = func() error {
				return s.Ledger.HandOver(ctx, c.ID, position, s.weights(c.Definition), s.Now())
			}
		case len(c.Definition.Fallback) > 0:
			move = func() error { return s.Ledger.FallBack(ctx, c.ID, position, s.Now()) }
		default:
			continue
		}
		s.closing.start(c.ID, "hand over the rows of", move)
		return // the others follow when it is done
	}
}

// peers reports whether others of the campaign's own numbers take over what the
// number at a position has not begun.
func peers(c ledger.Campaign, position int) bool {
	own := len(c.Definition.ChannelNames())
	if !c.Definition.Handover || position >= own {
		return false
	}
	for other := range own {
		if _, stopped := c.Stopped[other]; !stopped {
			return true
		}
	}
	return false
}

// weights are those of a campaign's numbers. One that is not in the
// configuration is stopped and gets nothing.
func (s *Scheduler) weights(def *campaign.Definition) []float64 {
	numbers := def.ChannelNames()
	rates := make([]float64, len(numbers))
	for i, number := range numbers {
		rates[i] = s.Limits(number).Rate
	}
	return campaign.Weights(rates)
}
