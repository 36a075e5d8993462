package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newLaunch() *cobra.Command {
	var to connection
	var at, media string
	var late time.Duration
	var wait, asJSON bool
	cmd := &cobra.Command{
		Use:   "launch CAMPAIGN.yaml CONTACTS",
		Short: "Uploads a campaign with its list to a server and starts it; prints its id",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, files []string) error {
			l := cli.LaunchRequest{Campaign: files[0], Contacts: files[1], Media: media}
			if at != "" {
				moment, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return wrongUsage(cmd, fmt.Errorf("--at %q is not a time; write it like 2026-03-01T09:00:00+01:00", at))
				}
				l.At = moment
			}
			if cmd.Flags().Changed("late") && (l.At.IsZero() || late < time.Second) {
				return wrongUsage(cmd, errors.New("--late says how late --at may be: give both, and --late at least a second, such as 15m"))
			}
			l.Late = late
			return to.with(func(c *client.Client) error {
				launched, err := cli.Launch(cmd.Context(), c, l)
				if err != nil {
					return err
				}
				cli.WriteLaunched(cmd.ErrOrStderr(), launched)
				if !asJSON {
					fmt.Fprintln(cmd.OutOrStdout(), launched.ID)
				}
				nobody := cli.Nobody(launched.Campaign)
				if wait && nobody == nil {
					var ended client.Campaign
					ended, err = cli.Follow(cmd.Context(), c, launched, cmd.ErrOrStderr())
					cli.WriteLeftOut(cmd.ErrOrStderr(), ended.Campaign)
					launched = ended.WithLaunch(launched)
				}
				if asJSON {
					err = errors.Join(err, printJSON(cmd.OutOrStdout(), launched))
				}
				return errors.Join(err, nobody)
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().StringVar(&at, "at", "", "start at this time (RFC 3339) instead of now")
	mediaFlag(cmd, &media)
	cmd.Flags().DurationVar(&late, "late", 0, "with --at: leave the campaign paused if it would start later than this after --at (default: start it as soon as possible)")
	cmd.Flags().BoolVar(&wait, "wait", false, "show progress until the campaign has ended; fails if it was cancelled")
	jsonFlag(cmd, &asJSON)
	return cmd
}
