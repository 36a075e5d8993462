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
}

// NewList reads an open list for a campaign that is sent now. The error joins
// *campaign.Mistake where the campaign does not fit the list. The reader stays
// the caller's to close.
func NewList(reader *contacts.Reader, c Campaign, now time.Time) (*List, error) {
	renderer, err := reader.Compile(c.Definition)
	if err != nil {
		return nil, err
	}
	return &List{Reader: reader, renderer: renderer, locator: contacts.NewLocator(c.Definition.Hours, now), numbersOnly: c.numbersOnly}, nil
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
		batch = append(batch, l.locator.Locate(l.renderer.Judge(l.reachable(row))))
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
