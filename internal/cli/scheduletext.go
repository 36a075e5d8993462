package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"carillon/api"
)

// WriteSchedules writes a table of schedules for a person to read.
func WriteSchedules(out io.Writer, list []api.Schedule) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "there are no schedules; add one with `carillon schedule add` or in the configuration")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tCRON\tZONE\tCAMPAIGN\tCONTACTS\tNEXT\tLAST")
	for _, s := range list {
		last := "-"
		if s.Last != nil {
			last = moment(&s.Last.At) + " " + string(s.Last.State)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Cron, s.Zone, s.Campaign, s.Contacts, nextOf(s), last)
	}
	err := table.Flush()
	for _, s := range list {
		if s.Problem != "" {
			fmt.Fprintf(out, "\n%s: %s\n", s.Name, s.Problem)
		}
	}
	return err
}

// WriteSchedule writes a schedule for a person to read.
func WriteSchedule(out io.Writer, s api.Schedule) error {
	var text bytes.Buffer
	fmt.Fprintln(&text, s.Name)
	about := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	lines := [][2]string{{"campaign", s.Campaign}, {"contacts", s.Contacts}}
	if s.Database != "" {
		lines = append(lines, [2]string{"database", s.Database}, [2]string{"query", strings.ReplaceAll(s.Query, "\n", "\n\t")})
	}
	if s.AllowPrivate {
		lines = append(lines, [2]string{"allow private", "yes"})
	}
	if s.Secrets != "" {
		lines = append(lines, [2]string{"secrets", secrecy(s.Secrets)})
	}
	lines = append(lines, [][2]string{
		{"cron", s.Cron + ", " + s.Zone}, {"overlap", string(s.Overlap)}, {"catch up", string(s.CatchUp)}, {"next", nextOf(s)}, {"from", originOf(s)},
	}...)
	for _, line := range lines {
		fmt.Fprintf(about, "%s\t%s\n", line[0], line[1])
	}
	if s.Last != nil {
		fmt.Fprintf(about, "last\t%s\n", Slot(*s.Last))
	}
	if s.Problem != "" {
		fmt.Fprintf(about, "problem\t%s\n", s.Problem)
	}
	_ = about.Flush() // a buffer takes everything
	_, err := out.Write(text.Bytes())
	return err
}

// secrecy says where secrets are that are not shown.
func secrecy(kept string) string {
	switch kept {
	case "sealed":
		return "sealed in the ledger"
	case "plain":
		return "in plain text in the ledger"
	case "configured":
		return "in the configuration"
	}
	return kept
}

// nextOf is when the schedule starts its campaign again.
func nextOf(s api.Schedule) string {
	if s.Paused {
		return "paused"
	}
	return orElse(moment(s.NextAt), "never")
}

func originOf(s api.Schedule) string {
	if s.Origin == "config" {
		return "the configuration"
	}
	return "the API"
}

// Slot is a slot in a line.
func Slot(s api.Slot) string {
	line := moment(&s.At) + " " + string(s.State)
	if s.CampaignID != nil {
		line += ", campaign " + *s.CampaignID
	}
	if s.Detail != "" {
		line += ": " + s.Detail
	}
	return line
}

// WriteSlots writes a table of slots for a person to read.
func WriteSlots(out io.Writer, list []api.Slot) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "it has not started a campaign yet")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AT\tSTATE\tCAMPAIGN\tTRIES\tBY\tDETAIL")
	for _, s := range list {
		id := "-"
		if s.CampaignID != nil {
			id = *s.CampaignID
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", s.At.UTC().Format(time.RFC3339), s.State, id, s.Tries,
			orElse(s.By, "-"), strings.ReplaceAll(s.Detail, "\n", "; "))
	}
	return table.Flush()
}
