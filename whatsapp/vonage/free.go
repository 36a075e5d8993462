package vonage

import (
	"fmt"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// free is v1's body for a message that is no template: in v1's own form where there
// is one for all that it has, and in Meta's words otherwise.
func (s *Settings) free(m whatsapp.Message) ([]byte, error) {
	step, err := m.Free.Step()
	if err != nil {
		return nil, err
	}
	told := object{
		"channel": "whatsapp", "from": s.Sender, "to": digits(m.To), "message_type": "custom",
		"custom": object{"type": m.Free.Kind, string(m.Free.Kind): m.Free.Content},
	}
	if m.Reference != "" {
		told["client_ref"] = m.Reference
	}
	if m.Free.Answers != "" {
		told["context"] = object{"message_uuid": m.Free.Answers}
	}
	if kind, content, ok := ownForm(&step); ok {
		delete(told, "custom")
		told["message_type"], told[kind] = kind, content
	}
	return encode(told), nil
}

// object is one of JSON.
type object = map[string]any

// ownForm is a content in v1's own words: its kind, and what stands under that. ok is
// false where v1 has no words for all of it.
func ownForm(step *campaign.Step) (kind string, content any, ok bool) {
	switch {
	case step.Text != nil:
		return "text", step.Text.Body, !step.Text.PreviewURL
	case step.Reaction != nil:
		return "reaction", object{"action": "react", "emoji": step.Reaction.Emoji}, true
	}
	return fileForm(step)
}

// fileForm is the form of a file that both APIs have. ok is false where the content
// is none, or has more than an address and a caption.
func fileForm(step *campaign.Step) (kind string, content any, ok bool) {
	for _, file := range []struct {
		kind  string
		media *campaign.Media
	}{{"image", step.Image}, {"video", step.Video}, {"audio", step.Audio}, {"file", step.Document}, {"sticker", step.Sticker}} {
		if m := file.media; m != nil {
			at := object{"url": m.Link}
			if m.Caption != "" {
				at["caption"] = m.Caption
			}
			return file.kind, at, m.Link != "" && m.Filename == ""
		}
	}
	return "", nil, false
}

// betaFree is the beta's body for a message that is no template.
func (s *Settings) betaFree(m whatsapp.Message) ([]byte, error) {
	step, err := m.Free.Step()
	if err == nil {
		err = betaSupports(&step)
	}
	if err != nil {
		return nil, err
	}
	kind, content, ok := fileForm(&step)
	switch {
	case ok:
	case step.Text != nil:
		kind, content = "text", step.Text.Body
	default:
		kind, content = "location", m.Free.Content
	}
	told := object{
		"from":    party{Type: "whatsapp", Number: wire.Text(s.Sender)},
		"to":      party{Type: "whatsapp", Number: wire.Text(digits(m.To))},
		"message": object{"content": object{"type": kind, kind: content}},
	}
	if m.Reference != "" {
		told["client_ref"] = m.Reference
	}
	return encode(told), nil
}

// betaSupports wants a text, a file with nothing but an address and a caption, or a
// location (Vonage, Messages API v0.1).
func betaSupports(step *campaign.Step) error {
	refused := func(what, change string) error {
		return fmt.Errorf("vonage-beta %s; %s, or send the step by a channel of the provider vonage", what, change)
	}
	_, _, plain := fileForm(step)
	switch kind := step.Kind(); {
	case kind == campaign.KindSticker, kind == campaign.KindReaction, kind == campaign.KindContacts, kind == campaign.KindInteractive:
		return refused(fmt.Sprintf("sends no message of the kind %s", kind), "choose another kind")
	case step.Reply:
		return refused("quotes no message", "remove reply")
	case step.Text != nil && step.Text.PreviewURL:
		return refused("shows no previews", "remove preview_url")
	case step.Text == nil && step.Location == nil && !plain:
		return refused("takes of a file a link and a caption alone", "remove id or filename")
	}
	return nil
}
