package main

import (
	"errors"

	"github.com/spf13/cobra"

	"carillon/api"
	"carillon/client"
	"carillon/internal/cli"
)

func newResolve() *cobra.Command {
	var to connection
	var resend, drop, asJSON bool
	cmd := &cobra.Command{
		Use:   "resolve ID (--resend | --drop)",
		Short: "Decides about messages that may or may not have been accepted",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if resend == drop {
				return wrongUsage(cmd, errors.New("write either --resend or --drop"))
			}
			decision := api.Drop
			if resend {
				decision = api.Resend
			}
			return to.with(func(c *client.Client) error {
				done, err := c.Resolve(cmd.Context(), ids[0], decision)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), done)
				}
				return cli.WriteResolved(cmd.OutOrStdout(), done, decision)
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().BoolVar(&resend, "resend", false, "send them again; whoever got the first one gets it twice")
	cmd.Flags().BoolVar(&drop, "drop", false, "give them up; a receipt that still comes counts")
	jsonFlag(cmd, &asJSON)
	return cmd
}
