// Command bench measures how fast Carillon is, and prints a table with a row
// for each measure: the result, what a loop without any of our promises does
// in the same run (bare), and whether the bar is reached.
//
// Everything that is measured is a process of its own: the program as it is
// built for use, redis-server, PostgreSQL, the provider (stub.go) and bare
// (bare.go). The rows about sweeps alone call the ledger in this process. How a figure is taken stands with the function that takes it, in
// the files named rows_*.go. What a message needs to be counted is to have
// arrived at the provider: arrivals are timed there, by one clock.
//
// A figure of a busy machine tells little; a ratio to bare of the same minute
// tells more. Figures of latency include the scheduling of all these processes
// on the same cores. Nothing here is tuned: no setting differs from what a
// user gets, but for the rate of the number.
//
// It exits with 1 where a measure is below its bar or could not be taken, and
// with 2 for wrong usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// The exit codes.
const (
	exitFine  = 0
	exitBelow = 1
	exitUsage = 2
)

func main() { os.Exit(untilSignal(os.Args[1:])) }

// untilSignal runs until it is done or told to stop, and ends the processes it
// has started either way.
func untilSignal(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, os.Stdout, os.Stderr)
}

// The words that make this program another one of a benchmark's processes.
const (
	roleStub      = "stub"
	roleBare      = "bare"
	rolePipelined = "bare-pipelined"
)

func run(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case roleStub:
			return exit(log, runStub(ctx, out))
		case roleBare, rolePipelined:
			return exit(log, runBare(ctx, args[0], args[1:]))
		}
	}
	o, err := parseOptions(args, log)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	if err != nil {
		return exitUsage // the flags have said why
	}
	return exit(log, bench(ctx, o, out, log))
}

func exit(log io.Writer, err error) int {
	if err == nil {
		return exitFine
	}
	fmt.Fprintln(log, "bench:", err)
	return exitBelow
}

// options are what a user asks for.
type options struct {
	json bool
	only *regexp.Regexp // nil for all
	// window is how long a throughput is measured.
	window time.Duration
	// sweepMost is the longest list that is made to wait.
	sweepMost int
}

func parseOptions(args []string, log io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.BoolVar(&o.json, "json", false, "print JSON instead of Markdown")
	flags.Func("only", "measure only the rows whose name matches this `regexp`", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	seconds := flags.Int("seconds", 10, "how long a throughput is measured, in `seconds`")
	flags.IntVar(&o.sweepMost, "sweep-max", leastWaiting, "how many `recipients` wait at most in the rows about sweeps")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	wrong := ""
	switch {
	case flags.NArg() > 0:
		wrong = fmt.Sprintf("%q is no flag; see --help", flags.Arg(0))
	case *seconds < 1 || *seconds > 600:
		wrong = "--seconds is a number from 1 to 600"
	case o.sweepMost < leastWaiting || o.sweepMost > mostWaiting:
		wrong = fmt.Sprintf("--sweep-max is a number from %d to %d", leastWaiting, mostWaiting)
	case o.only != nil && len(chosen(experiments(o.sweepMost), o.only)) == 0:
		wrong = fmt.Sprintf("--only %q matches no row; see the names in the table", o.only)
	}
	if wrong != "" {
		fmt.Fprintln(log, "bench:", wrong)
		return options{}, errors.New(wrong)
	}
	o.window = time.Duration(*seconds) * time.Second
	return o, nil
}

// errBelow tells that not all is well. The table has said what.
var errBelow = errors.New("not every measure reaches its bar")

// bench measures and prints: to log what is known as soon as it is, to out the
// table at the end.
func bench(ctx context.Context, o options, out, log io.Writer) (err error) {
	tools, err := makeTools(ctx, o.window, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tools.remove()) }()
	report := report{Machine: tools.machine()}
	if !o.json {
		report.Machine.markdown(out)
	}
	for _, e := range chosen(experiments(o.sweepMost), o.only) {
		fmt.Fprintf(log, "%s: %s\n", time.Now().Format(time.TimeOnly), e.name)
		rows, notes := tools.measure(ctx, e)
		report.Rows = append(report.Rows, matching(rows, o.only)...)
		report.Notes = append(report.Notes, notes...)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	if o.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		report.markdown(out)
	}
	if err == nil && report.below() {
		err = errBelow
	}
	return err
}
