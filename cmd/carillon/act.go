package main

import (
	"github.com/spf13/cobra"

	"carillon/client"
)

// newAct is a command that does one thing to a campaign, and is named as the
// HTTP API names it.
func newAct(action, short string) *cobra.Command {
	var to connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   action + " ID",
		Short: short,
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return to.with(func(c *client.Client) error {
				changed, err := c.Act(cmd.Context(), ids[0], action)
				if err != nil {
					return err
				}
				return printCampaign(cmd, changed, asJSON)
			})
		},
	}
	to.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}
