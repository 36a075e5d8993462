package simulator

import (
	"container/heap"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"carillon/campaign"
)

const (
	// flushAfter is how long a receipt that is due waits for others.
	flushAfter = 50 * time.Millisecond
	// firstRetry and lastRetry bound the wait before a webhook is posted
	// again; it doubles. Meta takes hours for what takes seconds here.
	firstRetry, lastRetry = 100 * time.Millisecond, 5 * time.Second
	// idle is how long the dispatcher sleeps when nothing is scheduled.
	idle = time.Hour
)

// item is a receipt or a saying to be posted, or a delivery to be posted again.
type item struct {
	// due counts from the start of the book; sequence orders what is due at once.
	due      time.Duration
	sequence uint64
	happens  time.Duration
	message  int
	status   campaign.Status
	// said is what is told instead of a receipt.
	said *saying
	// posted is closed after the first POST of an item that is posted alone, as
	// early receipts are.
	posted chan struct{}
	again  *delivery
}

// outbox posts receipts and sayings when they are due. One goroutine cuts batches off a
// heap that is ordered by time, a few post them.
type outbox struct {
	options Options
	book    *book
	client  *http.Client
	log     *slog.Logger
	work    chan *delivery
	wake    chan struct{}

	mu        sync.Mutex
	url       string
	later     timeline // not due yet
	due       []item   // due, waiting for others to fill a batch
	sequences uint64   // of the item pushed last
	open      int      // items scheduled or under way
	empty     chan struct{}
	over      bool
}

func newOutbox(o Options, b *book) *outbox {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: o.Receipts.Senders, IdleConnTimeout: time.Minute}
	}
	return &outbox{
		options: o, book: b, log: o.Logger, url: o.Webhook,
		client: &http.Client{Transport: transport, Timeout: postTimeout},
		work:   make(chan *delivery),
		wake:   make(chan struct{}, 1),
	}
}

// schedule queues the receipts of a message that arrived at begun. It returns
// a channel that is closed after the first POST of an early one, or nil.
func (o *outbox) schedule(message int, begun time.Duration, receipts []planned) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return nil
	}
	var early chan struct{}
	for _, p := range receipts {
		if p.lost {
			continue
		}
		i := item{due: begun + p.due, happens: begun + p.happens, message: message, status: p.status}
		if p.early {
			early = make(chan struct{})
			i.posted = early
		}
		o.open++
		o.push(i)
	}
	return early
}

// add queues one item. It reports false where the simulator is closed.
func (o *outbox) add(i item) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return false
	}
	o.open++
	o.push(i)
	return true
}

// push adds an item and wakes the dispatcher if it is the next one.
func (o *outbox) push(i item) {
	o.sequences++
	i.sequence = o.sequences
	heap.Push(&o.later, i)
	if i.due > o.later[0].due {
		return
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// dispatch hands out deliveries as they fall due, until ctx ends.
func (o *outbox) dispatch(ctx context.Context) {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		d, wait := o.next(o.book.now())
		if d != nil {
			select {
			case o.work <- d:
				continue
			case <-ctx.Done():
				return
			}
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-o.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next cuts off the delivery that is to be posted now, or tells how long to
// wait for one.
func (o *outbox) next(now time.Duration) (*delivery, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.later) > 0 && o.later[0].due <= now && len(o.due) < o.options.Receipts.Batch {
		i := heap.Pop(&o.later).(item)
		switch {
		case i.again != nil:
			return i.again, 0
		case i.posted != nil:
			return &delivery{items: []item{i}}, 0
		}
		o.due = append(o.due, i)
	}
	wait := idle
	if len(o.later) > 0 {
		wait = o.later[0].due - now
	}
	if len(o.due) == 0 {
		return nil, wait
	}
	if full := len(o.due) == o.options.Receipts.Batch; !full && now < o.due[0].due+flushAfter {
		return nil, min(wait, o.due[0].due+flushAfter-now)
	}
	d := &delivery{items: o.due}
	o.due = make([]item, 0, o.options.Receipts.Batch)
	return d, 0
}

// send posts deliveries until ctx ends.
func (o *outbox) send(ctx context.Context) {
	for {
		select {
		case d := <-o.work:
			o.settle(d, o.post(ctx, d))
		case <-ctx.Done():
			return
		}
	}
}

// settle counts off a delivery that is done, and queues one that is not.
func (o *outbox) settle(d *delivery, done bool) {
	for _, i := range d.items {
		if i.posted != nil && d.posts <= 1 {
			close(i.posted)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !done {
		wait := min(firstRetry<<min(d.posts-1, 10), lastRetry)
		o.push(item{due: o.book.now() + wait, again: d})
		return
	}
	o.open -= len(d.items)
	o.signal()
}

// drained returns a channel that is closed once nothing is open.
func (o *outbox) drained() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.empty == nil {
		o.empty = make(chan struct{})
	}
	empty := o.empty
	o.signal()
	return empty
}

// signal tells those who wait that nothing is open, if that is so.
func (o *outbox) signal() {
	if o.open == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

func (o *outbox) setWebhook(url string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.url = url
}

// webhook is where to post, empty for nowhere.
func (o *outbox) webhook() string {
	if !o.options.Posts() {
		return ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.url
}

// shut drops what is left, once the senders have ended.
func (o *outbox) shut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.later, o.due = nil, nil
	o.client.CloseIdleConnections()
}

// timeline is a heap of items, the earliest on top.
type timeline []item

var _ heap.Interface = (*timeline)(nil)

func (t timeline) Len() int { return len(t) }
func (t timeline) Less(i, j int) bool {
	return t[i].due < t[j].due || t[i].due == t[j].due && t[i].sequence < t[j].sequence
}
func (t timeline) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

func (t *timeline) Push(x any) { *t = append(*t, x.(item)) }

func (t *timeline) Pop() any {
	last := len(*t) - 1
	i := (*t)[last]
	(*t)[last] = item{}
	*t = (*t)[:last]
	return i
}
