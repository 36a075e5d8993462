package main

import (
	"github.com/spf13/cobra"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
)

func newRetry() *cobra.Command {
	var to connection
	var statuses []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Attempts a campaign's failed messages again, except those that would be refused again",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return to.with(func(c *client.Client) error {
				done, err := cli.Retry(cmd.Context(), c, ids[0], statuses)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), done)
				}
				return cli.WriteRetried(cmd.OutOrStdout(), done)
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().StringSliceVar(&statuses, "status", []string{campaign.Failed.String()}, "which messages: failed, expired, or failed,expired")
	jsonFlag(cmd, &asJSON)
	return cmd
}
