// Package app puts Carillon's parts together: it reads the configuration,
// opens what the roles need, and closes it in the right order. It decides
// nothing about messages.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"carillon/admission"
	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/cli"
	"carillon/ledger"
	"carillon/queue"
	"carillon/ratelimit"
	"carillon/scheduler"
	"carillon/web"
	"carillon/whatsapp"
	"carillon/worker"
)

// Roles are the parts of Carillon that a process runs. Several processes may
// share them out where ledger and Redis are servers of their own.
type Roles struct{ Web, Scheduler, Worker bool }

// AllRoles is what a process that is alone runs.
func AllRoles() Roles { return Roles{Web: true, Scheduler: true, Worker: true} }

// App is a running Carillon.
type App struct {
	roles    Roles
	log      *slog.Logger
	ledger   *ledger.Ledger
	queue    *queue.Queue
	health   *queue.Health // of the queue
	registry *prometheus.Registry
	door     admission.Door
	approved *admission.Templates

	clients   map[string]whatsapp.Provider
	limiters  map[string]ratelimit.Limiter // by channel
	limits    *limits
	workers   map[string]*worker.Worker // by channel
	scheduler *scheduler.Scheduler      // nil without the role
	web       *web.Server               // without the role, its probes alone
	listener  net.Listener
}

// New opens everything and listens, but does not work yet. What it opened is
// closed again when it fails.
func New(ctx context.Context, config *configs.Config, roles Roles, log *slog.Logger) (_ *App, err error) {
	a := &App{roles: roles, log: log, clients: map[string]whatsapp.Provider{}, workers: map[string]*worker.Worker{}, registry: prometheus.NewRegistry()}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.listener, err = listen(config.HTTP.Listen); err != nil {
		return nil, err
	}
	if a.ledger, err = ledger.Open(ctx, config.Ledger); err != nil {
		return nil, err
	}
	a.ledger.OnRefusal(logRefusals(log))
	a.observeLedger()
	if a.queue, err = queue.Open(ctx, config.Redis, log); err != nil {
		return nil, err
	}
	a.health = queue.NewHealth(a.queue.Client(), slices.Collect(maps.Keys(config.Channels)), log)
	if roles != AllRoles() && (!a.ledger.Shared() || a.queue.Alone()) {
		return nil, cli.Usagef("roles can only be split when the ledger is PostgreSQL and Redis is a server; otherwise one process must take all of them")
	}
	for _, warning := range a.queue.Warnings(ctx) {
		log.Warn(warning)
	}
	if err := keepSecrets(ctx, a.ledger, config, false, log); err != nil {
		return nil, err
	}
	if a.door, err = cli.DoorOf(config); err != nil {
		return nil, err
	}
	if err := a.openClients(config); err != nil {
		return nil, err
	}
	a.approved = newTemplates(a.ledger, config, a.clients, log)
	a.door.Templates = a.approved.Of
	a.openChannels(config)
	if err := a.limits.refresh(ctx); err != nil {
		return nil, err
	}
	if roles.Scheduler {
		if err := syncSchedules(ctx, a.ledger, schedulesOf(config), time.Now()); err != nil {
			return nil, err
		}
	}
	if roles.Web {
		return a, a.openWeb(config)
	}
	return a, a.openProbes(config)
}

func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("http.listen: %s is in use; stop the program that uses it, or choose another port", address)
	}
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	return listener, nil
}

// openClients makes each channel's client.
func (a *App) openClients(config *configs.Config) (err error) {
	for _, name := range slices.Sorted(maps.Keys(config.Channels)) {
		channel := config.Channels[name]
		if a.clients[name], err = channel.Settings.Open(whatsapp.Opening{Timeout: time.Duration(channel.Timeout)}); err != nil {
			delete(a.clients, name)
			return fmt.Errorf("channels.%s: %w", name, err)
		}
	}
	return nil
}

