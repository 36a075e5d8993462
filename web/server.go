// Package web is what Carillon shows to the network: the HTTP API, the
// providers' webhooks, live progress, metrics, and asynq's own monitor behind
// a login.
//
// It guarantees that a webhook is answered with 200 only after its receipts
// are on disk, that whoever lacks a role learns so and nothing else happens,
// that every refusal is an RFC 9457 problem document with a hint, and that
// uploads and reports take memory that is flat in their length. An address that
// sends wrong tokens waits longer each time. What the API
// answers is what openapi.yaml says; a test holds the two together.
//
// The calls of the API are in the files that begin with calls, the webhooks in
// those with hooks, what a browser is shown in those with pages. All others are the
// shell that every request passes.
//
// It sends nothing: it writes to the ledger, and the scheduler looks there.
// Bodies have to come in time; the other limits of connections are left to the
// http.Server around it.
package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/admission"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/web/pages"
	"carillon/whatsapp"
)

// Ledger is what the API needs of the record.
type Ledger interface {
	admission.Ledger
	Act(ctx context.Context, id campaign.ID, action campaign.Action, by ledger.Actor, now time.Time) (ledger.Campaign, error)
	StartAt(ctx context.Context, id campaign.ID, at time.Time, late time.Duration, by ledger.Actor, now time.Time) error
	Resolve(ctx context.Context, id campaign.ID, d ledger.Decision, by ledger.Actor, now time.Time) (int, error)
	Retry(ctx context.Context, id campaign.ID, statuses []campaign.Status, by ledger.Actor, now time.Time) (ledger.Retried, error)
	Campaign(ctx context.Context, id campaign.ID) (ledger.Campaign, error)
	FindCampaigns(ctx context.Context, text string, before campaign.ID, limit int) (found []ledger.Campaign, next campaign.ID, err error)
	Attachments(ctx context.Context, id campaign.ID, channel string, most int) ([]ledger.Attachment, error)
	Unfinished(ctx context.Context) ([]ledger.Campaign, error)
	Report(ctx context.Context, q ledger.ReportQuery) (ledger.ReportPage, error)
	Suppress(ctx context.Context, list []ledger.Suppression, by ledger.Actor, now time.Time) error
	ImportSuppressions(by ledger.Actor) *ledger.SuppressionImport
	Unsuppress(ctx context.Context, person string, scope campaign.SuppressionScope, by ledger.Actor, now time.Time) (bool, error)
	FindSuppressions(ctx context.Context, q ledger.SuppressionQuery) (found []ledger.Suppression, next ledger.Suppression, err error)
	Forget(ctx context.Context, person string, by ledger.Actor, now time.Time) (ledger.Erased, error)
	Receive(ctx context.Context, receipts []ledger.Receipt, now time.Time) ([]ledger.Received, error)
	Hear(ctx context.Context, list []ledger.InboundEvent, now time.Time) ([]ledger.Fate, error)
	PauseBecause(ctx context.Context, id campaign.ID, reason string, now time.Time) (ran bool, err error)
	TakeNotice(ctx context.Context, n ledger.Notice, now time.Time) (ledger.Taken, error)
	Notices(ctx context.Context, channels []string, limit int) ([]ledger.HeardNotice, error)
	LastReceipts(ctx context.Context) (map[string]time.Time, error)
	Facts(ctx context.Context) (map[string]map[string]ledger.Fact, error)
	Totals(ctx context.Context) (campaign.Counts, error)
	Census(ctx context.Context) (ledger.Census, error)
	Reached(ctx context.Context, portfolio string, now time.Time) (ledger.Reach, error)
	ReachedFrees(ctx context.Context, portfolio string, n int64, now time.Time) (time.Time, error)
	Failures(ctx context.Context, id campaign.ID) ([]ledger.Failures, error)
	Slowed(ctx context.Context) ([]ledger.Slowed, error)
	History(ctx context.Context, id campaign.RecipientID) (ledger.History, error)
	Rates(ctx context.Context, id campaign.ID) (ledger.Rates, error)
	Source(ctx context.Context, id campaign.ID) (string, error)
	Audit(ctx context.Context, q ledger.AuditQuery) ([]ledger.Deed, error)
	AddUpload(ctx context.Context, u ledger.Upload, content io.Reader) error
	Upload(ctx context.Context, id, owner string, now time.Time) (ledger.Upload, error)
	ReadUpload(ctx context.Context, u ledger.Upload, to io.Writer) error
	EndSession(ctx context.Context, id string, ends time.Time) error
	SessionEnded(ctx context.Context, id string) (bool, error)
	Ping(ctx context.Context) error
	ScheduleLedger
}

