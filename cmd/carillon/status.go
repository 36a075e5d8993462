package main

import (
	"github.com/spf13/cobra"

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
			return to.with(func(client *cli.Client) error {
				found, err := client.Campaign(cmd.Context(), ids[0])
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

func printCampaign(cmd *cobra.Command, c cli.Campaign, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), c)
	}
	return c.WriteText(cmd.OutOrStdout())
}
