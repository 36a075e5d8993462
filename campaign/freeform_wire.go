package campaign

import (
	"fmt"
	"maps"
	"slices"
)

// wireFree lays out the step's free-form content: what stands under the kind's name
// in the Cloud API's body.
func (s Step) wireFree() any {
	switch kind := s.Kind(); kind {
	case KindText:
		return s.Text.wire("text")
	case KindLocation:
		return s.Location.wireFree("location")
	case KindContacts:
		return wireWorded("contacts", "contacts", s.Contacts, cardRules)
	case KindInteractive:
		return wireWorded("interactive", "interactive", s.Interactive, interactiveRules)
	case KindReaction:
		return object{{"emoji", field{"reaction.emoji", s.Reaction.Emoji, emojiRule}}}
	default:
		return s.media().wire(string(kind))
	}
}

// media is the picture, video, sound, document or sticker that the step sends; nil
// for none.
func (s Step) media() *Media {
	for _, m := range []*Media{s.Image, s.Video, s.Audio, s.Document, s.Sticker} {
		if m != nil {
			return m
		}
	}
	return nil
}

func (t *Text) wire(path string) object {
	body := member{"body", field{path + ".body", t.Body, textRule}}
	if !t.PreviewURL {
		return object{body}
	}
	return object{{"preview_url", true}, body}
}

// wireFree leaves out what only a template must have.
func (l *Location) wireFree(path string) object {
	wired := l.wire(path)
	place := wired[:2]
	for _, part := range wired[2:] {
		if text, _ := part.value.(field); text.text != "" {
			place = append(place, part)
		}
	}
	return place
}

// wireWorded lays out what the definition wrote in the Cloud API's words. Rules say
// by the path, without the places in lists, what is asked of a text.
func wireWorded(path, plain string, value any, rules func(plain string) rule) any {
	switch v := value.(type) {
	case string:
		return field{path, v, rules(plain)}
	case []any:
		wired := make(list, len(v))
		for i, item := range v {
			wired[i] = wireWorded(fmt.Sprintf("%s[%d]", path, i), plain+"[]", item, rules)
		}
		return wired
	case map[string]any:
		wired := make(object, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value := wireWorded(path+"."+key, plain+"."+key, v[key], rules)
			if f, text := value.(field); text && f.rule == fileRule {
				key = "" // it writes its own
			}
			wired = append(wired, member{key, value})
		}
		return wired
	default:
		return v
	}
}

// interactiveRules are what is asked of the texts of an interactive message.
// Sources: Meta, interactive reply buttons, list, call-to-action URL, flows and
// address messages pages.
func interactiveRules(path string) rule {
	switch path {
	case "interactive.header.text", "interactive.footer.text":
		return headingRule
	case "interactive.body.text":
		return captionRule
	case "interactive.header.image.link", "interactive.header.video.link", "interactive.header.document.link",
		"interactive.action.parameters.url":
		return linkRule
	case "interactive.header.image.file", "interactive.header.video.file", "interactive.header.document.file":
		return fileRule
	case "interactive.action.button", "interactive.action.buttons[].reply.title", "interactive.action.parameters.display_text":
		return labelRule
	case "interactive.action.buttons[].reply.id":
		return replyIDRule
	case "interactive.action.sections[].title", "interactive.action.sections[].rows[].title":
		return titleRule
	case "interactive.action.sections[].rows[].description":
		return descriptionRule
	case "interactive.action.sections[].rows[].id":
		return rowIDRule
	case "interactive.action.parameters.flow_cta":
		return flowLabelRule
	case countryPath:
		return addressCountryRule
	case "interactive.action.parameters.values.in_pin_code", "interactive.action.parameters.values.sg_post_code",
		"interactive.action.parameters.saved_addresses[].value.in_pin_code",
		"interactive.action.parameters.saved_addresses[].value.sg_post_code":
		return postCodeRule
	}
	return rawRule
}
