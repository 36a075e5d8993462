package campaign

// Column is a column of the list that a campaign names.
type Column struct {
	// Name is as the definition first writes it.
	Name string
	// Fallback says that every place which names it also says what stands in for
	// an empty cell.
	Fallback bool
}

// Is reports whether the column is called so: whether the names look the same.
func (c Column) Is(name string) bool { return SameColumn(c.Name, name) }

// Columns are the columns of the list that the steps of a definition without
// mistakes name, in the order in which they first do.
func (d *Definition) Columns() []Column {
	var columns []Column
	places := map[string]int{}
	for _, step := range d.Steps {
		p, _ := assemble(step)
		for s := range p.places() {
			for _, part := range s.segments {
				if part.column == "" {
					continue
				}
				key := nameKey(part.column)
				at, known := places[key]
				if !known {
					at, places[key] = len(columns), len(columns)
					columns = append(columns, Column{Name: part.column, Fallback: true})
				}
				columns[at].Fallback = columns[at].Fallback && part.hasFallback
			}
		}
	}
	return columns
}
