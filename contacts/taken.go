package contacts

import (
	"slices"
	"unicode/utf8"

	"carillon/campaign"
)

// sampleCells is how many cells of a column are shown.
const sampleCells = 3

// Compile makes a campaign ready for the list and notes in the layout which columns
// it names. It fails as campaign.Definition.CompileList does.
func (r *Reader) Compile(d *campaign.Definition) (*campaign.Renderer, error) {
	renderer, err := d.CompileList(r.list())
	if err == nil {
		r.take(renderer.Columns())
	}
	return renderer, err
}

// take notes what the columns are used for.
func (r *Reader) take(placeholders []int) {
	l := &r.layout
	l.Taken = []campaign.TakenColumn{}
	for i, name := range l.Columns {
		taken := campaign.TakenColumn{Column: name}
		for _, use := range []struct {
			as   string
			used bool
		}{
			{"phone", i == l.Phone}, {"name", i == l.FullName}, {"language", i == l.Language}, {"consent", i == r.consent},
			{"placeholder", slices.Contains(placeholders, i)},
		} {
			if use.used {
				taken.As = append(taken.As, use.as)
			}
		}
		if taken.As != nil {
			taken.Cells = r.cellsOf(i)
			l.Taken = append(l.Taken, taken)
		}
	}
	if cells := r.encodingCells(); len(cells) > 0 {
		l.EncodingCells = cells
	}
}

// Samples are all columns with what they are used for and their first cells.
func (r *Reader) Samples() []campaign.TakenColumn {
	all := make([]campaign.TakenColumn, len(r.layout.Columns))
	for i, name := range r.layout.Columns {
		all[i] = campaign.TakenColumn{Column: name, As: []string{}, Cells: r.cellsOf(i)}
	}
	for _, taken := range r.layout.Taken {
		all[slices.Index(r.layout.Columns, taken.Column)].As = taken.As
	}
	return all
}

// cellsOf are the first cells of a column that hold a value.
func (r *Reader) cellsOf(column int) []string {
	cells := []string{}
	for _, rec := range r.sample {
		if column < len(rec.cells) && rec.cells[column] != "" && rec.note(column).fault == "" {
			cells = append(cells, shortened(rec.cells[column]))
		}
		if len(cells) == sampleCells {
			break
		}
	}
	return cells
}

// encodingCells are cells with letters that differ from encoding to encoding.
func (r *Reader) encodingCells() []string {
	if r.layout.Format != "csv" {
		return nil
	}
	var cells []string
	for _, rec := range append([]record{{cells: r.header}}, r.sample...) {
		for _, cell := range rec.cells {
			if isASCII(cell) || slices.Contains(cells, shortened(cell)) {
				continue
			}
			if cells = append(cells, shortened(cell)); len(cells) == sampleCells {
				return cells
			}
		}
	}
	return cells
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
