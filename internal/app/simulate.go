package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"carillon/simulator"
)

// SimulateOptions says how the simulated provider behaves.
type SimulateOptions struct {
	// Listen is the address to serve at; port 0 takes a free one.
	Listen string
	// Webhook is where receipts are posted to, signed with AppSecret. If
	// empty, none are.
	Webhook, AppSecret string
	// Token is the access token that requests must carry. If empty, any will
	// do.
	Token string
	// Rate is what is taken, in messages a second; 0 means no limit.
	Rate float64
	// Latency is how long each answer takes.
	Latency time.Duration
	// Faults are shares of the messages, as in "throttle=0.02,hang=0.001".
	Faults string
	// Suffixes makes numbers with certain last digits always behave in one way.
	Suffixes bool
	// Seed chooses who meets which fault.
	Seed uint64
	Out  io.Writer
	Log  *slog.Logger
}

// Simulate serves a simulated provider until the context ends. Faults that
// cannot be read are a *UsageError.
func Simulate(ctx context.Context, o SimulateOptions) error {
	faults, err := simulator.ParseFaults(o.Faults)
	if err != nil {
		return &UsageError{Err: fmt.Errorf("--faults: %w", err)}
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w; choose another address", err)
	}
	provider := simulator.New(simulator.Options{
		Webhook: o.Webhook, AppSecret: o.AppSecret, AccessToken: o.Token, Rate: o.Rate,
		Latency: o.Latency, Faults: faults, Seed: o.Seed, Suffixes: o.Suffixes, Logger: o.Log,
	})
	defer provider.Close()
	fmt.Fprintf(o.Out, simulateGreeting, listener.Addr(), listener.Addr())
	if o.Webhook == "" {
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

const simulateGreeting = `The simulated provider listens at http://%s and sends to nobody.
Point a channel at it in carillon.yaml:
    base_url: http://%s
What it accepted is shown at /truth, in numbers at /counts.
`
