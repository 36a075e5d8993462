package campaign

import (
	"encoding/json"
	"time"
)

// Definition is a campaign as its author wrote it.
//
// Every text of a step's language and components may name columns of the list:
// {{Column}}, or {{Column|fallback}} where the cell may be empty. FindColumns
// says which column a name means. Four opening braces stand for two
// literal ones. A cell's line breaks, tabs and long runs of spaces become one
// space, because the providers refuse them.
type Definition struct {
	// Name is for people; it need not be unique.
	Name string `yaml:"name" json:"name"`
	// Channel is the sending number's name in the configuration; empty where
	// Channels names several.
	Channel string `yaml:"channel" json:"channel"`
	// Channels are the numbers that share the load. A recipient stays with one
	// of them.
	Channels []string `yaml:"channels" json:"channels,omitempty"`
	// Handover lets a number in trouble give what it has not begun to the others.
	Handover bool `yaml:"handover" json:"handover,omitempty"`
	// Fallback are the channels that take over, in order, what those before have
	// failed to send through a fault of their own.
	Fallback []string `yaml:"fallback" json:"fallback,omitempty"`
	// Contacts says how to read the list.
	Contacts ContactOptions `yaml:"contacts" json:"contacts"`
	// Steps are the messages each recipient gets, in order; at least one.
	Steps []Step `yaml:"steps" json:"steps"`
	// Rate caps the campaign, in messages a second; 0 leaves it to the number.
	Rate float64 `yaml:"rate" json:"rate,omitempty"`
	// Hours are the times of day at which messages go out; nil means always.
	Hours *Hours `yaml:"hours" json:"hours,omitempty"`
	// Expires is the time from the start after which nothing more is sent; 0
	// means never.
	Expires Duration `yaml:"expires" json:"expires,omitempty"`
}

// ContactOptions says how to read a contact list. Columns are named as in the
// list's header; an empty name leaves the choice to the reader.
type ContactOptions struct {
	// Phone, FullName and Language name columns.
	Phone    string `yaml:"phone" json:"phone,omitempty"`
	FullName string `yaml:"name" json:"name,omitempty"`
	Language string `yaml:"language" json:"language,omitempty"`
	// Consent names the column that says who has agreed to be written to. If
	// not empty, a row whose cell does not say so takes no part.
	Consent string `yaml:"consent" json:"consent,omitempty"`
	// DefaultRegion is the ISO 3166 code of the country that numbers without
	// a plus belong to.
	DefaultRegion string `yaml:"default_region" json:"default_region,omitempty"`
	// AssumeInternational takes a text without a plus for a full international
	// number.
	AssumeInternational bool `yaml:"assume_international" json:"assume_international,omitempty"`
	// RejectFixedLines refuses numbers that the plan says are fixed lines.
	RejectFixedLines bool `yaml:"reject_fixed_lines" json:"reject_fixed_lines,omitempty"`
	// Encoding overrides the detection: an IANA name such as "windows-1252".
	Encoding string `yaml:"encoding" json:"encoding,omitempty"`
	// Delimiter overrides the detection: one character.
	Delimiter string `yaml:"delimiter" json:"delimiter,omitempty"`
	// Sheet is the worksheet of an Excel file; when empty, the first visible one
	// that holds anything.
	Sheet string `yaml:"sheet" json:"sheet,omitempty"`
	// IncludeHidden takes the hidden rows and columns of an Excel file for visible
	// ones.
	IncludeHidden bool `yaml:"include_hidden" json:"include_hidden,omitempty"`
}

