package campaign

import "slices"

// Outline is what a message of a template has to give, for whoever writes one.
type Outline struct {
	// Header is the kind of the header: text, image, video, gif, document, location or
	// product; empty where a message gives none.
	Header string
	// Body are the variables of the body, in their order: names or numbers.
	Body []string
	// Named says that they have names, which a message has to tell.
	Named bool
	// Text is the body's text with its variables.
	Text string
	// Buttons are those that take something.
	Buttons []OutlineButton
}

// OutlineButton is a quick reply, or a button that takes a code or a part of a link.
type OutlineButton struct {
	// Index is its place in the template, from 0.
	Index int
	Kind  ButtonType
	// Label is what people read on it.
	Label string
	// Needed says that a message has to give something.
	Needed bool
}

// Outline reads the template's definition. known is false where it cannot be read.
func (a *Approved) Outline() (o Outline, known bool) {
	s, err := a.shape()
	if err != nil {
		return Outline{}, false
	}
	o = Outline{Body: s.body.variables, Named: s.body.named(), Text: s.body.text}
	if h := s.header; h != nil && (h.kind != "text" || len(h.text.variables) > 0) {
		o.Header = h.kind
	}
	for i := range s.buttons {
		b := &s.buttons[i]
		kind, n := b.sent()
		if b.kind == string(OTP) {
			kind, o.Body = b.kind, nil // the code stands in the body, too
		}
		if n != nothing && slices.Contains([]ButtonType{QuickReply, URLButton, CopyCode, OTP}, ButtonType(kind)) {
			o.Buttons = append(o.Buttons, OutlineButton{i, ButtonType(kind), b.label, n == needed})
		}
	}
	return o, true
}
