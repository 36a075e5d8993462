package campaign

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Kind is the kind of a free-form message, as the Cloud API names it.
type Kind string

// The kinds of free-form messages (Meta, messages page).
const (
	KindText        Kind = "text"
	KindImage       Kind = "image"
	KindVideo       Kind = "video"
	KindAudio       Kind = "audio"
	KindDocument    Kind = "document"
	KindSticker     Kind = "sticker"
	KindLocation    Kind = "location"
	KindContacts    Kind = "contacts"
	KindInteractive Kind = "interactive"
	KindReaction    Kind = "reaction"
)

// Text is a text of one's own. A file may write the body alone in its place.
type Text struct {
	Body string `yaml:"body" json:"body"`
	// PreviewURL shows the first link of the body with a preview.
	PreviewURL bool `yaml:"preview_url" json:"preview_url,omitempty"`
}

// Reaction is an emoji on the message that the person sent last. A file may
// write the emoji alone in its place.
type Reaction struct {
	Emoji string `yaml:"emoji" json:"emoji"`
}

// FreeForm is a message that is no template, rendered for one recipient.
type FreeForm struct {
	Kind Kind
	// Content is the JSON that stands under the kind's name in the Cloud API's
	// body. That of a reaction is without the message that it is about.
	Content json.RawMessage
	// Answers is the provider's identifier of the person's message that a reply
	// quotes or a reaction is about; empty for none.
	Answers string
}

// Step is a step that sends the message as it is: what a provider supports is said
// of steps.
func (f FreeForm) Step() (Step, error) {
	text, err := json.Marshal(map[Kind]json.RawMessage{f.Kind: f.Content})
	if err != nil {
		return Step{}, err
	}
	var s Step
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&s); err != nil {
		return Step{}, err
	}
	if s.Kind() != f.Kind || f.Kind == "" {
		return Step{}, fmt.Errorf("%q is no kind of message", f.Kind)
	}
	s.Reply = f.Answers != "" && f.Kind != KindReaction
	return s, nil
}

// Kind is the kind of the step's free-form content; empty for a template.
func (s *Step) Kind() Kind {
	switch {
	case s.Text != nil:
		return KindText
	case s.Image != nil:
		return KindImage
	case s.Video != nil:
		return KindVideo
	case s.Audio != nil:
		return KindAudio
	case s.Document != nil:
		return KindDocument
	case s.Sticker != nil:
		return KindSticker
	case s.Location != nil:
		return KindLocation
	case s.Contacts != nil:
		return KindContacts
	case s.Interactive != nil:
		return KindInteractive
	case s.Reaction != nil:
		return KindReaction
	}
	return ""
}

// FreeForm reports whether the step has a content that is no template. People
// get those only for a day after they wrote (Meta, customer service window).
func (s *Step) FreeForm() bool { return s.Kind() != "" }

// Title is what people know the step by: its template, or the kind of what it sends
// instead, in parentheses.
func (s *Step) Title() string {
	if kind := s.Kind(); kind != "" {
		return "(" + string(kind) + ")"
	}
	return s.Template
}

// TemplatePart is what says which template a step sends: the step itself, what a
// free-form step sends outside the window, or nil where that is nothing.
func (s *Step) TemplatePart() *Step {
	if s.FreeForm() {
		return s.OtherwiseTemplate
	}
	return s
}
