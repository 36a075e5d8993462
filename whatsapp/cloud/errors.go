package cloud

import (
	"slices"
	"strconv"
	"strings"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// graphError is an error as the API tells it, in an answer or in a receipt
// (Meta, error codes page).
type graphError struct {
	Code      wire.Text `json:"code"`
	Subcode   wire.Text `json:"error_subcode"`
	Title     wire.Text `json:"title"`
	Message   wire.Text `json:"message"`
	Transient bool      `json:"is_transient"`
	Data      details   `json:"error_data"`
	UserTitle wire.Text `json:"error_user_title"`
	UserText  wire.Text `json:"error_user_msg"`
	// Details stand here in answers of older kinds.
	Details wire.Text `json:"details"`
}

// UnmarshalJSON never fails. An error that is a text has that as its message.
func (g *graphError) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return g.Message.UnmarshalJSON(b)
	}
	type bare graphError
	return wire.Decode(b, (*bare)(g))
}

// graphErrors are several. A lone one may also come without the list.
type graphErrors []graphError

// UnmarshalJSON never fails.
func (l *graphErrors) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return wire.Decode(b, (*[]graphError)(l))
	}
	var one graphError
	err := one.UnmarshalJSON(b)
	if one != (graphError{}) {
		*l = graphErrors{one}
	}
	return err
}

// details are the text of error_data, which may also come bare.
type details wire.Text

// UnmarshalJSON never fails.
func (d *details) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return (*wire.Text)(d).UnmarshalJSON(b)
	}
	var data struct {
		Details wire.Text `json:"details"`
	}
	err := wire.Decode(b, &data)
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

// fault is the error as the tables know it; of no error, one that says nothing.
func (g *graphError) fault(mode codes.Mode) codes.Fault {
	if g == nil {
		return codes.Fault{Mode: mode}
	}
	code, _ := g.code()
	subcode, _ := strconv.Atoi(string(g.Subcode))
	if subcode == maintenance {
		code, subcode = maintenance, 0
	}
	return codes.Fault{Mode: mode, Code: code, Subcode: subcode, Transient: g.Transient, Message: g.text()}
}

// text is what the API says in words: what happened and, if told, why. A code that
// is no number goes before them.
func (g *graphError) text() string {
	parts := []wire.Text{g.Message, g.Title, wire.Text(g.Data), g.Details, g.UserTitle, g.UserText}
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
