// Package faults holds the program to its promises while things break: every
// fault of a table, on every engine it can strike, against the real binary, a
// real Redis and the simulated provider in processes of their own.
//
// Each run ends with an audit of the report against what the provider truly
// accepted and reported: nobody twice, nobody lost, nothing out of order. Rates
// are not judged here, and neither is speed.
//
// `make faults-short` runs the short version, `make faults` the long one, which
// prints the table that is kept in docs/faults.md.
package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
)

var (
	long = flag.Bool("faults.long", false, "longer lists, longer outages and more kills")
	// everywhere takes an hour for all kinds of providers.
	everywhere = flag.Bool("faults.everywhere", false, "every fault over every kind of provider, on both engines")
	repeat     = flag.Int("faults.repeat", 1, "how often each fault strikes each engine")
)

// atOnce is how many runs there are at a time. They mostly wait for a fault to
// pass, so more of them than processors is right.
const atOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	programtest.Main(m)
}

// TestFaults lets every fault strike every engine it can, and some every kind of
// provider.
func TestFaults(t *testing.T) {
	size := short
	if *long {
		size = longer
	}
	program, postgres := programtest.Program(t), postgrestest.Start(t)
	all := &results{}
	t.Cleanup(func() { fmt.Print(all) }) // once the last run has ended
	for order, f := range table() {
		for _, engine := range f.engines() {
			for _, provider := range f.providers(engine) {
				for n := range *repeat {
					tr := trial{fault: f.over(provider), order: order, engine: engine, provider: provider, size: size, program: program}
					if engine == enginePostgres && !f.ledger {
						tr.database = postgres.Database(t)
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", f.name, provider, engine, n+1), func(t *testing.T) {
						t.Parallel()
						tr.run(t, all)
					})
				}
			}
		}
	}
}
