package gateway

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// The longest texts, in characters (v2, send-message and send-media).
const (
	longestText    = 4096
	longestCaption = 1024
)

// letter is where a message goes and its body, or what is wrong with its content.
func letter(m whatsapp.Message) (path string, body []byte, wrong string) {
	switch {
	case m.Wrong() != "":
		return "", nil, m.Wrong()
	case m.Template.MarketingMessages != nil:
		return "", nil, "there is no endpoint for marketing messages"
	case m.Free == nil:
		return "messages", templateBody(m), ""
	}
	step, err := m.Free.Step()
	if err == nil {
		err = supports(&step)
	}
	switch {
	case err != nil:
		return "", nil, err.Error()
	case step.Text != nil:
		return "send-message", textBody(m.To, step.Text, m.Free.Answers), textFault(step.Text)
	}
	kind, file := fileOf(&step)
	return "send-media", fileBody(m.To, kind, file), fileFault(kind, file)
}

// supports wants what this API has a form for: a template, a text, or a file that it
// fetches (v2, send-message and send-media).
func supports(step *campaign.Step) error {
	const elsewhere = ", or send the step by a channel of another provider"
	kind, file := fileOf(step)
	switch {
	case !step.FreeForm() || step.Text != nil:
		return nil
	case file == nil:
		return fmt.Errorf("this gateway sends no message of the kind %s; choose another kind%s", step.Kind(), elsewhere)
	case step.Reply:
		return errors.New("this gateway quotes a message with a text alone; remove reply" + elsewhere)
	case file.Link == "":
		return fmt.Errorf("this gateway fetches files, and %s has no link; write one that everybody can reach%s", kind, elsewhere)
	case file.Filename != "":
		return errors.New("this gateway shows a document under the name in its link; remove filename" + elsewhere)
	case strings.Contains(file.Link, "{{"): // it is known with the row
		return nil
	}
	if wrong := fileFault(kind, file); wrong != "" {
		return errors.New(wrong)
	}
	return nil
}

// fileOf is the file of a step and what this API calls its kind; nil for none.
func fileOf(step *campaign.Step) (kind string, file *campaign.Media) {
	for _, m := range []*campaign.Media{step.Image, step.Video, step.Document, step.Audio, step.Sticker} {
		if m != nil {
			return string(step.Kind()), m
		}
	}
	return "", nil
}

// templateBody is the body of a template: the Cloud API's without its envelope, to
// a number in digits. The components are taken word for word.
func templateBody(m whatsapp.Message) []byte {
	b := append([]byte(nil), `{"to":`...)
	b = wire.AppendString(b, strings.TrimPrefix(m.To, "+"))
	b = append(b, `,"type":"template","template":{"name":`...)
	b = wire.AppendString(b, m.Template.Name)
	b = append(b, `,"language":{"code":`...)
	b = wire.AppendString(b, m.Template.Language)
	b = append(b, '}')
	if len(m.Template.Components) > 0 {
		b = append(b, `,"components":`...)
		b = append(b, m.Template.Components...)
	}
	return append(b, `}}`...)
}

// textBody is the body of a text.
func textBody(to string, text *campaign.Text, replyTo string) []byte {
	b := appendMember(append([]byte(nil), '{'), "phone_number", to)
	b = appendMember(append(b, ','), "message", text.Body)
	if text.PreviewURL {
		b = append(b, `,"preview_url":true`...)
	}
	if replyTo != "" {
		b = appendMember(append(b, ','), "reply_to", replyTo)
	}
	return append(b, '}')
}

// fileBody is the body of a file.
func fileBody(to, kind string, file *campaign.Media) []byte {
	b := appendMember(append([]byte(nil), '{'), "phone_number", to)
	b = appendMember(append(b, ','), "media_type", kind)
	b = appendMember(append(b, ','), "media_url", file.Link)
	if file.Caption != "" {
		b = appendMember(append(b, ','), "caption", file.Caption)
	}
	return append(b, '}')
}

func appendMember(b []byte, name, value string) []byte {
	return wire.AppendString(append(wire.AppendString(b, name), ':'), value)
}

// textFault says what is wrong with a text, if anything.
func textFault(text *campaign.Text) string {
	switch n := utf8.RuneCountInString(text.Body); {
	case strings.TrimSpace(text.Body) == "":
		return "the text is empty"
	case n > longestText:
		return fmt.Sprintf("the text has %d characters, and %d are the most", n, longestText)
	}
	return ""
}

// fileFault says what is wrong with a file, if anything. Its size and what it holds
// are known to the provider alone.
func fileFault(kind string, file *campaign.Media) string {
	link, err := url.Parse(file.Link)
	switch n := utf8.RuneCountInString(file.Caption); {
	case err != nil || link.Scheme != "https" || link.Hostname() == "":
		return "a file needs an https address that everybody can reach"
	case kind == "document" && !slices.Contains(documents, strings.ToLower(path.Ext(link.Path))):
		return "a document's address has to end in " + strings.Join(documents, ", ")
	case file.Caption != "" && (kind == "audio" || kind == "sticker"):
		return fmt.Sprintf("a file of the kind %s has no caption", kind)
	case n > longestCaption:
		return fmt.Sprintf("the caption has %d characters, and %d are the most", n, longestCaption)
	}
	return ""
}

// documents are the endings that a document must have one of (v2, supported
// formats).
var documents = []string{".pdf", ".docx", ".xlsx", ".pptx", ".txt"}
