package codes

import (
	"slices"

	"carillon/whatsapp"
)

// Book is all that a provider's refusals can mean.
type Book struct {
	// Codes judges the provider's own errors by their code.
	Codes Table
	// Statuses judges answers without an error of the provider's own by HTTP's
	// status.
	Statuses Table
	// Relayed judges the errors of a service in between, by HTTP's status and by
	// its words. It is empty where there is none.
	Relayed Table
	// Others is what no row is about.
	Others Others
	// ByStatus has Statuses judge answers with an unknown code as well.
	ByStatus bool
}

// Others are the meanings of what no row is about.
type Others struct {
	// NoMessageID: a yes that names no message.
	NoMessageID Meaning
	// NoVerdict: an answer whose status is in no row.
	NoVerdict Meaning
	// Transient: an unknown code that the provider itself calls passing.
	Transient Meaning
	// Throttled: an unknown code with status 429.
	Throttled Meaning
	// UnknownFault: an unknown code with a status of 500 or more.
	UnknownFault Meaning
	// UnknownCode: any other unknown code.
	UnknownCode Meaning
	// Unexplained: a receipt of a failure without a code.
	Unexplained Meaning
}

func (o Others) all() []Meaning {
	return []Meaning{o.NoMessageID, o.NoVerdict, o.Transient, o.Throttled, o.UnknownFault, o.UnknownCode, o.Unexplained}
}

// Judge judges an error by its code. HTTP's status counts only where the code is
// unknown: providers ask not to rely on it (Meta, error codes page). A status of
// 300 or more then counts alone where the book says so.
func (b *Book) Judge(f Fault) *whatsapp.Error {
	if meaning, ok := b.Codes.find(f.Code, f); ok {
		return meaning.Of(f)
	}
	switch {
	case b.ByStatus && f.Status >= 300:
		return b.JudgeStatus(f)
	case f.Transient:
		return b.Others.Transient.Of(f)
	case f.Status == 429:
		return b.Others.Throttled.Of(f)
	case f.Status >= 500:
		return b.Others.UnknownFault.Of(f)
	}
	return b.Others.UnknownCode.Of(f)
}

// JudgeStatus judges an answer that has nothing but HTTP's status.
func (b *Book) JudgeStatus(f Fault) *whatsapp.Error {
	if meaning, ok := b.Statuses.find(f.Status, f); ok {
		return meaning.Of(f)
	}
	return b.Others.NoVerdict.Of(f)
}

// JudgeRelayed judges an error of a service in between. ok is false for one that
// the book does not know.
func (b *Book) JudgeRelayed(f Fault) (refusal *whatsapp.Error, ok bool) {
	meaning, ok := b.Relayed.find(f.Status, f)
	if !ok {
		return nil, false
	}
	return meaning.Of(f), true
}

// Meanings lists everything that a refusal can mean, those of requests without
// an answer included.
func (b *Book) Meanings() []Meaning {
	all := slices.Concat(Network(), b.Others.all())
	for _, row := range slices.Concat(b.Relayed, b.Statuses, b.Codes) {
		all = append(all, row.Meaning)
	}
	return slices.DeleteFunc(all, func(m Meaning) bool { return m.Class == 0 })
}

// Reasons lists every reason that a refusal can have, sorted.
func (b *Book) Reasons() []string {
	var reasons []string
	for _, m := range b.Meanings() {
		reasons = append(reasons, m.Reason)
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// Hint tells what to do about a refusal whose reason and code (0 for none) are
// on record; it is empty for one that is not in the book.
func (b *Book) Hint(reason string, code int) string {
	for _, row := range b.Codes {
		if row.Reason == reason && row.First <= code && code <= row.Last {
			return row.Hint
		}
	}
	for _, m := range slices.Concat(Network(), b.Others.all()) {
		if m.Reason == reason {
			return m.Hint
		}
	}
	for _, row := range slices.Concat(b.Relayed, b.Statuses) {
		if row.Reason == reason {
			return row.Hint
		}
	}
	return ""
}
