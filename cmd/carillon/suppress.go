package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"carillon/api"
	"carillon/client"
	"carillon/internal/cli"
)

func newSuppress() *cobra.Command {
	var to connection
	cmd := &cobra.Command{
		Use:   "suppress",
		Short: "Keeps the people who opted out: add, remove, list, import",
		Args:  noSubcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	to.flag(cmd)
	cmd.AddCommand(newSuppressAdd(&to), newSuppressRemove(&to), newSuppressList(&to), newSuppressImport(&to))
	return cmd
}

func scopeFlag(cmd *cobra.Command, scope *string) {
	cmd.Flags().StringVar(scope, "scope", "all", "what it is about: all, marketing, or a campaign's id")
}

func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, for the records")
}

func newSuppressAdd(to *connection) *cobra.Command {
	var scope, reason string
	cmd := &cobra.Command{
		Use:   "add NUMBER|USER-ID...",
		Short: "Stops writing to these people",
		Args:  args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, phones []string) error {
			list := make([]api.NewSuppression, len(phones))
			for i, phone := range phones {
				list[i] = api.NewSuppression{Phone: phone, Scope: scope, Reason: reason}
			}
			return to.with(func(c *client.Client) error {
				done, err := c.Suppress(cmd.Context(), list)
				if err != nil {
					return err
				}
				return printSuppressed(cmd, done)
			})
		},
	}
	scopeFlag(cmd, &scope)
	reasonFlag(cmd, &reason)
	return cmd
}

func printSuppressed(cmd *cobra.Command, done api.Suppressed) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "opted out: %d\n", done.Suppressed)
	return err
}

func newSuppressRemove(to *connection) *cobra.Command {
	var scope string
	cmd := &cobra.Command{
		Use:   "remove NUMBER|USER-ID",
		Short: "Removes an opt-out from one scope",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, phones []string) error {
			return to.with(func(c *client.Client) error {
				if err := c.Unsuppress(cmd.Context(), phones[0], scope); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "removed: %s for %s; opt-outs in other scopes stay\n", phones[0], scope)
				return err
			})
		},
	}
	scopeFlag(cmd, &scope)
	return cmd
}

func newSuppressList(to *connection) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the opt-outs",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return to.with(func(c *client.Client) error {
				list, err := c.Suppressions(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), list)
				}
				return printSuppressions(cmd, list)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printSuppressions(cmd *cobra.Command, list []api.Suppression) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tSCOPE\tSINCE\tBY\tREASON")
	for _, s := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Phone, s.Scope, s.Since.UTC().Format(time.RFC3339), s.Source, s.Reason)
	}
	return table.Flush()
}

func newSuppressImport(to *connection) *cobra.Command {
	var scope, reason, region string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Stops writing to the numbers in a file: one per line, or a list with a phone column",
		Long: `Stops writing to the numbers in a file: one per line, or a list with a phone
column. The columns scope and reason apply to their row.

It exits with 1 if some rows could not be used; the others are opted out.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return to.with(func(c *client.Client) error {
				done, err := cli.SuppressFile(cmd.Context(), c, files[0], client.SuppressOptions{Scope: scope, Reason: reason, Region: region})
				for _, p := range done.Problems {
					fmt.Fprintf(cmd.ErrOrStderr(), "carillon: %s: %s\n", files[0], cli.RowProblem(p))
				}
				if err != nil {
					return err
				}
				if more := done.Rejected - len(done.Problems); more > 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "carillon: %s: and %d rows more without a number\n", files[0], more)
				}
				show := func() error { return printSuppressed(cmd, done) }
				if asJSON {
					show = func() error { return printJSON(cmd.OutOrStdout(), done) }
				}
				if err := show(); err != nil || done.Rejected == 0 {
					return err
				}
				return fmt.Errorf("%d rows of %s were passed over; mend them and import the file again", done.Rejected, files[0])
			})
		},
	}
	scopeFlag(cmd, &scope)
	reasonFlag(cmd, &reason)
	cmd.Flags().StringVar(&region, "region", "", "the country of numbers that name none, such as ES")
	jsonFlag(cmd, &asJSON)
	return cmd
}