// ScheduleLedger is what schedules need of the record.
type ScheduleLedger interface {
	Replied(ctx context.Context, id campaign.ID) (map[int]int64, error)
	AddSchedule(ctx context.Context, s ledger.NewSchedule, by ledger.Actor, now time.Time) (ledger.Schedule, bool, error)
	Schedules(ctx context.Context) ([]ledger.Schedule, error)
	Schedule(ctx context.Context, name string) (ledger.Schedule, error)
	PauseSchedule(ctx context.Context, name string, by ledger.Actor, now time.Time) error
	ResumeSchedule(ctx context.Context, name string, next time.Time, by ledger.Actor, now time.Time) error
	RemoveSchedule(ctx context.Context, name string, by ledger.Actor, now time.Time) error
	TryNow(ctx context.Context, name string, by ledger.Actor, now time.Time) (campaign.Slot, bool, error)
	RunNow(ctx context.Context, name string, by ledger.Actor, now time.Time) (campaign.Slot, error)
	OpenSlots(ctx context.Context) ([]ledger.OpenSlot, error)
	Slots(ctx context.Context, schedule string, before time.Time, limit int) ([]campaign.Slot, error)
	LastSlots(ctx context.Context) (map[string]campaign.Slot, error)
}

var _ Ledger = (*ledger.Ledger)(nil)

// Channel is a sending number, as far as the network side knows it.
type Channel struct {
	// Hook understands its provider's webhook; nil where the provider has none.
	Hook whatsapp.Hook
	// Numbers is asked how the number stands, Library for the account's templates,
	// where a notice does not tell its time; nil where the provider does not say.
	Numbers whatsapp.Numbers
	Library whatsapp.Library
	// Identity says how webhooks name the number, and what it shares with others.
	// What is signed by one app counts for the channels of that app alone.
	Identity whatsapp.Identity
	// Hint tells what to do about a refusal by its reason and code. If nil, nothing
	// is told.
	Hint func(reason string, code int) string
	// Echoes says that receipts carry the reference of their attempt.
	Echoes bool
	// UnknownAfter is how long an unknown message waits for a receipt, Resend what
	// becomes of it then: it is sent again, or left for a person to decide.
	UnknownAfter time.Duration
	Resend       bool
	// Provider is the provider's name, for logs.
	Provider string
	// Limits are what the number may send to begin with. RateAuto and DailyAuto say
	// that what its provider tells is taken over.
	Limits              campaign.Limits
	RateAuto, DailyAuto bool
	// Portfolio names the limit of recipients; empty where there is none and never
	// will be.
	Portfolio string
	// Account names the channels of the account that the number belongs to, its
	// own included. Empty: it is the whole account.
	Account []string
	// Guard says when a campaign has to stop because of its receipts.
	Guard campaign.GuardLimits
}

// Options is what a Server is made of.
type Options struct {
	Ledger Ledger
	// Channels by name.
	Channels map[string]Channel
	// Keywords recognises what people want when they write. If nil, nothing is.
	Keywords *campaign.Keywords
	// Door says which campaigns may come in.
	Door admission.Door
	// Templates knows the templates of the channels. If nil, nothing is known of them.
	Templates Templates
	// Tokens admit callers. Without any, everything is open to whoever reaches
	// the server under a loopback name, which is for one's own machine only.
	Tokens []Token
	// Proxies are the networks of the proxies whose word counts about where a
	// request came from and whether by TLS.
	Proxies []netip.Prefix
	// NextSlot is a schedule's first slot after a time. The error says, a line for
	// each, what is wrong with its times and with where its list is to come from,
	// and repeats no secret. If nil, no schedule is taken in.
	NextSlot func(of ledger.Schedule, after time.Time) (time.Time, error)
	// Asynqmon is mounted under /asynqmon/. If nil, it is not.
	Asynqmon http.Handler
	// Registry takes the server's metrics and is what /metrics shows. If nil,
	// the server has one of its own.
	Registry *prometheus.Registry
	// Queue says of the channels whose queues take no tasks, why, and what to do;
	// it repeats no secret and no address. If nil, all of them do.
	Queue func() map[string]string
	// Limits are those of a channel at this moment. If nil, they are what Channels
	// say.
	Limits func(channel string) campaign.Limits
	// Log gets one line per request. If nil, nothing is logged.
	Log *slog.Logger
	// Now is the clock. If nil, time.Now is.
	Now func() time.Time
	// Changed is called when a campaign has been started, resumed or retried,
	// or its unknown messages decided. If nil, nobody is told.
	Changed func()
}

