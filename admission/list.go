package admission

import (
	"errors"
	"io"
	"time"

	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

// List is a contact list whose rows are judged as they are read.
type List struct {
	*contacts.Reader
	renderer *campaign.Renderer
	locator  *contacts.Locator
	files    *Files
	used     map[string]bool // the files that rows need
	takes    []int           // the steps that have files
}

// NewList reads an open list for a campaign that is sent now, with its files; nil
// for none. The error joins *campaign.Mistake where the campaign does not fit the
// list or the files. The reader stays the caller's to close.
func NewList(reader *contacts.Reader, def *campaign.Definition, files *Files, now time.Time) (*List, error) {
	renderer, err := reader.Compile(def)
	if err != nil {
		return nil, err
	}
	if files == nil {
		files = NewFiles(nil)
	}
	if err := files.fixed(def); err != nil {
		return nil, err
	}
	l := &List{Reader: reader, renderer: renderer, locator: contacts.NewLocator(def.Hours, now), files: files, used: map[string]bool{}}
	for step := range def.Steps {
		if takes, _ := renderer.TakesFiles(step); takes {
			l.takes = append(l.takes, step)
		}
	}
	return l, nil
}

// Renderer renders the campaign's messages from the list's rows.
func (l *List) Renderer() *campaign.Renderer { return l.renderer }

// Batch reads and judges as many rows as a ledger takes at once. more is false at
// the end of the list.
func (l *List) Batch() (batch []campaign.Row, more bool, err error) {
	batch = make([]campaign.Row, 0, ledger.IntakeBatch)
	for len(batch) < ledger.IntakeBatch {
		row, err := l.Next()
		if errors.Is(err, io.EOF) {
			return batch, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		row = l.renderer.JudgeFiles(l.renderer.Judge(row), l.files.Look)
		l.use(row)
		batch = append(batch, l.locator.Locate(row))
	}
	return batch, true, nil
}

// use notes the files that a row needs.
func (l *List) use(row campaign.Row) {
	if !row.Admitted() {
		return
	}
	for _, step := range l.takes {
		for _, name := range l.renderer.Files(step, row.Values) {
			l.used[name] = true
		}
	}
}
