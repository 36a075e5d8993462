package main

import (
	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newChannels() *cobra.Command {
	var to connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "channels [NAME]",
		Short: "Shows the sending numbers: what they may send, how they stand, and what their providers have told",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			return to.with(func(c *client.Client) error {
				if len(names) == 1 {
					return printChannel(cmd, c, names[0], asJSON)
				}
				all, err := c.Channels(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), all)
				}
				return cli.WriteChannels(cmd.OutOrStdout(), all)
			})
		},
	}
	to.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printChannel(cmd *cobra.Command, c *client.Client, name string, asJSON bool) error {
	found, err := c.Channel(cmd.Context(), name)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), found)
	}
	return cli.WriteChannel(cmd.OutOrStdout(), found)
}
