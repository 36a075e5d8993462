package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/configs"
	"carillon/internal/cli"
	"carillon/ledger"
	"carillon/simulator"
	"carillon/whatsapp"
	"carillon/whatsapp/providers"
)

// DemoOptions say what the demo sends.
type DemoOptions struct {
	// Provider is the kind of provider that is simulated. If empty, it is cloud.
	Provider string
	// Ledger is the address of a PostgreSQL server on which the demo makes a
	// database of its own. If empty, the ledger is an SQLite file.
	Ledger string
	// People is how long the sample list is.
	People int
	// Rate is the number's rate, in messages a second.
	Rate float64
	// Keep goes on serving when the campaign has ended.
	Keep bool
	// Seed chooses who meets which fault.
	Seed uint64
	// Out shows the progress and the audit.
	Out io.Writer
	Log *slog.Logger
}

// ErrAudit is returned where the audit found something.
var ErrAudit = errors.New("the audit found messages that went wrong; see above")

// demoFaults is how the simulated provider misbehaves: enough that each fault
// occurs, seldom enough that the rate recovers from being throttled. Where a
// provider has to be asked no answer is lost: the message would have no identifier
// to ask for, and be unknown for good.
func demoFaults(polled bool) simulator.Faults {
	faults := simulator.Faults{
		Throttle: 0.001, Timeout408: 0.01, Unavailable: 0.005, Invalid: 0.005,
		Undeliverable: 0.01, FailLater408: 0.01, LostAnswer: 0.003,
	}
	if polled {
		faults.LostAnswer = 0
	}
	return faults
}

func demoReceipts() simulator.ReceiptOptions {
	return simulator.ReceiptOptions{
		Delay: 100 * time.Millisecond, Jitter: 300 * time.Millisecond, Read: 0.4,
		Duplicate: 0.05, Reorder: 0.1, Early: 0.05, ReadWithoutDelivered: 0.05,
	}
}

// Demo starts everything in this process on embedded parts, sends a sample
// campaign of two steps through a simulated provider, and holds the report
// against what the provider truly accepted. It reaches nobody. Options that make
// no sense are a *cli.UsageError.
func Demo(ctx context.Context, o DemoOptions) (err error) {
	switch {
	case o.People < 1:
		return cli.Usagef("--people %d is not a number of people; write 1 or more", o.People)
	case !(o.Rate >= 0):
		return cli.Usagef("--rate %g is not a rate; write messages a second, or 0 for no limit", o.Rate)
	}
	dialect, err := dialectOf(o.Provider)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "carillon-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	where, drop, err := demoLedger(ctx, o.Ledger, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()

	config := demoConfig(where)
	provider, err := startProvider(config, dialect, o)
	if err != nil {
		return err
	}
	defer provider.Close()
	a, err := New(ctx, config, AllRoles(), o.Log)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended, a.Close())
	}()
	provider.SetWebhook(a.URL() + "/webhooks/" + demoChannel)

	audit, err := runDemo(ctx, o, a, provider, folder, config.HTTP.Tokens[0].Token)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\n%s", audit)
	if o.Keep {
		fmt.Fprintf(o.Out, "\nserving at %s until interrupted\n  pages    %s/\n  token    %s\n  asynqmon %s/asynqmon/\n",
			a.URL(), a.URL(), config.HTTP.Tokens[0].Token, a.URL())
		<-ctx.Done()
	}
	if !audit.OK() {
		return ErrAudit
	}
	return nil
}

const (
	demoChannel = "main"
	demoNumber  = "106540352242922"
)

func demoConfig(ledger string) *configs.Config {
	return &configs.Config{
		Ledger: ledger,
		Redis:  configs.EmbeddedRedis,
		HTTP: configs.HTTP{
			Listen: "127.0.0.1:0",
			Tokens: []configs.Token{{Name: "demo", Token: rand.Text(), Role: configs.Admin}},
		},
		Channels: map[string]configs.Channel{},
	}
}

// simulated is the provider with the server that it answers on.
type simulated struct {
	*simulator.Simulator
	spec   whatsapp.Spec
	server *http.Server
}

