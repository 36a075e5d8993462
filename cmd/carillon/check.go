package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newCheck() *cobra.Command {
	var config, server, media string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check CAMPAIGN.yaml CONTACTS",
		Short: "Reads a campaign and its list, shows what would be sent, and sends nothing",
		Long: `Reads a campaign and its list as a launch would, and sends nothing. It needs no
server. A configuration tells it the numbers' rates and daily limits, and the
calendars of holidays. With --server it also holds each step against the
template's definition, as that server's provider tells it, and shows the texts
that people would read.

It exits with 2 if the campaign could not run: a file cannot be used, or no
row of the list would get a message.`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, files []string) error {
			result, err := check(cmd.Context(), server, files, config, media)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), result)
			} else {
				err = result.WriteText(cmd.OutOrStdout())
			}
			if err == nil && result.Recipients == 0 {
				err = &cli.UsageError{Err: errors.New("no message would go to any row of the list; the rows' verdicts say why")}
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "", "a configuration file, for rates, limits and holidays; without it the rate is 80 a second")
	cmd.Flags().StringVar(&server, "server", "", "address of a server that knows the templates, such as "+cli.DefaultServer+"; its token is read from "+cli.EnvToken)
	mediaFlag(cmd, &media)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// check asks the server about the templates where one is named.
func check(ctx context.Context, server string, files []string, config, media string) (*cli.CheckResult, error) {
	if server == "" {
		return cli.CheckWithMedia(ctx, files[0], files[1], config, media)
	}
	var result *cli.CheckResult
	err := (&connection{server: server}).with(func(c *client.Client) (err error) {
		result, err = cli.CheckAgainst(ctx, c, files[0], files[1], config, media)
		return err
	})
	return result, err
}

// mediaFlag adds the folder of the files that a list names.
func mediaFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "media", "", "the folder of the files that the list names (default: that of the campaign's file)")
}
