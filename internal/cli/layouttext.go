package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"carillon/campaign"
)

// writeLayout says what of a list was taken for what. It shows people's values.
func writeLayout(out io.Writer, l campaign.Layout) {
	fmt.Fprintf(out, "The list is read as %s", l.Format)
	for _, about := range []struct{ name, value string }{
		{"encoding", l.Encoding}, {"delimiter", l.Delimiter}, {"sheet", l.Sheet},
	} {
		if about.value != "" {
			fmt.Fprintf(out, ", %s %q", about.name, about.value)
		}
	}
	if l.Phone >= 0 && l.Phone < len(l.Columns) { // a server may say anything
		fmt.Fprintf(out, ", phone numbers in column %q", l.Columns[l.Phone])
	}
	fmt.Fprintln(out, ".")
	for _, guess := range l.Guessed {
		fmt.Fprintf(out, "  guessed: %s\n", guess)
	}
	if len(l.EncodingCells) > 0 {
		fmt.Fprintf(out, "  letters in this encoding, for example %s\n", quotedCells(l.EncodingCells))
	}
	for _, taken := range l.Taken {
		fmt.Fprintf(out, "  column %q is used for %s", taken.Column, strings.Join(taken.As, ", "))
		if len(taken.Cells) > 0 {
			fmt.Fprintf(out, ": %s", quotedCells(taken.Cells))
		}
		fmt.Fprintln(out)
	}
	if l.HiddenRows > 0 {
		fmt.Fprintf(out, "%s left out; include_hidden: true under contacts includes them.\n", are(quantity(int64(l.HiddenRows), "hidden row"), l.HiddenRows))
	}
}

// are is a quantity with the verb.
func are(quantity string, n int) string {
	if n == 1 {
		return quantity + " is"
	}
	return quantity + " are"
}

func quotedCells(cells []string) string {
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = strconv.Quote(cell)
	}
	return strings.Join(quoted, ", ")
}
