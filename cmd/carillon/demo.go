package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/app"
)

func newDemo() *cobra.Command {
	var o app.DemoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Sends a sample campaign to a simulated provider and audits it; needs nothing and reaches nobody",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Log = cmd.OutOrStdout(), quiet(cmd)
			return app.Demo(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.Provider, "provider", "cloud", "the provider to simulate; carillon simulate --help lists them")
	cmd.Flags().StringVar(&o.Ledger, "ledger", "", "a PostgreSQL server on which to make a database for the demo, such as postgres://user@host/postgres; an SQLite file if left out")
	cmd.Flags().IntVar(&o.People, "people", 1000, "how many people the sample list has")
	cmd.Flags().Float64Var(&o.Rate, "rate", 200, "the number's rate, in messages a second")
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "go on serving when it is done")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "seed of the random faults")
	return cmd
}