func (s *simulated) Close() {
	_ = s.server.Close() // its connections end with it
	s.Simulator.Close()
}

// startProvider starts the simulator on a free port and points the channel at
// it.
func startProvider(config *configs.Config, dialect simulator.Dialect, o DemoOptions) (*simulated, error) {
	spec, known := providers.Find(dialect.Name())
	if !known {
		return nil, cli.Usagef("--provider %s: channels of this provider are not supported yet; write %s", dialect.Name(), simulator.Dialects()[0].Name())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the simulated provider: %w", err)
	}
	options := simulator.Options{
		Dialect: dialect, AppSecret: rand.Text(), AccessToken: rand.Text(), PhoneNumberID: demoNumber,
		Latency: 20 * time.Millisecond, Faults: demoFaults(spec.Traits.Polled), Receipts: demoReceipts(), Twins: true, Seed: o.Seed, Logger: o.Log,
		Templates: sampleTemplates(),
	}
	channel := configs.NewChannel(spec)
	channel.Rate, channel.Pair, channel.Guard = o.Rate, configs.Pair{}, configs.Guard{}
	channel.Timeout, channel.UnknownAfter = configs.Duration(5*time.Second), configs.Duration(30*time.Second)
	if err := channel.Set(options.Settings("http://" + listener.Addr().String())); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	config.Channels[demoChannel] = channel
	s := simulator.New(options)
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return &simulated{Simulator: s, spec: spec, server: server}, nil
}

// runDemo sends the sample campaign and audits it.
func runDemo(ctx context.Context, o DemoOptions, a *App, provider *simulated, folder, token string) (simulator.Audit, error) {
	text, err := sampleFor(provider.spec)
	if err != nil {
		return simulator.Audit{}, err
	}
	definition, contacts, err := writeSample(folder, text, o.People)
	if err != nil {
		return simulator.Audit{}, err
	}
	client, err := cli.NewClient(a.URL(), token)
	if err != nil {
		return simulator.Audit{}, err
	}
	defer client.Close()
	fmt.Fprintf(o.Out, "sending %d people a series of two messages at %g a second, through a simulated provider with faults\n", o.People, o.Rate)
	launched, err := cli.Launch(ctx, client, cli.LaunchRequest{Campaign: definition, Contacts: contacts})
	if err != nil {
		return simulator.Audit{}, err
	}
	if err := settled(ctx, a.Ledger(), client, provider, launched, o.Out); err != nil {
		return simulator.Audit{}, err
	}
	truth := provider.Truth()
	if err := answered(ctx, a.Ledger(), time.Now()); err != nil { // what was told meanwhile is on record
		return simulator.Audit{}, err
	}
	id, err := campaign.ParseID(launched.ID)
	if err != nil {
		return simulator.Audit{}, err
	}
	return Audit(ctx, a.Ledger(), id, truth, o.Rate)
}

// settled follows the campaign until it has ended and all receipts are in, or all
// messages have been asked about. A late receipt may ask for another attempt, and
// then it starts over.
func settled(ctx context.Context, l *ledger.Ledger, client *client.Client, provider *simulated, c client.Campaign, out io.Writer) error {
	for {
		if _, err := cli.Follow(ctx, client, c, out); err != nil {
			return err
		}
		draining, cancel := context.WithTimeout(ctx, time.Minute)
		err := provider.Drain(draining)
		cancel()
		if err != nil {
			return err
		}
		if err := answered(ctx, l, time.Now().Add(askedWithin)); err != nil {
			return err
		}
		if c, err = client.Campaign(ctx, c.ID); err != nil || c.State == campaign.Finished {
			return err
		}
	}
}

// askedWithin is longer than it takes until a message that was just accepted is due
// to be asked about for the first time.
const askedWithin = 6 * time.Second

// answered waits until what was due to be asked about by a time has been. A poll is
// due until its answer is on record. Where nothing has to be asked it returns at
// once.
func answered(ctx context.Context, l *ledger.Ledger, due time.Time) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		polls, err := l.DuePolls(ctx, demoChannel, 1, due)
		if err != nil || len(polls) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
