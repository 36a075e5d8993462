package cloud

import (
	"encoding/json"
	"strconv"
	"strings"

	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// graphError is an error as the API tells it, in an answer or in a receipt
// (Meta, error codes page).
type graphError struct {
	Code      *json.RawMessage `json:"code"`
	Subcode   wire.Text        `json:"error_subcode"`
	Title     wire.Text        `json:"title"`
	Message   wire.Text        `json:"message"`
	Transient bool             `json:"is_transient"`
	Data      struct {
		Details wire.Text `json:"details"`
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
