package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"carillon/campaign"
)

// listedRows is how many bad rows the text of a check has. The JSON has all.
const listedRows = 20

// shownExamples is how many rows the text names of each kind of warning.
const shownExamples = 3

// WriteText writes the result for a person to read.
func (r *CheckResult) WriteText(out io.Writer) error {
	var text bytes.Buffer
	r.writeLayout(&text)
	r.writeCounts(&text)
	r.writeRows(&text)
	r.writeWarnings(&text)
	r.writePreview(&text)
	fmt.Fprintf(&text, "\nEstimate: %s.\n", r.Estimate.Text)
	if r.Hours != "" {
		fmt.Fprintf(&text, "Hours: %s.\n", r.Hours)
	}
	for _, c := range r.Channels {
		fmt.Fprintf(&text, "Channel %s: %s\n", c.Channel, c.Detail)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "Note: %s\n", note)
	}
	_, err := out.Write(text.Bytes())
	return err
}

func (r *CheckResult) writeLayout(text *bytes.Buffer) {
	writeLayout(text, r.Layout)
	from, without := "the first one", "empty ones"
	if r.Layout.Header {
		from += " below the header"
	}
	if r.Layout.HiddenRows > 0 {
		without = "empty and hidden ones"
	}
	fmt.Fprintf(text, "Rows are counted from %s, without %s.\n", from, without)
}

func (r *CheckResult) writeCounts(text *bytes.Buffer) {
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', tabwriter.AlignRight)
	var rows int64
	for _, verdict := range campaign.Verdicts() {
		if n := r.Counts[verdict]; n > 0 {
			fmt.Fprintf(table, "%d\t  %s\n", n, verdict)
			rows += n
		}
	}
	_ = table.Flush() // a buffer takes everything
	fmt.Fprintf(text, "Messages would go to %d of %d rows.\n", r.Recipients, rows)
	for _, reason := range slices.Sorted(maps.Keys(r.barredBy)) {
		fmt.Fprintf(text, "%s would be left out: %s.\n", quantity(r.barredBy[reason], "message"), reason)
	}
}

func (r *CheckResult) writeRows(text *bytes.Buffer) {
	if len(r.Rows) == 0 {
		return
	}
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROW\tVERDICT\tNUMBER\tWHY")
	for _, row := range r.Rows[:min(len(r.Rows), listedRows)] {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", row.Row, row.Verdict, orElse(row.E164, "-"), row.Detail)
	}
	_ = table.Flush() // a buffer takes everything
	if more := len(r.Rows) - listedRows; more > 0 {
		fmt.Fprintf(text, "and %d more; --json lists them all\n", more)
	}
}

// writeWarnings counts the warnings by kind, the first kind first.
func (r *CheckResult) writeWarnings(text *bytes.Buffer) {
	if len(r.Warnings) == 0 {
		return
	}
	var kinds []string
	of := map[string][]CheckWarning{}
	for _, w := range r.Warnings {
		kind := w.kind()
		if of[kind] == nil {
			kinds = append(kinds, kind)
		}
		of[kind] = append(of[kind], w)
	}
	text.WriteString("\nSent, but please check:\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROWS\tEXAMPLES\tWHY")
	for _, kind := range kinds {
		var examples []string
		for _, w := range of[kind][:min(len(of[kind]), shownExamples)] {
			examples = append(examples, fmt.Sprintf("row %d %s", w.Row, w.E164))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", len(of[kind]), strings.Join(examples, ", "), kind)
	}
	_ = table.Flush() // a buffer takes everything
	text.WriteString("--json lists each of them\n")
}

// kind is the warning without the numbers in it.
func (w CheckWarning) kind() string {
	words := strings.Fields(w.Detail)
	for i, word := range words {
		if strings.HasPrefix(word, "+") {
			words[i] = "+…" + strings.TrimLeft(word, "+0123456789")
		}
	}
	return strings.Join(words, " ")
}

func (r *CheckResult) writePreview(text *bytes.Buffer) {
	if len(r.Preview) > 0 {
		text.WriteString("\nThe first messages:\n")
	}
	for _, p := range r.Preview {
		for _, m := range p.Messages {
			fmt.Fprintf(text, "row %d, %s, step %d: %s\n", p.Row, p.To, m.Step, m.title())
			writeJSON(text, m.Content)
			if m.Kind != "" && m.Template != "" {
				fmt.Fprintf(text, "  or outside the window: %s\n", m.template())
			}
			if m.Text != "" {
				fmt.Fprintf(text, "  %s\n", strings.ReplaceAll(m.Text, "\n", "\n  "))
				continue
			}
			writeJSON(text, m.Components)
		}
	}
}

// title says in a few words what is sent.
func (m PreviewMessage) title() string {
	if m.Kind != "" {
		return string(m.Kind)
	}
	return m.template()
}

func (m PreviewMessage) template() string {
	text := fmt.Sprintf("%s (%s)", m.Template, m.Language)
	if m.MarketingMessages != nil {
		text += ", by marketing_messages"
	}
	return text
}

// writeJSON writes a document below a message, nothing of none.
func writeJSON(text *bytes.Buffer, document json.RawMessage) {
	if len(document) == 0 {
		return
	}
	text.WriteString("  ")
	if json.Indent(text, document, "  ", "  ") != nil {
		text.Write(document)
	}
	text.WriteString("\n")
}
