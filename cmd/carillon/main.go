// Command carillon sends template messages to long contact lists over
// WhatsApp. Each subcommand has a file of its own and does no more than read
// its flags, call package app and print.
//
// It exits with 0 when all is fine, 1 when something failed, and 2 when the
// caller has to change what was asked for. Errors go to standard error.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"carillon/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := newRoot().ExecuteContext(ctx)
	if err != nil {
		cli.WriteError(os.Stderr, err)
	}
	return cli.ExitCode(err)
}
