package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"carillon/campaign"
	"carillon/contacts"
)

// Filled is a column that a test message had no value for.
type Filled struct {
	Column string `json:"column"`
	// Value is what stands in for it; empty for the campaign's own fallback.
	Value string `json:"value"`
}

func (f Filled) String() string {
	if f.Value == "" {
		return f.Column + " with its fallback"
	}
	return f.Column + " by " + f.Value
}

// testList is a list of one row. The number comes first.
type testList struct{ columns, cells []string }

// options read the list as it is written, whatever its cells hold.
func (l testList) options() campaign.ContactOptions {
	return campaign.ContactOptions{Phone: l.columns[0], Encoding: "utf-8", Delimiter: ","}
}

func (l testList) text() ([]byte, error) {
	var text bytes.Buffer
	err := csv.NewWriter(&text).WriteAll([][]string{l.columns, l.cells})
	return text.Bytes(), err
}

// testRow finds a value for each column that the step names: what the caller
// has set, else the list's first row, else the fallback, else the column's own
// name in brackets. A column of numbers is the number that is tested.
func testRow(written, one *campaign.Definition, r TestRequest) (testList, []Filled, error) {
	wanted := one.Columns()
	known, phone, err := firstRow(written, wanted, r.Contacts)
	if err != nil {
		return testList{}, nil, err
	}
	for _, assignment := range r.Set {
		if err := known.set(assignment, wanted, phone); err != nil {
			return testList{}, nil, err
		}
	}
	list, filled := testList{columns: []string{phone}, cells: []string{r.Phone}}, []Filled{}
	for _, column := range wanted {
		if column.Is(phone) {
			continue
		}
		value, fault := known.value(column)
		if fault != "" {
			return testList{}, nil, Usagef("%s: the first row, column %q: %s; or give another value with --set %q", r.Contacts, column.Name, fault, column.Name+"=value")
		}
		if value == "" {
			if !column.Fallback {
				value = "[" + column.Name + "]"
			}
			filled = append(filled, Filled{column.Name, value})
		}
		list.columns, list.cells = append(list.columns, column.Name), append(list.cells, value)
	}
	return list, filled, nil
}

// values are cells with the names of their columns. The last of a name counts.
type values []cell

// cell is a value, or the reason why there is none.
type cell struct{ column, value, fault string }

func (v values) value(c campaign.Column) (value, fault string) {
	for i := len(v) - 1; i >= 0; i-- {
		if c.Is(v[i].column) {
			return strings.TrimSpace(v[i].value), v[i].fault
		}
	}
	return "", ""
}

// set takes "Column=value" for one of the columns that the step names.
func (v *values) set(assignment string, wanted []campaign.Column, phone string) error {
	name, value, found := strings.Cut(assignment, "=")
	if !found {
		return Usagef("--set %q has no value; write --set \"Column=value\"", assignment)
	}
	var names []string
	for _, column := range wanted {
		if column.Is(phone) {
			continue
		}
		if column.Is(name) {
			*v = append(*v, cell{column: name, value: value})
			return nil
		}
		names = append(names, column.Name)
	}
	return Usagef("--set %q: the step does not use this column; it uses %s", name, orElse(strings.Join(names, ", "), "none"))
}

// firstRow reads the wanted columns of a list's first row, and the name of its
// column of numbers. Without a list there are no values.
func firstRow(written *campaign.Definition, wanted []campaign.Column, path string) (row values, phone string, err error) {
	if path == "" {
		return nil, orElse(written.Contacts.Phone, "Phone"), nil
	}
	reader, err := contacts.Open(path, written.Contacts, contacts.DefaultLimits())
	if err != nil {
		return nil, "", unusable(path, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	first, err := reader.Next()
	if errors.Is(err, io.EOF) {
		return nil, "", unusable(path, errors.New("the list has no row below its header"))
	}
	if err != nil {
		return nil, "", unusable(path, err)
	}
	for _, column := range wanted {
		at, found, err := reader.Find(column.Name)
		if err != nil {
			return nil, "", unusable(path, err)
		}
		if found {
			row = append(row, cell{column.Name, first.Values[at], first.Faults[at]})
		}
	}
	layout := reader.Layout()
	return row, layout.Columns[layout.Phone], nil
}
