package gateway

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

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
	case m.Text != nil && m.File != nil, m.FreeForm() && m.Template.Name != "":
		return "", nil, "a message has one content, and this has several"
	case m.Template.MarketingMessages != nil:
		return "", nil, "there is no endpoint for marketing messages"
	case m.Text != nil:
		return "send-message", textBody(m.To, m.Text), textFault(m.Text)
	case m.File != nil:
		return "send-media", fileBody(m.To, m.File), fileFault(m.File)
	}
	return "messages", templateBody(m), ""
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
func textBody(to string, text *whatsapp.Text) []byte {
	b := appendMember(append([]byte(nil), '{'), "phone_number", to)
	b = appendMember(append(b, ','), "message", text.Body)
	if text.PreviewURL {
		b = append(b, `,"preview_url":true`...)
	}
	if text.ReplyTo != "" {
		b = appendMember(append(b, ','), "reply_to", text.ReplyTo)
	}
	return append(b, '}')
}

// fileBody is the body of a file.
func fileBody(to string, file *whatsapp.File) []byte {
	b := appendMember(append([]byte(nil), '{'), "phone_number", to)
	b = appendMember(append(b, ','), "media_type", file.Kind)
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
func textFault(text *whatsapp.Text) string {
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
func fileFault(file *whatsapp.File) string {
	link, err := url.Parse(file.Link)
	captioned := slices.Contains([]string{"image", "video", "document"}, file.Kind)
	switch n := utf8.RuneCountInString(file.Caption); {
	case !captioned && file.Kind != "audio" && file.Kind != "sticker":
		return fmt.Sprintf("a file of the kind %q is not sent; it is image, video, document, audio or sticker", file.Kind)
	case err != nil || link.Scheme != "https" || link.Hostname() == "":
		return "a file needs an https address that everybody can reach"
	case file.Kind == "document" && !slices.Contains(documents, strings.ToLower(path.Ext(link.Path))):
		return "a document's address has to end in " + strings.Join(documents, ", ")
	case file.Caption != "" && !captioned:
		return fmt.Sprintf("a file of the kind %s has no caption", file.Kind)
	case n > longestCaption:
		return fmt.Sprintf("the caption has %d characters, and %d are the most", n, longestCaption)
	}
	return ""
}

// documents are the endings that a document must have one of (v2, supported
// formats).
var documents = []string{".pdf", ".docx", ".xlsx", ".pptx", ".txt"}
