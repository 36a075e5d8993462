package cli

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// rows is how many rows the list has, and recipients how many of them are sent
// to.
func rowsOf(c api.Campaign) (rows, recipients int64) {
	for _, n := range c.Verdicts {
		rows += n
	}
	return rows, rows - c.Counts[campaign.Rejected]
}

// Nobody is a *UsageError where nobody on a campaign's list is sent to.
func Nobody(c api.Campaign) error {
	rows, recipients := rowsOf(c)
	switch {
	case recipients > 0:
		return nil
	case rows == 0:
		return Usagef("the list has no rows, so campaign %s sends nothing", c.ID)
	}
	return Usagef("none of the %d rows of the list can be sent to (%s), so campaign %s sends nothing; `carillon check` says why",
		rows, campaign.CountVerdicts(c.Verdicts), c.ID)
}

// WriteLeftOut says how many messages of a campaign that has ended were not to be
// sent, if any.
func WriteLeftOut(out io.Writer, c api.Campaign) {
	if n := c.Counts[campaign.Skipped]; n > 0 {
		fmt.Fprintf(out, "%s left out; `carillon report %s` says why\n", quantity(n, "message"), c.ID)
	}
}

// WriteLaunched says what became of a list that was uploaded, and how it was read.
func WriteLaunched(out io.Writer, c client.Campaign) {
	if c.Layout != nil {
		writeLayout(out, *c.Layout)
	}
	rows, recipients := rowsOf(c.Campaign)
	fmt.Fprintf(out, "campaign %q is %s", c.Name, c.State)
	if c.StartAt != nil && c.State == campaign.Scheduled {
		fmt.Fprintf(out, " for %s", c.StartAt.Format(time.RFC3339))
	}
	fmt.Fprintf(out, ": messages go to %d of %d rows, steps: %d", recipients, rows, len(c.Steps))
	if c.Counts[campaign.Rejected] > 0 {
		fmt.Fprintf(out, " (%s; `carillon check` says why)", campaign.CountVerdicts(c.Verdicts))
	}
	fmt.Fprintln(out)
	for _, note := range c.Notes {
		fmt.Fprintln(out, note)
	}
	for _, trouble := range queueTrouble(c.Campaign) {
		fmt.Fprintln(out, "the queue "+trouble)
	}
}

// WriteCampaign writes a campaign for a person to read.
func WriteCampaign(out io.Writer, c api.Campaign) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s  %s\n", c.ID, c.Name)
	about := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(about, "%s\t%s\n", name, value)
		}
	}
	line("state", string(c.State))
	line("reason", c.Reason)
	line(numbers(c))
	line("fallback", strings.Join(c.Fallback, ", "))
	for _, number := range slices.Sorted(maps.Keys(c.Stopped)) {
		line("stopped", fmt.Sprintf("%s: %s", number, c.Stopped[number]))
	}
	for _, trouble := range queueTrouble(c) {
		line("queue", trouble)
	}
	for _, template := range c.Slowed {
		line("slowed", slowedText(template))
	}
	line("progress", SnapshotOf(c).String())
	if c.RateLimit > 0 {
		line("own cap", formatRate(c.RateLimit))
	}
	if c.Daily != nil {
		line("daily limit", dailyText(*c.Daily))
	}
	if c.Hours != nil {
		line("hours", hoursText(*c.Hours))
	}
	line("list", campaign.CountVerdicts(c.Verdicts))
	line("created", moment(c.CreatedAt))
	line("starts", moment(c.StartAt))
	line("started", moment(c.StartedAt))
	line("finished", moment(c.FinishedAt))
	line("expires", moment(c.ExpiresAt))
	_ = about.Flush() // a buffer takes everything
	writeSteps(&text, c)
	writeFailures(&text, c)
	writeNotices(&text, c.Notices)
	writeUnknown(&text, c)
	_, err := out.Write(text.Bytes())
	return err
}

// numbers is what the campaign is sent from, under its name.
func numbers(c api.Campaign) (name, value string) {
	if len(c.Channels) > 1 {
		return "channels", strings.Join(c.Channels, ", ")
	}
	return "channel", c.Channel
}

