package cloud

import (
	"encoding/json"

	"carillon/whatsapp"
)

// envelopeSize is about what the body takes beside the components.
const envelopeSize = 320

// requestBody is the request's body for m. The components are taken word for word.
func requestBody(m whatsapp.Message) []byte {
	b := make([]byte, 0, envelopeSize+len(m.Template.Components))
	b = append(b, `{"messaging_product":"whatsapp","recipient_type":"individual","to":`...)
	b = appendString(b, m.To)
	b = append(b, `,"type":"template"`...)
	if m.Reference != "" {
		b = append(b, `,"biz_opaque_callback_data":`...)
		b = appendString(b, m.Reference)
	}
	b = append(b, `,"template":{"name":`...)
	b = appendString(b, m.Template.Name)
	b = append(b, `,"language":{"code":`...)
	b = appendString(b, m.Template.Language)
	b = append(b, '}')
	if len(m.Template.Components) > 0 {
		b = append(b, `,"components":`...)
		b = append(b, m.Template.Components...)
	}
	return append(b, `}}`...)
}

// appendString appends s as a JSON string. Numbers, references and names of
// templates need no escapes, so they are copied.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string always marshals
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
