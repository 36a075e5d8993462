package pages

import (
	"net/http"
	"net/url"
)

// question asks a visitor whether they mean it.
type question struct {
	// To is where the answer is sent, by POST; if empty, to the same address.
	To string
	// Label is what the button says.
	Label string
	// Grave says that it cannot be taken back.
	Grave bool
	// About names what it is done to.
	About string
	// Effects are what will happen, a line each.
	Effects []string
	// Fields are sent along.
	Fields url.Values
	// Back is where whoever does not mean it goes. With Return the fields are sent there.
	Back   string
	Return bool
}

// ask shows a question.
func (p *Pages) ask(w http.ResponseWriter, v Visitor, here string, q question) error {
	return p.show(w, http.StatusOK, "confirm", frame{Visitor: v, Here: here, Data: q})
}