// Server answers HTTP requests. It is safe for use by many goroutines.
type Server struct {
	ledger   Ledger
	channels map[string]Channel
	peers    map[string][]string // by channel: those of the same app, itself among them
	keywords *campaign.Keywords
	guards   map[string]*campaign.Guard // by channel
	door     admission.Door
	approved Templates // nil where nothing is known of them
	tokens   []secret
	tries    *throttle
	proxies  []netip.Prefix
	nextSlot func(ledger.Schedule, time.Time) (time.Time, error)
	asynqmon http.Handler
	queue    func() map[string]string
	limits   func(channel string) campaign.Limits
	fails    atomic.Bool // the ledger did, when readiness was asked for last
	log      *slog.Logger
	now      func() time.Time
	changed  func()

	bodyTime, pieceTime, restTime time.Duration

	metrics *metrics
	pages   *pages.Pages
	meters  *meters
	handler http.Handler

	closing context.Context // ends with Close
	close   context.CancelFunc
	running sync.WaitGroup
}

// New makes a server. It runs one goroutine, which measures how fast campaigns
// send; Close ends it.
func New(o Options) (*Server, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	if err := s.count(o.Registry, s.routes(), o.Channels); err != nil {
		return nil, err
	}
	s.handler = s.middleware(s.mount())
	s.running.Go(func() { s.meters.run(s.closing, s.ledger, s.now) })
	return s, nil
}

// NewProbes makes a server for a process that answers neither the API nor webhooks:
// it says how the process does and shows its metrics. Options that only the others
// need are not looked at. It runs no goroutine.
func NewProbes(o Options) (*Server, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	if err := s.count(o.Registry, s.probes(), nil); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	s.handle(mux, s.probes())
	s.handler = s.middleware(mux)
	return s, nil
}

// newServer makes a server that answers nothing yet.
func newServer(o Options) (*Server, error) {
	if o.Ledger == nil {
		return nil, errors.New("web: Options.Ledger is missing")
	}
	tokens, err := newSecrets(o.Tokens)
	if err != nil {
		return nil, err
	}
	s := &Server{
		ledger:   o.Ledger,
		channels: o.Channels,
		peers:    peersOf(o.Channels),
		keywords: o.Keywords,
		guards:   map[string]*campaign.Guard{},
		door:     o.Door,
		approved: o.Templates,
		tokens:   tokens,
		tries:    newThrottle(),
		proxies:  o.Proxies,
		nextSlot: o.NextSlot,
		asynqmon: o.Asynqmon,
		queue:    o.Queue,
		limits:   o.Limits,
		log:      cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		now:      o.Now,
		changed:  o.Changed,
		meters:   newMeters(),

		bodyTime: bodyTime, pieceTime: pieceTime, restTime: restTime,
	}
	for name, channel := range o.Channels {
		s.guards[name] = campaign.NewGuard(channel.Guard)
	}
	if s.queue == nil {
		s.queue = func() map[string]string { return nil }
	}
	if s.limits == nil {
		s.limits = func(channel string) campaign.Limits { return s.channels[channel].Limits }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.nextSlot == nil {
		s.nextSlot = func(ledger.Schedule, time.Time) (time.Time, error) {
			return time.Time{}, errors.New("this server accepts no schedules")
		}
	}
	if s.changed == nil {
		s.changed = func() {}
	}
	s.closing, s.close = context.WithCancel(context.Background())
	return s, nil
}

// count begins to count the requests of the routes and what comes from channels.
func (s *Server) count(registry *prometheus.Registry, routes []route, channels map[string]Channel) (err error) {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	if s.metrics, err = newMetrics(registry, routes, channels); err != nil {
		return err
	}
	if err := registry.Register(newTotals(s.ledger, s.log)); err != nil {
		return fmt.Errorf("web: metrics: %w", err)
	}
	return nil
}

// Handler answers every request the server knows.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends the event streams, so that an http.Server's Shutdown need not
// wait for them.
func (s *Server) Close() {
	s.close()
	s.running.Wait()
}