// openChannels makes each channel's share of the worker and of the scheduler where
// this process has these roles.
func (a *App) openChannels(config *configs.Config) {
	names := slices.Sorted(maps.Keys(config.Channels))
	reasons := map[string][]string{}
	for _, name := range names {
		reasons[name] = config.Channels[name].Spec.Reasons
	}
	metrics := worker.NewMetrics(a.registry, reasons)
	feeds := map[string]scheduler.Channel{}
	a.limiters = map[string]ratelimit.Limiter{}
	for _, name := range names {
		a.limiters[name] = a.limiter(name, config.Channels[name].Rate)
	}
	a.limits = newLimits(config, a.ledger, a.log)
	a.limits.changed = a.follow
	a.watchChannels(names, a.limiters)
	for _, name := range names {
		channel, client := config.Channels[name], a.clients[name]
		portfolio, daily := dailyLimit(config, name)
		timeout, unknownAfter := time.Duration(channel.Timeout), time.Duration(channel.UnknownAfter)
		if a.roles.Worker {
			poller, _ := client.(whatsapp.Poller)
			marker, _ := client.(whatsapp.Marker)
			media, _ := client.(whatsapp.Media)
			a.workers[name] = worker.New(worker.Channel{
				Name: name, Sender: client, Poller: poller, Media: media, Marker: marker, Limiter: a.limiters[name], Siblings: pick(a.limiters, config.Siblings(name)),
				Rate: channel.Rate, Timeout: timeout, UnknownAfter: unknownAfter, Portfolio: portfolio,
				Account: config.Account(name), Guard: campaign.GuardLimits(channel.Guard),
			}, a.ledger, metrics, a.log, time.Now)
		}
		feeds[name] = scheduler.Channel{
			Rate: channel.Rate, TaskTimeout: worker.TaskTimeout(timeout), Polled: channel.Spec.Traits.Polled,
			Unknown:   ledger.UnknownPolicy{After: unknownAfter, Resend: channel.OnUnknown == configs.Resend, Echoes: channel.Spec.Traits.Echoes},
			Pair:      scheduler.Pair{Every: time.Duration(channel.Pair.Every), Burst: channel.Pair.Burst},
			Portfolio: portfolio, DailyRecipients: daily, Numbers: numbersOf(client), Account: config.Account(name),
		}
	}
	if !a.roles.Scheduler {
		return
	}
	imports := &importer{ledger: a.ledger, door: a.door, dir: config.Dir, fetch: fetchList, now: time.Now}
	imports.warnOfCampaigns(schedulesOf(config), a.log)
	a.scheduler = scheduler.New(scheduler.Options{
		Importer: imports, Templates: a.approved,
		Ledger: a.ledger, Redis: a.queue.Client(), Explained: a.health.Explains,
		Channels: feeds, Limits: a.limits.of, Registry: a.registry, Log: a.log, Now: time.Now,
	})
}

// pick are the limiters of these channels.
func pick(limiters map[string]ratelimit.Limiter, names []string) []ratelimit.Limiter {
	var picked []ratelimit.Limiter
	for _, name := range names {
		picked = append(picked, limiters[name])
	}
	return picked
}

// dailyLimit is the limit of recipients that a channel is under; without one
// nobody need note who was reached.
func dailyLimit(config *configs.Config, channel string) (portfolio string, recipients int) {
	if portfolio, recipients = config.DailyLimit(channel); recipients == 0 && !config.Channels[channel].DailyAuto {
		return "", 0
	}
	return portfolio, recipients
}

// numbersOf is what tells how a channel's number stands; nil where its provider
// does not.
func numbersOf(client whatsapp.Provider) scheduler.Numbers {
	if numbers, tells := client.(whatsapp.Numbers); tells {
		return numbers
	}
	return nil
}

// limiter keeps a number's rate: within this process where it is alone, else
// together with the others.
func (a *App) limiter(channel string, rate float64) ratelimit.Limiter {
	if a.ledger.Shared() && !a.queue.Alone() {
		return ratelimit.NewShared(a.queue.Client(), channel, rate, time.Now)
	}
	return ratelimit.NewLocal(rate, time.Now)
}

func (a *App) openWeb(config *configs.Config) (err error) {
	channels := map[string]web.Channel{}
	for name, channel := range config.Channels {
		portfolio, daily := dailyLimit(config, name)
		hook, _ := a.clients[name].(whatsapp.Hook)
		numbers, _ := a.clients[name].(whatsapp.Numbers)
		library, _ := a.clients[name].(whatsapp.Library)
		channels[name] = web.Channel{
			Numbers: numbers, Library: library, Limits: campaign.Limits{Rate: channel.Rate, DailyRecipients: daily},
			RateAuto: channel.RateAuto, DailyAuto: channel.DailyAuto,
			Hook: hook, Identity: channel.Settings.Identity(), Provider: channel.Provider, Hint: channel.Spec.Hint,
			Echoes: channel.Spec.Traits.Echoes, UnknownAfter: time.Duration(channel.UnknownAfter), Resend: channel.OnUnknown == configs.Resend,
			Portfolio: portfolio,
			Account:   config.Account(name), Guard: campaign.GuardLimits(channel.Guard),
		}
	}
	keywords, err := newKeywords(config)
	if err != nil {
		return err
	}
	a.web, err = web.New(web.Options{
		Ledger: a.ledger, Channels: channels, Keywords: keywords, Tokens: tokensOf(config), Proxies: config.HTTP.Proxies(), Door: a.door, Templates: a.approved, Registry: a.registry, Log: a.log, Now: time.Now,
		Asynqmon: newMonitor(a.queue.Option()),
		Queue:    a.unqueued, Limits: a.limits.of,
		Changed: a.wake, NextSlot: nextAllowed,
	})
	return err
}

