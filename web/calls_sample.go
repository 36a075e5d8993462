package web

import (
	"encoding/csv"
	"net/http"
	"strings"

	"carillon/campaign"
)

// sampleNumber is one that belongs to nobody: the plan of North America keeps 555-0100
// to 555-0199 for fiction.
const sampleNumber = "+12015550123"

// sample answers with a list as a campaign wants it: its columns and one row.
func (s *Server) sample(w http.ResponseWriter, r *http.Request) error {
	up, err := s.receive(w, r)
	defer up.remove()
	if err != nil {
		return err
	}
	if err := up.complete("campaign"); err != nil {
		return err
	}
	admitted, err := s.door.Read(up.definition)
	if err != nil {
		return err
	}
	columns, cells := sampleList(admitted.Definition)
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="sample.csv"`)
	out := csv.NewWriter(w)
	for _, line := range [][]string{columns, cells} {
		for i := range line {
			line[i] = harmless(line[i])
		}
		_ = out.Write(line) // a caller who has gone need not be told
	}
	out.Flush()
	return nil
}

// sampleList is a list of one row that has all columns of a campaign, the numbers
// first.
func sampleList(def *campaign.Definition) (columns, cells []string) {
	phone := def.Contacts.Phone
	if phone == "" {
		phone = "Phone"
	}
	columns, cells = []string{phone}, []string{sampleNumber}
	add := func(name, cell string) {
		for _, known := range columns {
			if campaign.SameColumn(known, name) {
				return
			}
		}
		columns, cells = append(columns, name), append(cells, cell)
	}
	for _, column := range def.Columns() {
		cell := "[" + column.Name + "]"
		for _, step := range def.Steps {
			if strings.Contains(step.Language, "{{") && strings.Contains(step.Language, column.Name) {
				cell = "en_US"
			}
		}
		add(column.Name, cell)
	}
	if consent := def.Contacts.Consent; consent != "" {
		add(consent, "yes")
	}
	return columns, cells
}
