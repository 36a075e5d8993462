package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// person is a row of the lists that are sent to.
type person struct{ name, phone, order string }

// personOf is the nth row: a name, a German mobile number of its own and the
// number of an order.
func personOf(n int) person {
	digits := strconv.Itoa(20_000_000 + n)
	return person{name: "Ana " + strconv.Itoa(n), phone: "+49151" + digits, order: "A-" + digits}
}

// writeList writes the first rows of the list as CSV.
func writeList(out io.Writer, rows int) error {
	w := bufio.NewWriter(out)
	fmt.Fprint(w, "Full Name,Phone Number,Order ID\n")
	for n := range rows {
		p := personOf(n)
		fmt.Fprintf(w, "%s,%s,%s\n", p.name, p.phone, p.order)
	}
	return w.Flush()
}

// definition is a campaign with one template, by whose name the provider tells
// campaigns apart.
func definition(template string, channels []string) string {
	return `name: ` + template + `
channels: [` + strings.Join(channels, ", ") + `]
contacts: {phone: Phone Number}
steps:
  - {template: ` + template + `, language: en, category: utility, body: ["{{Full Name}}", "{{Order ID}}"]}
`
}