// openProbes is openWeb for a process without that role: it shows how it does, and
// nothing else.
func (a *App) openProbes(config *configs.Config) (err error) {
	a.web, err = web.NewProbes(web.Options{
		Ledger: a.ledger, Tokens: tokensOf(config), Proxies: config.HTTP.Proxies(), Registry: a.registry, Queue: a.unqueued, Log: a.log, Now: time.Now,
	})
	return err
}

func tokensOf(config *configs.Config) []web.Token {
	var tokens []web.Token
	for _, t := range config.HTTP.Tokens {
		tokens = append(tokens, web.Token{Name: t.Name, Token: t.Token, Role: web.Role(t.Role)})
	}
	return tokens
}

// unqueued says of the channels whose queues take no tasks, why.
func (a *App) unqueued() map[string]string {
	why := map[string]string{}
	for channel, refusal := range a.health.Refusals() {
		why[channel] = refusal.Error()
	}
	return why
}

// wake makes the scheduler look at once, where it is in this process.
func (a *App) wake() {
	if a.scheduler != nil {
		a.scheduler.Wake()
	}
}

// URL is where the HTTP server listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Ledger is the open record, for callers in the same process.
func (a *App) Ledger() *ledger.Ledger { return a.ledger }

// Run works until the context ends, then stops in the order that loses
// nothing: first the feed and the sends, then the webhooks.
func (a *App) Run(ctx context.Context) error {
	for channel, w := range a.workers {
		explained := func() bool { return a.health.Explains(channel) }
		if err := w.Start(a.queue.ForServers(channel, a.health), explained); err != nil {
			a.stopWorkers()
			return err
		}
	}
	var feed sync.WaitGroup
	feeding, stopFeeding := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFeeding()
	if a.scheduler != nil {
		feed.Go(func() { a.scheduler.Run(feeding) })
	}

	server := &http.Server{
		Handler: a.web.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	answering, stopAnswering := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAnswering()
	feed.Go(func() { a.health.Run(answering) })
	feed.Go(func() { a.limits.run(answering) })
	if a.roles.Web {
		feed.Go(func() { a.sayThatWebhooksAreUp(answering) })
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.listener) }()

	var err error
	select {
	case <-ctx.Done():
		a.log.Info("stopping: requests under way are finished, nothing new is sent")
	case err = <-served:
	}
	stopFeeding()
	stopAnswering()
	feed.Wait()
	a.stopWorkers()
	a.web.Close()
	return errors.Join(err, shutDown(context.WithoutCancel(ctx), server))
}

// shutDown lets requests under way end. Connections that a caller has opened
// and not used are waited for as well, which is why it is no failure when time
// is up.
func shutDown(ctx context.Context, server *http.Server) error {
	const patience = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

// upEvery is how often a process says that it answers webhooks.
const upEvery = 4 * time.Second

// sayThatWebhooksAreUp tells the ledger, which relies on receipts only as long
// as they can come in.
func (a *App) sayThatWebhooksAreUp(ctx context.Context) {
	ticker := time.NewTicker(upEvery)
	defer ticker.Stop()
	for {
		if err := a.ledger.WebhooksUp(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("cannot record that webhooks are answered", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (a *App) stopWorkers() {
	var group sync.WaitGroup
	for _, w := range a.workers {
		group.Go(w.Stop)
	}
	group.Wait()
}

// Close closes what New opened. Call it after Run has returned.
func (a *App) Close() error {
	var errs []error
	for _, c := range a.clients {
		c.Close()
	}
	if a.ledger != nil {
		errs = append(errs, a.ledger.Close())
	}
	if a.queue != nil {
		errs = append(errs, a.queue.Close())
	}
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
