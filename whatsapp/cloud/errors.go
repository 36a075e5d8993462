package cloud

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/whatsapp"
)

// graphError is an error as the API tells it, in an answer or in a receipt
// (Meta, error codes page).
type graphError struct {
	Code      text    `json:"code"`
	Subcode   text    `json:"error_subcode"`
	Title     text    `json:"title"`
	Message   text    `json:"message"`
	Transient bool    `json:"is_transient"`
	Data      details `json:"error_data"`
	UserTitle text    `json:"error_user_title"`
	UserText  text    `json:"error_user_msg"`
	// Details stand here in answers of older kinds.
	Details text `json:"details"`
}

// UnmarshalJSON never fails. An error that is a text has that as its message.
func (g *graphError) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return g.Message.UnmarshalJSON(b)
	}
	type bare graphError
	return decode(b, (*bare)(g))
}

// graphErrors are several. A lone one may also come without the list.
type graphErrors []graphError

// UnmarshalJSON never fails.
func (l *graphErrors) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return decode(b, (*[]graphError)(l))
	}
	var one graphError
	err := one.UnmarshalJSON(b)
	if one != (graphError{}) {
		*l = graphErrors{one}
	}
	return err
}

// details are the text of error_data, which may also come bare.
type details text

// UnmarshalJSON never fails.
func (d *details) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return (*text)(d).UnmarshalJSON(b)
	}
	var data struct {
		Details text `json:"details"`
	}
	err := decode(b, &data)
	*d = details(data.Details)
	return err
}

// own reports whether the error is the API's own and not one of a proxy on the
// way: it has a code.
func (g *graphError) own() bool {
	_, ok := g.code()
	return ok
}

// code is the error's number. One that is larger than any the API has, and than
// the ledger could hold, is none.
func (g *graphError) code() (int, bool) {
	if g == nil {
		return 0, false
	}
	code, err := strconv.ParseInt(strings.TrimSpace(string(g.Code)), 10, 32)
	if err != nil {
		return 0, false
	}
	return int(code), true
}

// fault is the error as the table knows it; of no error, one that says nothing.
func (g *graphError) fault() fault {
	if g == nil {
		return fault{}
	}
	code, _ := g.code()
	subcode, _ := strconv.Atoi(string(g.Subcode))
	return fault{code: code, subcode: subcode, transient: g.Transient, message: g.text()}
}

// text is what the API says in words: what happened and, if told, why. A code that
// is no number goes before them.
func (g *graphError) text() string {
	parts := []text{g.Message, g.Title, text(g.Data), g.Details, g.UserTitle, g.UserText}
	if !g.own() {
		parts = slices.Insert(parts, 0, g.Code)
	}
	var words string
	for _, part := range parts {
		more := whatsapp.Excerpt(string(part))
		switch {
		case more == "" || strings.Contains(words, more):
		case words == "":
			words = more
		default:
			words += ": " + more
		}
	}
	return whatsapp.Excerpt(words)
}

// fault is what is known of a refusal before it is judged.
type fault struct {
	mode      mode
	code      int
	subcode   int
	status    int // of HTTP; 0 in a receipt
	transient bool
	message   string
}

// mode is the way an error came. Some codes mean another thing in a receipt.
type mode int8

const (
	anyway mode = iota
	inAnswer
	inReceipt
)

// key says which faults a row of a table is about: a range of codes, and where
// set a subcode and a mode.
type key struct {
	first, last int
	subcode     int
	mode        mode
}

func code(n int) key              { return key{first: n, last: n} }
func codes(first, last int) key   { return key{first: first, last: last} }
func (k key) sub(subcode int) key { k.subcode = subcode; return k }
func (k key) in(m mode) key       { k.mode = m; return k }

func (k key) fits(n int, f fault) bool {
	return k.first <= n && n <= k.last &&
		(k.subcode == 0 || k.subcode == f.subcode) &&
		(k.mode == anyway || k.mode == f.mode)
}

// verdict is what a row says about the faults it fits.
type verdict whatsapp.Error

// of is the refusal that the verdict makes of a fault.
func (v verdict) of(f fault) *whatsapp.Error {
	refusal := whatsapp.Error(v)
	refusal.Code, refusal.HTTPStatus, refusal.Message = f.code, f.status, f.message
	return &refusal
}

// because is the refusal of a request that got no answer.
func (v verdict) because(cause error) *whatsapp.Error {
	refusal := whatsapp.Error(v)
	refusal.Cause = cause
	return &refusal
}

// after has a retry or a pause wait.
func (v verdict) after(wait time.Duration) verdict { v.Wait = wait; return v }

// times limits the repeats that are worth making.
func (v verdict) times(n int) verdict { v.Retries = n; return v }

func soon(reason, hint string) verdict {
	return verdict{Class: whatsapp.RetrySoon, Reason: reason, Hint: hint}
}

func slow(b whatsapp.Budget, wait time.Duration, reason, hint string) verdict {
	return verdict{Class: whatsapp.RetrySlow, Budget: b, Wait: wait, Reason: reason, Hint: hint}
}

func pause(s whatsapp.Scope, reason, hint string) verdict {
	return verdict{Class: whatsapp.Pause, Scope: s, Reason: reason, Hint: hint}
}

func drop(s whatsapp.Suppression, reason, hint string) verdict {
	return verdict{Class: whatsapp.Drop, Suppress: s, Reason: reason, Hint: hint}
}

func bad(reason, hint string) verdict {
	return verdict{Class: whatsapp.BadRequest, Reason: reason, Hint: hint}
}

func ambiguous(reason, hint string) verdict {
	return verdict{Class: whatsapp.Ambiguous, Reason: reason, Hint: hint}
}

// classify judges an error by its code. HTTP's status counts only where the
// code is unknown: the API asks not to rely on it (Meta, error codes page).
func classify(f fault) *whatsapp.Error {
	if f.subcode == maintenance {
		f.code, f.subcode = maintenance, 0
	}
	for _, row := range codeTable {
		if row.fits(f.code, f) {
			return row.of(f)
		}
	}
	switch {
	case f.transient:
		return transient.of(f)
	case f.status == 429:
		return throttled.of(f)
	case f.status >= 500:
		return unknownFault.of(f)
	}
	return unknownCode.of(f)
}

// classifyStatus judges an answer that has nothing but HTTP's status.
func classifyStatus(f fault) *whatsapp.Error {
	for _, row := range statusTable {
		if row.fits(f.status, f) {
			return row.of(f)
		}
	}
	return noVerdict.of(f)
}

// Reasons lists every reason that an error of this package can have, sorted.
func Reasons() []string {
	var reasons []string
	for _, v := range loose() {
		reasons = append(reasons, v.Reason)
	}
	for _, row := range slices.Concat(statusTable, codeTable) {
		reasons = append(reasons, row.Reason)
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}
