package campaign

// wireFree lays out the step's free-form content: what stands under the kind's name
// in the Cloud API's body.
func (s Step) wireFree() any {
	switch kind := s.Kind(); kind {
	case KindText:
		return s.Text.wire("text")
	case KindLocation:
		return s.Location.wireFree("location")
	case KindContacts:
		return wireRaw("contacts", s.Contacts)
	case KindInteractive:
		return wireRaw("interactive", s.Interactive)
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
