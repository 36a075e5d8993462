package main

import (
	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newList() *cobra.Command {
	var to connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the campaigns, the newest first",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return to.with(func(c *client.Client) error {
				found, err := c.Campaigns(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), found)
				}
				return cli.WriteCampaigns(cmd.OutOrStdout(), found)
			})
		},
	}
	to.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}