// Step is one message of the series.
type Step struct {
	// After is what must be on record of the step before: a receipt, or a reply.
	// The first step has none.
	After After `yaml:"after" json:"after,omitempty"`
	// When says which reply opens the gate of a step after a reply; nil means
	// any. Steps in a row that have one are branches: all wait for the reply to
	// the step before the first of them, the first that it suits goes out, and
	// the others are skipped.
	When *When `yaml:"when" json:"when,omitempty"`
	// Wait is the time between the opening of the gate and the message.
	Wait Duration `yaml:"wait" json:"wait,omitempty"`
	// Patience is how long to wait for the gate; 0 means DefaultPatience.
	Patience Duration `yaml:"patience" json:"patience,omitempty"`
	// Otherwise is what happens when patience runs out or the step before
	// failed; empty means Stop. After a failure for good (Before.Permanent) it is
	// Stop in any case. Of several branches, Stop ends the series where it is the
	// last that waits.
	Otherwise Otherwise `yaml:"otherwise" json:"otherwise,omitempty"`

	// Template is the approved template's name.
	Template string `yaml:"template" json:"template"`
	// Category is marketing, utility or authentication; empty if unknown.
	Category Category `yaml:"category" json:"category,omitempty"`
	// Language is the template's language; it may name a column.
	Language string `yaml:"language" json:"language"`
	// TTL is the time to live that the template was made with; 0 means that of
	// its category. It is not sent: templates have one, messages have none (Meta,
	// templates/time-to-live).
	TTL Duration `yaml:"ttl" json:"ttl,omitempty"`
	// MarketingMessages sends the step by the provider's endpoint for marketing
	// messages; nil sends it by that for all messages.
	MarketingMessages *MarketingMessages `yaml:"marketing_messages" json:"marketing_messages,omitempty"`

	// The parameters of the template's components, each written as people
	// think of it.
	Header           *Header           `yaml:"header" json:"header,omitempty"`
	Body             []Parameter       `yaml:"body" json:"body,omitempty"`
	Buttons          []Button          `yaml:"buttons" json:"buttons,omitempty"`
	LimitedTimeOffer *LimitedTimeOffer `yaml:"limited_time_offer" json:"limited_time_offer,omitempty"`
	Carousel         []Card            `yaml:"carousel" json:"carousel,omitempty"`
	// Components is the provider's own component list, word for word but for
	// the columns named in its texts; what is a text stays one. It excludes
	// the five above.
	Components []any `yaml:"components" json:"components,omitempty"`

	// The content of a step that is no template: exactly one of these stands in the
	// place of Template. Contacts and Interactive are the Cloud API's own, word for
	// word but for the columns named in their texts.
	Text        *Text          `yaml:"text" json:"text,omitempty"`
	Image       *Media         `yaml:"image" json:"image,omitempty"`
	Video       *Media         `yaml:"video" json:"video,omitempty"`
	Audio       *Media         `yaml:"audio" json:"audio,omitempty"`
	Document    *Media         `yaml:"document" json:"document,omitempty"`
	Sticker     *Media         `yaml:"sticker" json:"sticker,omitempty"`
	Location    *Location      `yaml:"location" json:"location,omitempty"`
	Contacts    []any          `yaml:"contacts" json:"contacts,omitempty"`
	Interactive map[string]any `yaml:"interactive" json:"interactive,omitempty"`
	Reaction    *Reaction      `yaml:"reaction" json:"reaction,omitempty"`
	// OtherwiseTemplate goes out in the place of a content that is no template
	// where the person's window is shut. It has the keys of a template alone. Where
	// it is nil, Otherwise says what happens: the step is skipped, or the series ends.
	OtherwiseTemplate *Step `yaml:"otherwise_template" json:"otherwise_template,omitempty"`
	// Reply quotes the message that the person answered with.
	Reply bool `yaml:"reply" json:"reply,omitempty"`
	// Read marks that message as read.
	Read bool `yaml:"read" json:"read,omitempty"`
}

// After is what opens a gate: a receipt of the step before, or a reply to it.
type After string

// What a gate may wait for. A later receipt serves as well: read implies
// delivered, delivered implies sent.
const (
	AfterSent      After = "sent"
	AfterDelivered After = "delivered"
	AfterRead      After = "read"
	// AfterReply waits for a message from the person.
	AfterReply After = "reply"
)

// Otherwise is what happens to a step whose gate will not open.
type Otherwise string

const (
	// Stop skips this step and all that follow.
	Stop Otherwise = "stop"
	// Skip skips this step; the next one waits for the last step that went out.
	Skip Otherwise = "skip"
	// Send sends it all the same.
	Send Otherwise = "send"
)

// DefaultPatience is how long a gate is waited for when the step does not say:
// three days, the upper end of what is useful for a series. (The providers
// keep trying for 30 days.)
const DefaultPatience = 72 * time.Hour

// Category is Meta's category of a template.
type Category string

// The categories of a template.
const (
	Marketing      Category = "marketing"
	Utility        Category = "utility"
	Authentication Category = "authentication"
)

// Template is a template message, rendered for one recipient.
type Template struct {
	// Name is the approved template's name.
	Name string
	// Language is its code, such as en_US.
	Language string
	// Components is the JSON array of component parameters, nil when the
	// template has none.
	Components json.RawMessage
	// MarketingMessages is the step's own.
	MarketingMessages *MarketingMessages
}

// Patient is how long this step waits for its gate.
func (s Step) Patient() time.Duration {
	if s.Patience == 0 {
		return DefaultPatience
	}
	return time.Duration(s.Patience)
}
