package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// stateFor is how long it is believed that a campaign runs. It saves work only:
// the claim looks at the state itself.
const stateFor = 200 * time.Millisecond

// retryLedger is how long a task waits when the ledger does not answer.
const retryLedger = time.Second

// loaded is what a worker keeps of a campaign.
type loaded struct {
	renderer *campaign.Renderer
	steps    []campaign.Step
	names    []campaign.TemplateName // of the steps' templates
	fixed    [][]string              // of the steps, the files that all rows have
	// position is where the worker's number stands in its list.
	position int

	mu      sync.Mutex
	state   campaign.State
	checked time.Time
}

// campaigns is the cache. A campaign's definition never changes.
type campaigns struct {
	mu    sync.Mutex
	known map[campaign.ID]*loaded
}

// load finds the campaign, and ends the send where it does not run.
func (w *Worker) load(ctx context.Context, s *send) error {
	id := s.task.Message.Campaign()
	c, err := w.campaign(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		w.log.Warn("a task belongs to a campaign that is not in the ledger", "campaign", id)
		return errDone
	}
	if err != nil {
		return &backError{after: retryLedger, why: err}
	}
	if c.position < 0 {
		w.log.Warn("a task belongs to a campaign that is sent from other channels", "campaign", id)
		return errDone
	}
	s.campaign = c
	running, err := w.running(ctx, id, c)
	if err != nil {
		return &backError{after: retryLedger, why: err}
	}
	if !running {
		return errDone
	}
	if err := w.learnTemplates(ctx); err != nil {
		return &backError{after: retryLedger, why: err}
	}
	return w.loadFiles(ctx, s)
}

func (w *Worker) campaign(ctx context.Context, id campaign.ID) (*loaded, error) {
	w.campaigns.mu.Lock()
	defer w.campaigns.mu.Unlock()
	if c := w.campaigns.known[id]; c != nil {
		return c, nil
	}
	record, err := w.ledger.Campaign(ctx, id)
	if err != nil {
		return nil, err
	}
	renderer, err := record.Definition.Compile(record.Columns)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", id, err)
	}
	c := &loaded{
		renderer: renderer, steps: record.Definition.Steps, names: renderer.Names(), fixed: fixedFiles(renderer, len(record.Definition.Steps)),
		position: record.Definition.Position(w.channel.Name),
		state:    record.State, checked: w.now(),
	}
	w.campaigns.known[id] = c
	return c, nil
}

func (w *Worker) running(ctx context.Context, id campaign.ID, c *loaded) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := w.now(); c.state != campaign.Running || now.Sub(c.checked) > stateFor {
		state, err := w.ledger.State(ctx, id)
		if err != nil {
			return false, err
		}
		c.state, c.checked = state, now
	}
	return c.state == campaign.Running, nil
}
