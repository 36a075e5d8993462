package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"carillon/client"
)

func newForget() *cobra.Command {
	var to connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "forget NUMBER|USER-ID",
		Short: "Erases a person from all lists, for good; nothing is sent to them again",
		Long: `Erases a person: their number, their cells and their answers in every list,
and their opt-outs. The messages stay with their times, so that the
counts stay right, and a hash keeps the person out of later lists.

A person whose number WhatsApp hides can be named by their user ID, such as
US.13491208655302741918. If the number becomes known later, it is erased as well.

Backups and the files of uploaded lists are not changed. It cannot be undone:
carillon suppress remove NUMBER only allows messages again.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, phones []string) error {
			return to.with(func(c *client.Client) error {
				done, err := c.Forget(cmd.Context(), phones[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), done)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "rows erased: %d; messages that will not be sent: %d\n", done.Rows, done.Skipped)
				return err
			})
		},
	}
	to.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}
