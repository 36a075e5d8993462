package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// receiptConnections post receipts at once, each as soon as its last POST is
// answered.
const receiptConnections = 8

// receiptsExperiment sends a campaign without receipts, and then posts sent,
// delivered and read of its messages, 1 to 100 to a POST, as fast as they are
// taken. Each answer comes after the commit, so statuses a second are those of
// the answered POSTs.
func receiptsExperiment(name, engine string) experiment {
	slowest := name + ": p99 of a POST"
	limit := atMost(slowest, "ms", 250, 0)
	limit.Aim = nil
	return experiment{
		name: name,
		rows: []row{atLeast(name, "statuses/s", 5000, 15_000), limit},
		run: func(s *scene) error {
			h, err := s.open(plan{engine: engine})
			if err != nil {
				return err
			}
			const leastMessages, mostMessages, eachSecond = 20_000, 100_000, 7000
			sent, err := s.sendAll(h, "order_update", min(mostMessages, max(leastMessages, int(eachSecond*s.window.Seconds()))))
			if err != nil {
				return err
			}
			posted, err := s.postReceipts(h, sent)
			if err != nil {
				return err
			}
			s.found(name, float64(posted.statuses)/posted.elapsed.Seconds())
			s.found(slowest, milliseconds(quantile(posted.latencies, 0.99)))
			s.note("%s: %d POSTs, %s", name, len(posted.latencies), quantiles(posted.latencies))
			return nil
		},
	}
}

// sendAll sends a campaign to its end and returns what the provider knows its
// messages by.
func (s *scene) sendAll(h *house, template string, rows int) ([]receipt, error) {
	c, err := h.upload(s.ctx, template, rows, true)
	if err != nil {
		return nil, err
	}
	if err := s.provider.arrived(s.ctx, template, rows); err != nil {
		return nil, err
	}
	if err := h.ended(s.ctx, c.ID); err != nil {
		return nil, err
	}
	return s.provider.messages(s.ctx, template)
}

// posted is what became of many POSTs.
type posted struct {
	statuses  int
	elapsed   time.Duration
	latencies []time.Duration
}

// postReceipts posts until the window or the receipts end. Every connection has
// messages of its own, so that the receipts of each come in order.
func (s *scene) postReceipts(h *house, messages []receipt) (posted, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.window)
	defer cancel()
	hook := newWebhook(h.webhook(), receiptConnections)
	parts := make([]posted, receiptConnections)
	share := len(messages) / receiptConnections
	begun := time.Now()
	work, ctx := errgroup.WithContext(ctx)
	for i := range parts {
		own := messages[i*share : (i+1)*share]
		work.Go(func() error { return parts[i].post(ctx, hook, own, rand.New(rand.NewPCG(7, uint64(i)))) })
	}
	err := work.Wait()
	total := posted{elapsed: time.Since(begun)}
	for _, p := range parts {
		total.statuses += p.statuses
		total.latencies = append(total.latencies, p.latencies...)
	}
	return total, err
}

// post posts what it is given until the context ends.
func (p *posted) post(ctx context.Context, hook *webhook, messages []receipt, random *rand.Rand) error {
	for _, status := range []string{"sent", "delivered", "read"} {
		for left := messages; len(left) > 0; {
			n := min(1+random.IntN(100), len(left))
			batch := withStatus(left[:n], status)
			left = left[n:]
			begun := time.Now()
			err := hook.post(ctx, batch)
			if ctx.Err() != nil {
				return nil // one that the end cuts off does not count
			}
			if err != nil {
				return err
			}
			p.statuses += n
			p.latencies = append(p.latencies, time.Since(begun))
		}
	}
	return nil
}

func withStatus(messages []receipt, status string) []receipt {
	batch := make([]receipt, len(messages))
	for i, m := range messages {
		m.status = status
		batch[i] = m
	}
	return batch
}

// quantiles tells how long things took.
func quantiles(all []time.Duration) string {
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, max %s", short(quantile(all, 0.5)), short(quantile(all, 0.9)),
		short(quantile(all, 0.99)), short(quantile(all, 1)))
}

func short(d time.Duration) string { return number(milliseconds(d)) + " ms" }
