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
	renderer    *campaign.Renderer
	locator     *contacts.Locator
	numbersOnly error // why rows with user IDs are refused
	files       *Files
	used        map[string]bool // the files that rows need
	takes       []int           // the steps that have files
}

// NewList reads an open list for a campaign that is sent now, with its files; nil
// for none. The error joins *campaign.Mistake where the campaign does not fit the
// list or the files. The reader stays the caller's to close.
func NewList(reader *contacts.Reader, c Campaign, files *Files, now time.Time) (*List, error) {
	renderer, err := reader.Compile(c.Definition)
	if err != nil {
		return nil, err
	}
	if files == nil {
		files = NewFiles(nil)
	}
	if err := files.fixed(c.Definition); err != nil {
		return nil, err
	}
	l := &List{
		Reader: reader, renderer: renderer, locator: contacts.NewLocator(c.Definition.Hours, now), numbersOnly: c.numbersOnly,
		files: files, used: map[string]bool{},
	}
	for step := range c.Definition.Steps {
		if takes, _ := renderer.TakesFiles(step); takes {
			l.takes = append(l.takes, step)
		}
	}
	return l, nil
}

// Against has the rows that come judged by what is known of the templates too.
func (l *List) Against(def *campaign.Definition, lists []campaign.TemplateList) {
	l.renderer = l.renderer.Against(def.Steps, lists)
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
		row = l.renderer.JudgeFiles(l.renderer.Judge(l.reachable(row)), l.files.Look)
		l.use(row)
		batch = append(batch, l.locator.Locate(row))
	}
	return batch, true, nil
}

// reachable refuses a row with a user ID where the campaign's channels want numbers.
func (l *List) reachable(row campaign.Row) campaign.Row {
	if l.numbersOnly == nil || !row.Admitted() || campaign.IsNumber(row.Phone) {
		return row
	}
	row.Verdict, row.Detail, row.Person = campaign.Invalid, l.numbersOnly.Error(), ""
	return row
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
