package main

import (
	"errors"

	"github.com/spf13/cobra"

	"carillon/internal/cli"
)

func newCheck() *cobra.Command {
	var config, media string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check CAMPAIGN.yaml CONTACTS",
		Short: "Reads a campaign and its list, shows what would be sent, and sends nothing",
		Long: `Reads a campaign and its list as a launch would, and sends nothing. It needs no
server. A configuration tells it the numbers' rates and daily limits, and the
calendars of holidays.

It exits with 2 if the campaign could not run: a file cannot be used, or no
row of the list would get a message.`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, files []string) error {
			result, err := cli.CheckWithMedia(cmd.Context(), files[0], files[1], config, media)
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
	mediaFlag(cmd, &media)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// mediaFlag adds the folder of the files that a list names.
func mediaFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "media", "", "the folder of the files that the list names (default: that of the campaign's file)")
}
