package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "carillon",
		Short:         "Sends template messages to long contact lists over WhatsApp: each once, in order, as fast as the number may go",
		Args:          noSubcommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(wrongUsage)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newDemo(), newServe(), newRole("web"), newRole("scheduler"), newRole("worker"), newMigrate(),
		newCheck(), newDoctor(), newTest(), newLaunch(), newStatus(), newList(), newChannels(), newTemplates(),
		newAct("pause", "Stops sending at once"), newAct("resume", "Goes on sending"), newAct("cancel", "Ends a campaign; unsent messages are not sent"),
		newReport(), newRetry(), newResolve(), newSchedule(), newSuppress(), newForget(), newSimulate(), newVersion(),
	)
	return root
}

// wrongUsage marks an error as the caller's and says where to read on.
func wrongUsage(cmd *cobra.Command, err error) error {
	return &cli.UsageError{Err: fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
}

// args shows how the command is written when check refuses its arguments.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if check(cmd, given) != nil {
			return wrongUsage(cmd, fmt.Errorf("wrong number of arguments: %d; write `%s`", len(given), cmd.UseLine()))
		}
		return nil
	}
}

// noSubcommand refuses a word that is no subcommand.
func noSubcommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", given[0])
	if like := cmd.SuggestionsFor(given[0]); len(like) > 0 {
		err = fmt.Errorf("%w (did you mean %s?)", err, strings.Join(like, " or "))
	}
	return wrongUsage(cmd, err)
}

// connection is the flag that the commands which talk to a server share.
type connection struct{ server string }

func (c *connection) flag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&c.server, "server", cmp.Or(os.Getenv(cli.EnvServer), cli.DefaultServer),
		"address of the server, also "+cli.EnvServer+"; its token is read from "+cli.EnvToken)
}

func (c *connection) client() (*client.Client, error) {
	return cli.NewClient(c.server, os.Getenv(cli.EnvToken))
}

// with calls f with a client.
func (c *connection) with(f func(*client.Client) error) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.Close()
	return f(client)
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// printJSON writes a document that is fit to be read by people, too.
func printJSON(out io.Writer, document any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}
