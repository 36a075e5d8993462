package sources

import (
	"encoding/csv"
	"fmt"
	"io"

	"carillon/campaign"
)

// table writes the rows of a query as a list.
type table struct {
	csv  *csv.Writer
	rows int
}

// newTable writes the columns' names. A byte order mark and Excel's line about
// the delimiter stand before them, so that nothing about the text is guessed.
func newTable(to io.Writer, columns []string) (*table, error) {
	if _, err := io.WriteString(to, "\ufeffsep=,\n"); err != nil {
		return nil, err
	}
	t := &table{csv: csv.NewWriter(to)}
	return t, t.csv.Write(columns)
}

func (t *table) add(cells []string) error {
	if t.rows++; t.rows > campaign.MaxRows {
		return fmt.Errorf("the query returned more than %d rows; split it into several schedules", campaign.MaxRows)
	}
	return t.csv.Write(cells)
}

// close writes what is still to be written.
func (t *table) close() error {
	t.csv.Flush()
	return t.csv.Error()
}
