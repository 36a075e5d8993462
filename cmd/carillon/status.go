package main

import (
	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newStatus() *cobra.Command {
	var to connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status ID",
		Short: "Shows how far a campaign has come",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return to.with(func(c *client.Client) error {
				found, err := c.Campaign(cmd.Context(), ids[0])
				if err != nil {
					return err
				}
				return printCampaign(cmd, found, asJSON)
			})
		},
	}
	to.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printCampaign(cmd *cobra.Command, c client.Campaign, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), c)
	}
	return cli.WriteCampaign(cmd.OutOrStdout(), c.Campaign)
}
