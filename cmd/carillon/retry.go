package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/cli"
)

func newRetry() *cobra.Command {
	var to connection
	var statuses []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Attempts a campaign's failed messages again, but those that would be refused again",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return to.with(func(client *cli.Client) error {
				done, err := client.Retry(cmd.Context(), ids[0], statuses)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), done)
				}
				return done.WriteText(cmd.OutOrStdout())
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().StringSliceVar(&statuses, "status", []string{cli.Failed}, "which messages: failed, expired, or failed,expired")
	jsonFlag(cmd, &asJSON)
	return cmd
}
