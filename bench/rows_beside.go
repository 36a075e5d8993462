package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// The rows about webhooks while the ledger has a lot to do.
const (
	nameBeside    = "webhooks beside an import and a cancel"
	nameBesideMax = nameBeside + ": max"
	nameBesideP99 = nameBeside + ": p99"
)

// besideExperiment posts ten receipts a hundred times a second, while a long
// list is imported and its campaign cancelled until no row of it is open. The
// clock of a POST starts when its turn has come, whether or not those before it
// are answered.
func besideExperiment() experiment {
	maximum := atMost(nameBesideMax, "ms", 100, 0)
	maximum.Aim = nil
	p99 := atMost(nameBesideP99, "ms", 100, 0)
	p99.Aim = nil
	return experiment{
		name: nameBeside, rows: []row{p99, maximum},
		run: func(s *scene) error {
			h, err := s.open(plan{engine: engineSQLite})
			if err != nil {
				return err
			}
			const messages = 20_000
			sent, err := s.sendAll(h, "order_sent", messages)
			if err != nil {
				return err
			}
			steady := steadyReceipts{hook: newWebhook(h.webhook(), 64), messages: sent}
			return steady.during(s.ctx, func(ctx context.Context) error { return s.importAndCancel(ctx, h, &steady) })
		},
	}
}

func (s *scene) importAndCancel(ctx context.Context, h *house, steady *steadyReceipts) error {
	if err := pause(ctx, min(s.window, 3*time.Second)); err != nil {
		return err
	}
	alone := steady.take()
	begun := time.Now()
	c, err := h.upload(ctx, "order_update", longList, false)
	if err != nil {
		return err
	}
	importing, imported := steady.take(), time.Now()
	if err := h.act(ctx, c.ID, "cancel"); err != nil {
		return err
	}
	if err := h.ended(ctx, c.ID); err != nil {
		return err
	}
	cancelling := steady.take()
	s.note("%s: alone %s", nameBeside, quantiles(alone))
	s.note("%s: in the import (%s) %s", nameBeside, imported.Sub(begun).Round(time.Second/10), quantiles(importing))
	s.note("%s: in the cancel (%s) %s", nameBeside, time.Since(imported).Round(time.Second/10), quantiles(cancelling))
	s.found(nameBesideP99, milliseconds(max(quantile(importing, 0.99), quantile(cancelling, 0.99))))
	s.found(nameBesideMax, milliseconds(max(quantile(importing, 1), quantile(cancelling, 1))))
	return nil
}

// steadyReceipts posts at a constant pace, whatever the answers do.
type steadyReceipts struct {
	hook     *webhook
	messages []receipt

	mu        sync.Mutex
	latencies []time.Duration
}

// take hands over the latencies since it was last called.
func (r *steadyReceipts) take() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.latencies
	r.latencies = nil
	return taken
}

// errOver ends the posting.
var errOver = errors.New("over")

// during posts as long as the work takes.
func (r *steadyReceipts) during(ctx context.Context, work func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := work(ctx); err != nil {
			return err
		}
		return errOver
	})
	group.Go(func() error { return r.post(ctx) })
	if err := group.Wait(); !errors.Is(err, errOver) {
		return err
	}
	return nil
}

// post posts ten statuses every ten milliseconds: first each message's sent,
// then delivered, then read, then all over again as a provider repeats itself.
func (r *steadyReceipts) post(ctx context.Context) error {
	const every, batch = 10 * time.Millisecond, 10
	statuses := []string{"sent", "delivered", "read"}
	posts, ctx := errgroup.WithContext(ctx)
	begun := time.Now()
	for n := 0; ; n++ {
		turn := begun.Add(time.Duration(n) * every)
		if pause(ctx, time.Until(turn)) != nil {
			break
		}
		at := n * batch % (len(r.messages) - batch)
		status := statuses[n*batch/len(r.messages)%len(statuses)]
		posts.Go(func() error { return r.one(ctx, turn, withStatus(r.messages[at:at+batch], status)) })
	}
	return posts.Wait()
}

func (r *steadyReceipts) one(ctx context.Context, turn time.Time, receipts []receipt) error {
	err := r.hook.post(ctx, receipts)
	if err != nil {
		if ctx.Err() != nil {
			return nil // it is over
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latencies = append(r.latencies, time.Since(turn))
	return nil
}
