package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"carillon/campaign"
	"carillon/internal/cli"
	"carillon/simulator"
)

// SimulateOptions says how the simulated provider behaves.
type SimulateOptions struct {
	// Provider is the kind of provider that it speaks as; SimulateHelp lists them.
	// If empty, it is cloud.
	Provider string
	// Listen is the address to serve at; port 0 takes a free one.
	Listen string
	// Webhook is where receipts and what people say are posted to, signed with
	// AppSecret, or with it in a header where the provider does not sign. If empty,
	// none are.
	Webhook, AppSecret string
	// Token is the access token or API key that requests must carry, for vonage the
	// public key of the sender in PEM. If empty, any will do.
	Token string
	// Rate is what is taken, in messages a second; 0 means no limit.
	Rate float64
	// Latency is how long each answer takes.
	Latency time.Duration
	// Delay is the time between the receipts of a message, and from there to
	// what the person says.
	Delay time.Duration
	// Faults are shares of the messages and of the people, as in
	// "throttle=0.02,reply=0.1"; SimulateHelp lists them.
	Faults string
	// Suffixes makes numbers with certain last digits always behave in one way.
	Suffixes bool
	// Templates is a file with the account's templates, as simulator.ReadTemplates has
	// them. If empty, none are listed, and messages are taken of any.
	Templates string
	// Seed chooses who meets which fault.
	Seed uint64
	Out  io.Writer
	Log  *slog.Logger
}

// Simulate serves a simulated provider until the context ends. An unknown
// provider, and faults that cannot be read or that it never tells of, are a
// *cli.UsageError.
func Simulate(ctx context.Context, o SimulateOptions) error {
	options, err := o.simulated()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w; choose another address", err)
	}
	provider := simulator.New(options)
	defer provider.Close()
	channel := ""
	if name := options.Dialect.Name(); name != simulator.Dialects()[0].Name() { // which a channel need not say
		channel = "\n    provider: " + name
	}
	fmt.Fprintf(o.Out, simulateGreeting, listener.Addr(), channel, listener.Addr())
	if o.Webhook == "" && options.Posts() {
		fmt.Fprintln(o.Out, "No receipts are sent: give --webhook http://127.0.0.1:8080/webhooks/CHANNEL and --app-secret.")
	}
	server := &http.Server{Handler: provider, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// simulated are the options of the provider.
func (o SimulateOptions) simulated() (simulator.Options, error) {
	dialect, err := dialectOf(o.Provider)
	if err != nil {
		return simulator.Options{}, err
	}
	faults, err := simulator.ParseFaults(o.Faults)
	if err != nil {
		return simulator.Options{}, &cli.UsageError{Err: fmt.Errorf("--faults: %w", err)}
	}
	options := simulator.Options{
		Dialect: dialect, Webhook: o.Webhook, AlsoPosts: o.Webhook != "", AppSecret: o.AppSecret, AccessToken: o.Token, Rate: o.Rate,
		Latency: o.Latency, Faults: faults, Seed: o.Seed, Suffixes: o.Suffixes, Logger: o.Log,
		Receipts: simulator.ReceiptOptions{Delay: o.Delay},
	}
	if options.Templates, err = readTemplates(o.Templates); err != nil {
		return simulator.Options{}, &cli.UsageError{Err: fmt.Errorf("--templates: %w", err)}
	}
	if err := options.Check(); err != nil {
		return simulator.Options{}, &cli.UsageError{Err: fmt.Errorf("--faults: %w", err)}
	}
	return options, nil
}

func readTemplates(path string) ([]campaign.Approved, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return simulator.ReadTemplates(file)
}

// dialectOf is what --provider names. An unknown name is a *cli.UsageError.
func dialectOf(provider string) (simulator.Dialect, error) {
	dialect, err := simulator.DialectOf(cmp.Or(provider, simulator.Dialects()[0].Name()))
	if err != nil {
		return nil, &cli.UsageError{Err: fmt.Errorf("--provider: %w", err)}
	}
	return dialect, nil
}

const simulateGreeting = `The simulated provider listens at http://%s and reaches nobody.
Point a channel at it in carillon.yaml:%s
    base_url: http://%s
/truth shows what it accepted, /counts how much. POST /events makes it send an event at once.
`

// SimulateHelp lists the shares that go wrong or are people's own, and the last
// digits that choose one.
func SimulateHelp() string {
	var text strings.Builder
	text.WriteString("Runs the simulated provider as a server of its own. It reaches nobody.\n\nThe providers for --provider; the codes below are those of cloud:\n")
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, dialect := range simulator.Dialects() {
		fmt.Fprintf(table, "  %s\t%s\n", dialect.Name(), dialect.About())
	}
	fmt.Fprint(table, "\nThe shares of --faults:\n")
	for _, share := range simulator.Shares() {
		fmt.Fprintf(table, "  %s\t%s\n", share.Name, share.Does)
	}
	fmt.Fprint(table, "\nThe last digits that --suffixes reacts to:\n")
	for _, suffix := range simulator.Suffixes() {
		fmt.Fprintf(table, "  %s\t%s\n", suffix.Digits, suffix.Does)
	}
	_ = table.Flush() // a Builder takes all
	text.WriteString(simulateSlow)
	text.WriteString(simulateEvents)
	return text.String()
}

const simulateSlow = `
Besides the shares, --faults takes slow_template=NAME, whose messages are all refused
with 132069, and slow_for=1m, the time that this answer asks to wait.
`

const simulateEvents = `
POST /events sends one event at once, for a rehearsal:
  {"kind":"inbound","from":"+447700900123","text":"STOP"}
  {"kind":"inbound","from":"+447700900123","text":"Yes","payload":"yes","reply_to":"wamid.…"}
  {"kind":"preference","from":"+447700900123","value":"stop"}
  {"kind":"number_change","from":"+447700900123","to":"+447700900124"}
  {"kind":"template_status","template":"order_update","language":"en_US","event":"PAUSED"}
  {"kind":"account_update","event":"ACCOUNT_RESTRICTION","restriction":"RESTRICTED_BIZ_INITIATED_MESSAGING"}
  {"kind":"account_update","event":"DISABLED_UPDATE","ban":"DISABLE"}
  {"kind":"errors","code":130429}
`
