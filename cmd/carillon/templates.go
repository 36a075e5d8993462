package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newTemplates() *cobra.Command {
	var to connection
	var refresh, asJSON bool
	cmd := &cobra.Command{
		Use:   "templates [CHANNEL]",
		Short: "Lists the templates of the channels, as their providers tell them",
		Long: `Lists the templates of the account that a channel belongs to, with what each
expects of a step; without a channel, of all. The server keeps the list, and asks the provider where it is
older than a few minutes.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return to.with(func(c *client.Client) error {
				lists, err := cli.Templates(cmd.Context(), c, strings.Join(given, ""), refresh)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), lists)
				}
				return cli.WriteTemplates(cmd.OutOrStdout(), lists, time.Now())
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the provider in any case")
	jsonFlag(cmd, &asJSON)
	return cmd
}
