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
}

// NewList reads an open list for a campaign that is sent now. The error joins
// *campaign.Mistake where the campaign does not fit the list. The reader stays
// the caller's to close.
func NewList(reader *contacts.Reader, def *campaign.Definition, now time.Time) (*List, error) {
	renderer, err := reader.Compile(def)
	if err != nil {
		return nil, err
	}
	return &List{Reader: reader, renderer: renderer, locator: contacts.NewLocator(def.Hours, now)}, nil
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
		batch = append(batch, l.locator.Locate(l.renderer.Judge(row)))
	}
	return batch, true, nil
}