// queueTrouble says what is wrong with the queues of its numbers, a line for all
// that are alike.
func queueTrouble(c api.Campaign) []string {
	alike := map[string][]string{}
	for _, number := range slices.Sorted(maps.Keys(c.QueueTrouble)) {
		alike[c.QueueTrouble[number]] = append(alike[c.QueueTrouble[number]], number)
	}
	var lines []string
	for _, why := range slices.Sorted(maps.Keys(alike)) {
		of := ""
		if len(c.Channels) > 1 {
			of = " for " + strings.Join(alike[why], ", ")
		}
		lines = append(lines, "accepts no tasks"+of+": "+why+"; sending resumes by itself once that is fixed")
	}
	return lines
}

// writeSteps writes how many messages of each step stand where.
func writeSteps(text *bytes.Buffer, c api.Campaign) {
	statuses := slices.DeleteFunc(campaign.Statuses(), func(s campaign.Status) bool { return c.Counts[s] == 0 })
	if len(statuses) == 0 {
		return
	}
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "STEP\tTEMPLATE")
	for _, s := range statuses {
		fmt.Fprintf(table, "\t%s", strings.ToUpper(s.String()))
	}
	row := func(step, template string, counts campaign.Counts) {
		fmt.Fprintf(table, "\n%s\t%s", step, template)
		for _, s := range statuses {
			fmt.Fprintf(table, "\t%d", counts[s])
		}
	}
	for _, s := range c.Steps {
		row(fmt.Sprint(s.Step), s.Template, s.Counts)
	}
	row("all", "", c.Counts)
	fmt.Fprintln(table)
	_ = table.Flush() // a buffer takes everything
}

// writeFailures writes a table of why messages failed.
func writeFailures(text *bytes.Buffer, c api.Campaign) {
	if len(c.Failures) == 0 {
		return
	}
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAILED\tCODE\tREASON\tSAID\tHINT")
	for _, f := range c.Failures {
		code := "-"
		if f.Code != 0 {
			code = fmt.Sprint(f.Code)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", f.Count, code, f.Reason, orElse(f.Said, "-"), orElse(f.Hint, "-"))
	}
	_ = table.Flush() // a buffer takes everything
}

// writeUnknown says how to decide about messages of unknown fate.
func writeUnknown(text *bytes.Buffer, c api.Campaign) {
	n := c.Counts[campaign.Unknown]
	if n == 0 {
		return
	}
	verb, choice := "are", "--resend or --drop"
	if n == 1 {
		verb = "is"
	}
	if c.State == campaign.Cancelled {
		choice = "--drop"
	}
	fmt.Fprintf(text, "\n%s %s unknown; decide with carillon resolve %s %s\n", quantity(n, "message"), verb, c.ID, choice)
	for _, channel := range slices.Sorted(maps.Keys(c.Unechoed)) {
		fmt.Fprintf(text, "%s: %s\n", channel, unechoedText(c.Unechoed[channel]))
	}
}

// WriteCampaigns writes a table of campaigns.
func WriteCampaigns(out io.Writer, list []client.Campaign) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "there are no campaigns; `carillon launch` makes one")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tSTATE\tSENT\tDELIVERED\tFAILED\tRATE\tSTARTED\tREASON")
	for _, c := range list {
		s, rate := SnapshotOf(c.Campaign), "-"
		if s.Rate > 0 {
			rate = formatRate(s.Rate)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d/%d\t%d\t%d\t%s\t%s\t%s\n", c.ID, c.Name, c.State,
			s.Sent, s.Total, s.Delivered, s.Failed, rate, startOf(c.Campaign), standing(c.Campaign))
	}
	return table.Flush()
}

// standing is why the campaign does not go on, empty where nothing is wrong.
func standing(c api.Campaign) string {
	var why []string
	if c.Reason != "" {
		why = append(why, c.Reason)
	}
	for _, trouble := range queueTrouble(c) {
		why = append(why, "the queue "+trouble)
	}
	return strings.Join(why, "; ")
}

// start is when the campaign started, or will by itself.
func startOf(c api.Campaign) string {
	if c.StartedAt == nil && c.StartAt != nil && c.State == campaign.Scheduled {
		return "at " + moment(c.StartAt)
	}
	return orElse(moment(c.StartedAt), "-")
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
