package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"carillon/api"
	"carillon/client"
	"carillon/internal/cli"
)

// usualSlots is how many slots of a history are shown unless it is said.
const usualSlots = 50

func newSchedule() *cobra.Command {
	var to connection
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Starts campaigns on a schedule: add, list, show, pause, resume, remove, run-now, history",
		Args:  noSubcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	to.flag(cmd)
	cmd.AddCommand(newScheduleAdd(&to), newScheduleList(&to), newScheduleShow(&to),
		newScheduleAct(&to, "pause", "Stops starting campaigns; a campaign that is running goes on"),
		newScheduleAct(&to, "resume", "Continues with the next time"),
		newScheduleRemove(&to), newScheduleRun(&to), newScheduleHistory(&to))
	return cmd
}

func newScheduleAdd(to *connection) *cobra.Command {
	var s cli.ScheduleRequest
	var headers []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "add NAME --campaign FILE --contacts SOURCE --cron WHEN",
		Short: "Adds a schedule; the server keeps the campaign's text and fetches the list each time",
		Long: `Adds a schedule; the server keeps the campaign's text and fetches the list each time.

Every user of this machine can see a command's arguments. So keep secrets in
environment variables and write '${NAME}', in quotes, in --contacts and in --header.`,
		Example: `  carillon schedule add daily --campaign order-update.yaml --contacts https://lists.example/%Y-%m-%d.csv --header 'Authorization=Bearer ${LISTS_TOKEN}' --cron '0 9 * * 1-5'`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			s.Name = names[0]
			if s.Campaign == "" || s.Contacts == "" || s.Cron == "" {
				return wrongUsage(cmd, errors.New("--campaign, --contacts and --cron are required"))
			}
			var err error
			if s.Headers, err = cli.ParseHeaders(headers); err != nil {
				return err
			}
			if s.Contacts, err = cli.FillIn("--contacts", s.Contacts); err != nil {
				return err
			}
			return to.with(func(c *client.Client) error {
				added, err := cli.AddSchedule(cmd.Context(), c, s)
				if err != nil {
					return err
				}
				return printSchedule(cmd, added, asJSON)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.Campaign, "campaign", "", "file of the campaign, as for launch")
	flags.StringVar(&s.Contacts, "contacts", "",
		"where the list comes from: a file among the server's lists, http(s)://…, postgres://… or sqlite:FILE; %Y, %m, %d are the date")
	flags.StringVar(&s.Cron, "cron", "", `when: minute, hour, day of the month, month, day of the week ("0 9 * * 1-5"), or @daily`)
	flags.StringVar(&s.Zone, "zone", "", "time zone of --cron, such as Europe/Madrid (default UTC)")
	flags.StringVar(&s.Overlap, "overlap", "", "while the campaign before still runs: skip, queue or parallel (default skip)")
	flags.StringVar(&s.CatchUp, "catch-up", "", "which missed times to make up for: none, last or all (default last)")
	flags.StringArrayVar(&headers, "header", nil, "NAME=VALUE, sent to the address that --contacts names; may be repeated")
	flags.StringVar(&s.Query, "query", "", "SELECT whose rows are the list, for a database")
	flags.BoolVar(&s.AllowPrivate, "allow-private", false, "the address may be one of a private network")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printSchedule(cmd *cobra.Command, s api.Schedule, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), s)
	}
	return cli.WriteSchedule(cmd.OutOrStdout(), s)
}

func newScheduleList(to *connection) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the schedules",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return to.with(func(c *client.Client) error {
				list, err := c.Schedules(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), list)
				}
				return cli.WriteSchedules(cmd.OutOrStdout(), list)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newScheduleShow(to *connection) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Shows a schedule",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			return to.with(func(c *client.Client) error {
				found, err := c.Schedule(cmd.Context(), names[0])
				if err != nil {
					return err
				}
				return printSchedule(cmd, found, asJSON)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// newScheduleAct is a command that does one thing to a schedule, and is named
// as the HTTP API names it.
func newScheduleAct(to *connection, action, short string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   action + " NAME",
		Short: short,
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			return to.with(func(c *client.Client) error {
				changed, err := c.ActSchedule(cmd.Context(), names[0], action)
				if err != nil {
					return err
				}
				return printSchedule(cmd, changed, asJSON)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newScheduleRemove(to *connection) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Removes a schedule; campaigns that it started go on",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			return to.with(func(c *client.Client) error {
				return c.RemoveSchedule(cmd.Context(), names[0])
			})
		},
	}
}

func newScheduleRun(to *connection) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "run-now NAME",
		Short: "Starts the campaign now, in addition to its times; a slot that waits for another try is tried at once",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			return to.with(func(c *client.Client) error {
				slot, err := c.RunSchedule(cmd.Context(), names[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), slot)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\ncarillon schedule history %s shows what becomes of it\n", cli.Slot(slot), names[0])
				return err
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newScheduleHistory(to *connection) *cobra.Command {
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history NAME",
		Short: "Lists when a schedule started its campaign or did not, and why, the newest first",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			if limit < 1 {
				return wrongUsage(cmd, fmt.Errorf("--limit %d shows nothing; write 1 or more", limit))
			}
			return to.with(func(c *client.Client) error {
				slots, err := c.Slots(cmd.Context(), names[0], limit)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), slots)
				}
				return cli.WriteSlots(cmd.OutOrStdout(), slots)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", usualSlots, "how many at most")
	jsonFlag(cmd, &asJSON)
	return cmd
}
