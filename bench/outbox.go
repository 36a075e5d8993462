package main

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The stub's receipts: for every message one sent and one delivered, in POSTs
// of their own, posted again until they are taken.
const (
	sentAfter      = 100 * time.Millisecond
	deliveredAfter = 400 * time.Millisecond
	// longestWait is how long a POST is held back that is not full.
	longestWait = 100 * time.Millisecond
	// posters are the connections: as many as 2,000 POSTs a second need that are
	// answered in 250 ms, the median that Meta asks for (throughput page).
	posters = 512
)

// outbox posts receipts while messages come in.
type outbox struct {
	posts   chan []receipt
	posted  atomic.Int64
	refused atomic.Int64

	mu      sync.Mutex
	webhook *url.URL // nil while there are no receipts
	batch   int
	sent    []receipt // in the order in which they came, and so are due
	arrived []receipt
	waiting int64
}

func newOutbox() *outbox { return &outbox{posts: make(chan []receipt)} }

// configure says where receipts go; to no address, there are none.
func (o *outbox) configure(address string, batch int) error {
	var to *url.URL
	if address != "" {
		var err error
		if to, err = url.Parse(address); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.webhook, o.batch = to, max(batch, 1)
	return nil
}

// add makes the receipts of a message.
func (o *outbox) add(r receipt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.webhook == nil {
		return
	}
	r.status = "sent"
	o.sent = append(o.sent, r)
	r.status = "delivered"
	o.arrived = append(o.arrived, r)
	o.waiting += 2
}

func (o *outbox) tally() tally {
	o.mu.Lock()
	defer o.mu.Unlock()
	return tally{Posted: o.posted.Load(), Refused: o.refused.Load(), Waiting: o.waiting}
}

// run posts what is due until the context ends.
func (o *outbox) run(ctx context.Context) {
	for range posters {
		go o.poster(ctx)
	}
	go func() {
		for pause(ctx, 5*time.Millisecond) == nil {
			for _, receipts := range o.due(time.Duration(time.Now().UnixNano())) {
				select {
				case o.posts <- receipts:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
}

// due takes the POSTs whose time has come.
func (o *outbox) due(now time.Duration) [][]receipt {
	o.mu.Lock()
	defer o.mu.Unlock()
	var posts [][]receipt
	posts, o.sent = cut(posts, o.sent, o.batch, now-sentAfter)
	posts, o.arrived = cut(posts, o.arrived, o.batch, now-deliveredAfter)
	return posts
}

// cut appends full POSTs of the receipts whose messages came before a moment,
// and the rest of these if it has waited long enough.
func cut(posts [][]receipt, queue []receipt, batch int, before time.Duration) (_ [][]receipt, left []receipt) {
	for len(queue) >= batch && batch > 0 && queue[batch-1].at <= before {
		posts, queue = append(posts, slices.Clone(queue[:batch])), queue[batch:]
	}
	n := 0
	for n < len(queue) && n < batch && queue[n].at <= before-longestWait {
		n++
	}
	if n > 0 {
		posts, queue = append(posts, slices.Clone(queue[:n])), queue[n:]
	}
	return posts, queue
}

func (o *outbox) poster(ctx context.Context) {
	var own *line
	for {
		select {
		case receipts := <-o.posts:
			own = o.deliver(ctx, own, receipts)
		case <-ctx.Done():
			return
		}
	}
}

// deliver posts receipts until they are taken, by the poster's own line, and returns
// the line.
func (o *outbox) deliver(ctx context.Context, own *line, receipts []receipt) *line {
	for ctx.Err() == nil {
		o.mu.Lock()
		to := o.webhook
		o.mu.Unlock()
		if own != nil && own.to != to {
			own.close()
			own = nil
		}
		if to == nil {
			break // nobody wants them any more
		}
		if own == nil {
			own = newLine(to)
		}
		if own.post(ctx, receipts) == nil {
			o.posted.Add(int64(len(receipts)))
			break
		}
		o.refused.Add(1)
		_ = pause(ctx, 100*time.Millisecond) // the loop looks at the context
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting -= int64(len(receipts))
	return own
}
