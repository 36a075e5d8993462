package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newTest() *cobra.Command {
	var to connection
	var r cli.TestRequest
	var timeout time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test CAMPAIGN.yaml NUMBER [CONTACTS]",
		Short: "Sends one message of a campaign to your own number and says what became of it",
		Long: `Sends one message of a campaign to your own number through a running server,
waits until it was delivered or failed, and says which. It goes out at once: no
hours, no step before it. Opt-outs and all other rules apply as for any message.

Columns are filled from the first row of CONTACTS and by --set. A column without a
value gets its fallback, or else its own name in brackets.

It exits with 0 when the provider has accepted the message.`,
		Example: `  carillon test order-update.yaml +4915123018622 contacts.csv
  carillon test order-update.yaml +4915123018622 --step 2 --set "Full Name=Ana"`,
		Args: args(cobra.RangeArgs(2, 3)),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Campaign, r.Phone = given[0], given[1]
			if len(given) > 2 {
				r.Contacts = given[2]
			}
			if timeout < 0 {
				return wrongUsage(cmd, fmt.Errorf("--timeout %s is negative", timeout))
			}
			return to.with(func(c *client.Client) error { return runTest(cmd, c, r, timeout, asJSON) })
		},
	}
	to.flag(cmd)
	cmd.Flags().IntVar(&r.Step, "step", 1, "which message of the series")
	cmd.Flags().StringArrayVar(&r.Set, "set", nil, "a column's value, as \"Column=value\"; may be repeated")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait for the result")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func runTest(cmd *cobra.Command, c *client.Client, r cli.TestRequest, timeout time.Duration, asJSON bool) error {
	started, err := cli.StartTest(cmd.Context(), c, r)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "campaign %s sends %s\n", started.Campaign.ID, started)
	done, err := cli.AwaitTest(cmd.Context(), c, started, timeout)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), done)
	} else {
		err = done.WriteText(cmd.OutOrStdout())
	}
	if !done.OK() {
		err = errors.Join(err, cli.ErrTest)
	}
	return err
}
