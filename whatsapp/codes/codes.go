// Package codes has the words in which a provider's tables of error codes are
// written, and the search in them. A table is pure data: each row says which
// faults it is about and what they mean.
//
// A provider's folder holds its Book: the tables, and what is meant where no
// row fits.
package codes

import (
	"strings"
	"time"

	"carillon/whatsapp"
)

// Fault is what is known of a refusal before it is judged.
type Fault struct {
	// Mode is the way it came.
	Mode Mode
	// Code and Subcode are the provider's numbers, 0 where there is none.
	Code, Subcode int
	// Status is that of HTTP; 0 in a receipt.
	Status int
	// Transient says that the provider itself calls it passing.
	Transient bool
	// Message is the provider's own text.
	Message string
}

// Mode is the way a fault came. Some codes mean another thing in a receipt.
type Mode int8

// The ways; Anyway is a row's word for all of them.
const (
	Anyway Mode = iota
	InAnswer
	InReceipt
)

// Key says which faults a row is about: a range of numbers, and where set a
// subcode, a mode and words of the message.
type Key struct {
	First, Last int
	Subcode     int
	Mode        Mode
	// Words stand in the provider's text, in whichever case.
	Words string
}

// One is the key of one number.
func One(n int) Key { return Key{First: n, Last: n} }

// Range is the key of the numbers from first to last, both included.
func Range(first, last int) Key { return Key{First: first, Last: last} }

// Sub narrows the key to a subcode.
func (k Key) Sub(subcode int) Key { k.Subcode = subcode; return k }

// In narrows the key to a way the fault came.
func (k Key) In(m Mode) Key { k.Mode = m; return k }

// Saying narrows the key to messages that hold the words.
func (k Key) Saying(words string) Key { k.Words = words; return k }

// Fits reports whether the key is about the fault, whose number is n.
func (k Key) Fits(n int, f Fault) bool {
	return k.First <= n && n <= k.Last &&
		(k.Subcode == 0 || k.Subcode == f.Subcode) &&
		(k.Mode == Anyway || k.Mode == f.Mode) &&
		(k.Words == "" || strings.Contains(strings.ToLower(f.Message), strings.ToLower(k.Words)))
}

// Means makes a row: what the faults that the key is about mean.
func (k Key) Means(m Meaning) Row { return Row{Key: k, Meaning: m} }

// Row is one line of a table.
type Row struct {
	Key
	Meaning
}

// Table is rows of which the first that fits counts. It is read, never written.
type Table []Row

func (t Table) find(n int, f Fault) (Meaning, bool) {
	for _, row := range t {
		if row.Fits(n, f) {
			return row.Meaning, true
		}
	}
	return Meaning{}, false
}

// Meaning is what a row says about the faults it fits.
type Meaning whatsapp.Error

// Of is the refusal that the meaning makes of a fault.
func (m Meaning) Of(f Fault) *whatsapp.Error {
	refusal := whatsapp.Error(m)
	refusal.Code, refusal.HTTPStatus, refusal.Message = f.Code, f.Status, f.Message
	return &refusal
}

// Because is the refusal of a request that got no answer.
func (m Meaning) Because(cause error) *whatsapp.Error {
	refusal := whatsapp.Error(m)
	refusal.Cause = cause
	return &refusal
}

// After has a retry or a pause wait.
func (m Meaning) After(wait time.Duration) Meaning { m.Wait = wait; return m }

// Times limits the repeats that are worth making.
func (m Meaning) Times(n int) Meaning { m.Retries = n; return m }

// TryElsewhere says that another channel may send the message.
func (m Meaning) TryElsewhere() Meaning { m.Elsewhere = true; return m }

// ShutsWindow says that the person's window is shut for what is no template.
func (m Meaning) ShutsWindow() Meaning { m.WindowShut = true; return m }

// OfMedia says that the message's file may not be known (any more).
func (m Meaning) OfMedia() Meaning { m.Media = true; return m }

// Soon means: surely not accepted, and passing within seconds.
func Soon(reason, hint string) Meaning {
	return Meaning{Class: whatsapp.RetrySoon, Reason: reason, Hint: hint}
}

// Slow means: a limit was hit, which is over after the wait.
func Slow(b whatsapp.Budget, wait time.Duration, reason, hint string) Meaning {
	return Meaning{Class: whatsapp.RetrySlow, Budget: b, Wait: wait, Reason: reason, Hint: hint}
}

// Pause means: a person has to act.
func Pause(s whatsapp.Scope, reason, hint string) Meaning {
	return Meaning{Class: whatsapp.Pause, Scope: s, Reason: reason, Hint: hint}
}

// Drop means: permanent for this recipient.
func Drop(s whatsapp.Suppression, reason, hint string) Meaning {
	return Meaning{Class: whatsapp.Drop, Suppress: s, Reason: reason, Hint: hint}
}

// Bad means: the request will never be accepted as it is.
func Bad(reason, hint string) Meaning {
	return Meaning{Class: whatsapp.BadRequest, Reason: reason, Hint: hint}
}

// Ambiguous means: it may have been accepted.
func Ambiguous(reason, hint string) Meaning {
	return Meaning{Class: whatsapp.Ambiguous, Reason: reason, Hint: hint}
}
