package cli

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"

	"carillon/admission"
	"carillon/api"
)

// WriteChannels writes a table of sending numbers for a person to read.
func WriteChannels(out io.Writer, list []api.Channel) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tPROVIDER\tRATE\tDAILY\tQUALITY\tTIER\tSTATUS\tLAST RECEIPT\tTROUBLE")
	for _, c := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Name, c.Provider, rateNow(c), dailyNow(c),
			orElse(c.Quality, "-"), orElse(c.Tier, "-"), orElse(standingOf(c), "-"), orElse(moment(c.LastReceiptAt), "-"), orElse(c.Trouble(), "-"))
	}
	return table.Flush()
}

// WriteChannel writes one with its notices.
func WriteChannel(out io.Writer, c api.Channel) error {
	var text bytes.Buffer
	fmt.Fprintln(&text, c.Name)
	about := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	asked := moment(c.AskedAt)
	if c.AskError != "" {
		asked += "; no answer: " + c.AskError
	}
	for _, line := range [][2]string{
		{"provider", c.Provider}, {"rate", rateNow(c)}, {"daily limit", dailyNow(c)}, {"quality", c.Quality}, {"tier", c.Tier},
		{"throughput", c.Throughput}, {"status", standingOf(c)}, {"name", c.NameStatus}, {"account", c.Account}, {"queue", c.QueueTrouble},
		{"last receipt", moment(c.LastReceiptAt)}, {"told", moment(c.ToldAt)}, {"asked", asked},
	} {
		if line[1] != "" {
			fmt.Fprintf(about, "%s\t%s\n", line[0], line[1])
		}
	}
	_ = about.Flush() // a buffer takes everything
	writeNotices(&text, c.Notices)
	_, err := out.Write(text.Bytes())
	return err
}

// rateNow is what a number may send, and where that comes from.
func rateNow(c api.Channel) string {
	rate := "no limit"
	if c.Rate > 0 {
		rate = admission.RateText(c.Rate)
	}
	if c.RateAuto {
		rate += " (auto)"
	}
	return rate
}

func dailyNow(c api.Channel) string {
	daily := "no limit"
	if c.Daily != nil {
		daily = fmt.Sprintf("%d of %d", c.Daily.Used, c.Daily.Limit)
	}
	if c.DailyAuto {
		daily += " (auto)"
	}
	return daily
}

// standingOf is the number's status, with its health where that is not well.
func standingOf(c api.Channel) string {
	switch {
	case c.Health == "" || c.Health == "available" && c.Status != "":
		return c.Status
	case c.Status == "":
		return c.Health
	}
	return c.Status + ", " + c.Health
}

// writeNotices writes a table of what a provider has told.
func writeNotices(text *bytes.Buffer, list []api.Notice) {
	if len(list) == 0 {
		return
	}
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOLD\tTIMES\tABOUT\tREASON\tEFFECT\tDETAIL")
	for _, n := range list {
		about, at := n.Topic, n.At
		if n.Template != "" {
			about = n.Template
			if n.Language != "" {
				about += " (" + n.Language + ")"
			}
		}
		if at == nil {
			at = &n.FirstTold
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", moment(at), n.Times, about, n.Reason, orElse(n.Effect, "-"), orElse(n.Detail, "-"))
	}
	_ = table.Flush() // a buffer takes everything
}
