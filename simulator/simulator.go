package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"carillon/campaign"
)

// Options say what the simulated account is like. The zero value serves any
// number without a fault, a limit or a receipt.
type Options struct {
	// Dialect is how the provider talks; nil for the Cloud API.
	Dialect Dialect
	// Webhook is the URL that receipts and what people say are posted to. While
	// it is empty, those that fall due are dropped.
	Webhook string
	// AlsoPosts has a provider that is asked what became of messages post webhooks
	// besides. The others always post them.
	AlsoPosts bool
	// AppSecret signs the webhooks; while it is empty they are not signed. To
	// 360dialog-cloud it is the word that goes with them.
	AppSecret string
	// AccessToken must be sent as a bearer token unless it is empty. To
	// 360dialog-cloud it is the API key. To vonage any word has the tokens checked with
	// the key of Settings, a public key in PEM with that one.
	AccessToken string
	// PhoneNumberID is the only number served; empty serves any. To service4u it
	// is the number itself, in digits, and to vonage. 360dialog-cloud knows a number by its API
	// key; if empty, each key has a made-up id.
	PhoneNumberID string
	// WABAID is the account named in webhooks; empty for a made-up one.
	WABAID string
	// Rate is how many messages a second are taken over all numbers, with an
	// allowance of 2 % and of 50 ms' worth (two messages at least) at once.
	// What comes beyond is answered with 130429. 0 means no limit.
	Rate float64
	// Latency is the time from a request to its answer.
	Latency time.Duration
	// Faults are the shares of messages that go wrong.
	Faults Faults
	// Suffixes makes recipients whose numbers end in the digits of Suffixes
	// behave as that table says, whatever the shares are.
	Suffixes bool
	// Twins answers Brazilian, Mexican and Argentine numbers with the other
	// spelling of the number as wa_id (Meta, send-messages page).
	Twins bool
	// Templates is the account's list; nil has the provider list none. Messages are
	// taken of any template.
	Templates []campaign.Approved
	// Seed chooses who meets which fault.
	Seed uint64
	// Receipts says when receipts come and what happens to them on the way.
	Receipts ReceiptOptions
	// MediaFor is how long an uploaded file is kept; 0 means 30 days.
	MediaFor time.Duration
	// Transport carries the webhooks; nil for one over the network.
	Transport http.RoundTripper
	// Logger is told about webhooks that were not taken; nil discards.
	Logger *slog.Logger
}

// defaultAccount is the account where Options name none.
const defaultAccount = "102000000000001"

// Simulator is the simulated provider. Beside the calls of its Dialect, such as
// POST /{version}/{phone_number_id}/messages, it serves
//
//	GET  /truth     the Truth as JSON
//	GET  /counts    its Counts alone
//	POST /faults    replaces the Faults (JSON)
//	POST /events    tells an Event (JSON) at once
//	POST /templates replaces the list of templates (JSON, see ReadTemplates)
//	POST /number    changes how the Number stands (JSON)
//	GET  /healthz   200
//
// It is safe for concurrent use.
type Simulator struct {
	options Options
	faults  atomic.Pointer[Faults]
	book    *book
	number  *number
	outbox  *outbox
	library library
	shelf   shelf
	mux     *http.ServeMux

	closing context.Context
	close   context.CancelFunc
	senders sync.WaitGroup
}

var _ http.Handler = (*Simulator)(nil)

// New starts a simulator. Close it when done.
func New(o Options) *Simulator {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.WABAID == "" {
		o.WABAID = defaultAccount
	}
	o = o.withDialect()
	o.Receipts = o.Receipts.withDefaults()
	if o.Dialect.alone() {
		o.Receipts.Batch = 1
	}
	s := &Simulator{options: o, book: newBook(o.Dialect.failure), number: newNumber(), mux: http.NewServeMux()}
	s.faults.Store(&o.Faults)
	s.SetTemplates(o.Templates)
	s.closing, s.close = context.WithCancel(context.Background())
	s.outbox = newOutbox(o, s.book)
	s.senders.Go(func() { s.outbox.dispatch(s.closing) })
	for range o.Receipts.Senders {
		s.senders.Go(func() { s.outbox.send(s.closing) })
	}
	for _, route := range o.Dialect.routes() {
		s.mux.HandleFunc(route, s.message)
	}
	if d, ok := o.Dialect.(broader); ok {
		for route, answers := range d.more() {
			s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
				a := answers(s, r)
				s.pause(r.Context(), s.options.Latency)
				a.write(w)
			})
		}
	}
	if d, ok := o.Dialect.(asked); ok {
		for _, route := range d.asks() {
			s.mux.HandleFunc(route, s.poll)
		}
	}
	s.mux.HandleFunc("GET /truth", s.serveTruth)
	s.mux.HandleFunc("GET /counts", s.serveCounts)
	s.mux.HandleFunc("POST /faults", s.serveFaults)
	s.mux.HandleFunc("POST /events", s.serveEvents)
	s.mux.HandleFunc("POST /templates", s.serveTemplates)
	s.mux.HandleFunc("POST /number", s.serveNumber)
	s.mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.options.Dialect.refuse(refusal{reason: noSuchPath}).write(w)
	})
	return s
}

// ServeHTTP serves the provider's calls and the control calls.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetWebhook changes where receipts are posted to, those included that are
// waiting to be posted again. An empty url drops them as they fall due.
func (s *Simulator) SetWebhook(url string) { s.outbox.setWebhook(url) }

// SetFaults replaces the shares for all requests from now on. What the provider
// never tells (see Options.Check) does not happen.
func (s *Simulator) SetFaults(f Faults) { s.faults.Store(&f) }

// Drain waits until no receipt, and nothing that people say, is scheduled or
// under way any more: each was answered with 200, or dropped for want of a webhook. The error is that of
// ctx, or ErrClosed.
func (s *Simulator) Drain(ctx context.Context) error {
	select {
	case <-s.outbox.drained():
		return nil
	case <-s.closing.Done():
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("receipts are still under way: %w", ctx.Err())
	}
}

// ErrClosed is returned where the simulator was closed with receipts under
// way.
var ErrClosed = errors.New("simulator closed")

// Close stops the senders and ends hanging answers. Receipts that were not
// posted by then never are. It may be called more than once.
func (s *Simulator) Close() {
	s.close()
	s.senders.Wait()
	s.outbox.shut()
}

// pause waits for d, or until the caller or the simulator is gone.
func (s *Simulator) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.closing.Done():
	}
}
