package campaign

import (
	"reflect"
	"slices"
	"strings"
)

// contentKeys are the keys of which a step has exactly one: what it sends.
func contentKeys() []string {
	return []string{
		"template", "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction",
	}
}

// templateKeys are the keys that say which template goes out, and with what.
func templateKeys() []string {
	return []string{
		"template", "category", "language", "ttl", "marketing_messages",
		"header", "body", "buttons", "limited_time_offer", "carousel", "components",
	}
}

// given are the keys of a step that have a value, in the order of the struct.
func (s *Step) given() []string {
	var keys []string
	of := reflect.ValueOf(s).Elem()
	for i := range of.NumField() {
		if !of.Field(i).IsZero() {
			keys = append(keys, of.Type().Field(i).Tag.Get("yaml"))
		}
	}
	return keys
}

// content wants exactly one thing to send, and beside it only what belongs to it.
func (v *validator) content(path string, s *Step) {
	var contents []string
	for _, key := range s.given() {
		if slices.Contains(contentKeys(), key) {
			contents = append(contents, key)
		}
	}
	if len(contents) > 1 {
		v.wrong(path, "has %s; write exactly one of %s", strings.Join(contents, " and "), strings.Join(contentKeys(), ", "))
		return
	}
	if len(contents) == 0 || contents[0] == "template" {
		v.noFreeForm(path, s)
		v.template(path, s)
		return
	}
	for _, key := range s.given() {
		if slices.Contains(templateKeys(), key) && key != "category" {
			v.wrong(path+"."+key, "belongs to a template; move it into otherwise_template, or remove it")
		}
	}
	v.category(path+".category", s.Category)
	v.freeForm(path, s)
	if s.OtherwiseTemplate != nil {
		v.otherwiseTemplate(path+".otherwise_template", s)
	}
}

// noFreeForm wants of a template nothing that only other messages have.
func (v *validator) noFreeForm(path string, s *Step) {
	const hint = "belongs to a step without a template, such as one with text; remove it"
	if s.OtherwiseTemplate != nil {
		v.wrong(path+".otherwise_template", hint)
	}
	if s.Reply {
		v.wrong(path+".reply", hint)
	}
	if s.Read {
		v.wrong(path+".read", hint)
	}
}

// otherwiseTemplate wants a template and nothing else. Its category is the step's:
// who wants no marketing gets neither of the two.
func (v *validator) otherwiseTemplate(path string, s *Step) {
	for _, key := range s.OtherwiseTemplate.given() {
		if !slices.Contains(templateKeys(), key) {
			v.wrong(path+"."+key, "does not belong to a template; the keys here are %s", strings.Join(templateKeys(), ", "))
		}
	}
	v.template(path, s.OtherwiseTemplate)
	if mine, others := s.Category, s.OtherwiseTemplate.Category; mine != "" && others != "" && mine != others {
		v.wrong(path+".category", "is %s and that of the step is %s; write one category for both", others, mine)
	}
}

// freeForm checks what the step sends inside the window, but for its texts.
// Source of the limits: Meta, messages pages.
func (v *validator) freeForm(path string, s *Step) {
	kind := s.contentKey()
	at := path + "." + kind
	switch Kind(kind) {
	case KindText:
		v.required(at+".body", s.Text.Body, "what the message says")
	case KindLocation:
		v.coordinates(at, s.Location)
	case KindContacts:
		v.cards(at, s.Contacts)
	case KindInteractive:
		v.interactive(at, s.Interactive)
	case KindReaction:
		v.required(at+".emoji", s.Reaction.Emoji, "one emoji")
		if s.Reply {
			v.wrong(path+".reply", "a reaction is about the person's message as it is; remove reply")
		}
	default:
		v.media(at, s.media(), Kind(kind))
	}
}

// contentKey is the key of the step's free-form content, which may be empty.
func (s *Step) contentKey() string {
	for _, key := range s.given() {
		if key != "template" && slices.Contains(contentKeys(), key) {
			return key
		}
	}
	return ""
}

func (v *validator) coordinates(path string, l *Location) {
	v.required(path+".latitude", l.Latitude, "degrees, such as 37.483307")
	v.required(path+".longitude", l.Longitude, "degrees, such as 122.148981")
}

// media wants one source of a file, and beside it what its kind has.
func (v *validator) media(path string, m *Media, kind Kind) {
	v.fileOf(path, m, kind)
	if m.Caption != "" && (kind == KindAudio || kind == KindSticker) {
		v.wrong(path+".caption", "only a picture, video or document has one; remove it")
	}
}

// headerMedia wants what media does of the header of a template, which has no
// caption.
func (v *validator) headerMedia(path string, m *Media, kind Kind) {
	v.fileOf(path, m, kind)
	if m.Caption != "" {
		v.wrong(path+".caption", "a template's header has none; remove it")
	}
}

func (v *validator) fileOf(path string, m *Media, kind Kind) {
	v.oneSource(path, m.Link != "", m.ID != "", m.File != "")
	if m.Filename != "" && kind != KindDocument {
		v.wrong(path+".filename", "only a document has one; remove it")
	}
}

// oneSource wants exactly one of the ways to say which file is meant.
func (v *validator) oneSource(path string, ways ...bool) {
	given := 0
	for _, way := range ways {
		if way {
			given++
		}
	}
	if given != 1 {
		v.wrong(path, "needs exactly one of link, id and file")
	}
}
