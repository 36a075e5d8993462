package cloud

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/whatsapp"
)

// graphError is an error as the API tells it, in an answer or in a receipt
// (Meta, error codes page).
type graphError struct {
	Code      *json.RawMessage `json:"code"`
	Subcode   text             `json:"error_subcode"`
	Title     text             `json:"title"`
	Message   text             `json:"message"`
	Transient bool             `json:"is_transient"`
	Data      struct {
		Details text `json:"details"`
	} `json:"error_data"`
}

// own reports whether the error is the API's own and not one of a proxy on the
// way: it has a code.
func (g *graphError) own() bool {
	_, ok := g.code()
	return ok
}

func (g *graphError) code() (int, bool) {
	if g == nil || g.Code == nil {
		return 0, false
	}
	code, err := strconv.Atoi(strings.Trim(string(*g.Code), `"`))
	return code, err == nil
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

// text is what the API says in words: what happened and, if told, why.
func (g *graphError) text() string {
	words := string(g.Message)
	if words == "" {
		words = string(g.Title)
	}
	details := string(g.Data.Details)
	switch {
	case words == "":
		return details
	case details == "" || details == words:
		return words
	}
	return words + ": " + details
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
