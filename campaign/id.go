package campaign

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// An identifier holds its parents: a message's holds its recipient's, and that
// the campaign's. So one number leads from a queue's task to the campaign, the
// messages of a campaign lie side by side in the ledger, and the next step of
// a recipient is the next number.
//
//	63           28 27        4 3     0
//	┌──────────────┬───────────┬───────┐
//	│ campaign, 35 │ row, 24   │ step  │
//	└──────────────┴───────────┴───────┘
//
// The campaign's part is drawn at random, so that a receipt for a message of a
// ledger that no longer exists meets nothing in the ledger that took its place.
const (
	campaignBits = 35
	rowBits      = 24
	stepBits     = 4

	// MaxRows is how many rows a contact list may have.
	MaxRows = 1<<rowBits - 1
	// MaxSteps is how many steps a campaign may have.
	MaxSteps = 1 << stepBits
)

// idAlphabet is Crockford's base 32: no letter that reads like another.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// idLength is the length of a campaign's identifier as text.
const idLength = campaignBits / 5

// ErrBadID is returned for a text that is no campaign's identifier.
var ErrBadID = errors.New("not a campaign's id")

// ID identifies a campaign. Its text is seven characters long.
type ID int64

// RecipientID identifies one row of one campaign's list.
type RecipientID int64

// MessageID identifies one step for one recipient.
type MessageID int64

// lastID is the largest identifier: the one behind it would leave no room for
// the end of its messages.
const lastID = 1<<campaignBits - 2

// NewID draws a campaign's identifier. It is never zero.
func NewID() ID { return ID(rand.Int64N(lastID) + 1) }

// ParseID reads what ID.String wrote. Case does not matter.
func ParseID(text string) (ID, error) {
	if len(text) != idLength {
		return 0, fmt.Errorf("%q is %w: it has %d characters", text, ErrBadID, idLength)
	}
	var id ID
	for _, r := range strings.ToLower(text) {
		digit := strings.IndexRune(idAlphabet, r)
		if digit < 0 {
			return 0, fmt.Errorf("%q is %w: %q does not occur in one", text, ErrBadID, r)
		}
		id = id<<5 | ID(digit)
	}
	if id == 0 || id > lastID {
		return 0, fmt.Errorf("%q is %w", text, ErrBadID)
	}
	return id, nil
}

func (id ID) String() string {
	text := make([]byte, idLength)
	for i := idLength - 1; i >= 0; i-- {
		text[i] = idAlphabet[id&31]
		id >>= 5
	}
	return string(text)
}

// Recipient is the identifier of the row-th row (1 is the first under the
// header).
func (id ID) Recipient(row int) RecipientID { return RecipientID(int64(id)<<rowBits | int64(row)) }

// Messages is the range [first, end) that holds every message of the campaign.
func (id ID) Messages() (first, end MessageID) {
	return id.Recipient(0).Message(0), (id + 1).Recipient(0).Message(0)
}

// Campaign is the campaign the recipient belongs to.
func (id RecipientID) Campaign() ID { return ID(id >> rowBits) }

// Row is the number of the recipient's row in the list, 1 being the first.
func (id RecipientID) Row() int { return int(id & (1<<rowBits - 1)) }

// Message is the identifier of the recipient's message of a step (0 is the
// first).
func (id RecipientID) Message(step int) MessageID {
	return MessageID(int64(id)<<stepBits | int64(step))
}

// Recipient is the recipient the message goes to.
func (id MessageID) Recipient() RecipientID { return RecipientID(id >> stepBits) }

// Campaign is the campaign the message belongs to.
func (id MessageID) Campaign() ID { return id.Recipient().Campaign() }

// Step is the message's step, 0 being the first.
func (id MessageID) Step() int { return int(id & (1<<stepBits - 1)) }

// Reference names one attempt of a message towards a provider, which echoes it
// in the receipts. It has at most 40 characters, the shortest limit among the
// providers (Vonage's client_ref).
func (id MessageID) Reference(attempt int) string {
	return strconv.FormatInt(int64(id), 10) + "." + strconv.Itoa(attempt)
}

// ParseReference reads what MessageID.Reference wrote. ok is false for
// anything else: the text may come from another program on the same number.
func ParseReference(text string) (id MessageID, attempt int, ok bool) {
	message, n, found := strings.Cut(text, ".")
	if !found {
		return 0, 0, false
	}
	number, err := strconv.ParseInt(message, 10, 64)
	if err != nil || number <= 0 {
		return 0, 0, false
	}
	attempt, err = strconv.Atoi(n)
	if err != nil || attempt <= 0 {
		return 0, 0, false
	}
	return MessageID(number), attempt, true
}
