package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/cli"
)

func newDoctor() *cobra.Command {
	var config string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Looks at all that sending needs, and says what to do",
		Long: `Looks at the configuration, the ledger, Redis, the clocks, and at each channel: its
token, its number and account, and its webhook, for which it makes empty webhooks of
its own at http.public_url. It sends nothing and changes nothing. A server may run
meanwhile, and has to for the webhooks.

It exits with 1 if something would stop a campaign.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := haveConfig(config); err != nil {
				return err
			}
			found := cli.Doctor(cmd.Context(), config)
			write := func() error { return cli.WriteFindings(cmd.OutOrStdout(), found) }
			if asJSON {
				write = func() error { return printJSON(cmd.OutOrStdout(), found) }
			}
			if err := write(); err != nil {
				return err
			}
			return cli.Troubled(found)
		},
	}
	configFlag(cmd, &config)
	jsonFlag(cmd, &asJSON)
	return cmd
}
