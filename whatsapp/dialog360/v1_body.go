package dialog360

import (
	"encoding/json"
	"fmt"
	"strconv"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// v1Body is the request's body for a message to a wa_id (360dialog, send message).
func v1Body(to, namespace string, m *whatsapp.Message) []byte {
	b := wire.AppendString([]byte(`{"to":`), to)
	if m.Free != nil {
		b = append(b, `,"recipient_type":"individual","type":`...)
		return append(v1Free(wire.AppendString(b, string(m.Free.Kind)), m.Free), '}')
	}
	return append(v1Template(b, namespace, m.Template), '}')
}

// v1Template appends a template. The components are taken word for word.
func v1Template(b []byte, namespace string, template campaign.Template) []byte {
	b = append(b, `,"type":"template","template":{"namespace":`...)
	b = wire.AppendString(b, namespace)
	b = append(b, `,"language":{"policy":"deterministic","code":`...)
	b = wire.AppendString(b, template.Language)
	b = append(b, `},"name":`...)
	b = wire.AppendString(b, template.Name)
	if len(template.Components) > 0 {
		b = append(b, `,"components":`...)
		b = append(b, template.Components...)
	}
	return append(b, '}')
}

// v1Free appends a free-form message: the Cloud API's but for a text's preview,
// which stands beside the text, and a location's degrees, which are numbers (Meta,
// on-premises API, messages page).
func v1Free(b []byte, f *campaign.FreeForm) []byte {
	own := *f
	switch f.Kind {
	case campaign.KindText:
		var text campaign.Text
		if json.Unmarshal(f.Content, &text) == nil && text.PreviewURL {
			b = append(b, `,"preview_url":true`...)
			own.Content = append(wire.AppendString([]byte(`{"body":`), text.Body), '}')
		}
	case campaign.KindLocation:
		own.Content = v1Location(f.Content)
	}
	return cloud.AppendFree(b, &own)
}

// v1Location is a location with its degrees as numbers; the same where they are
// none.
func v1Location(content json.RawMessage) json.RawMessage {
	var place map[string]any
	if json.Unmarshal(content, &place) != nil {
		return content
	}
	for _, key := range []string{"latitude", "longitude"} {
		text, _ := place[key].(string)
		degrees, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return content
		}
		place[key] = json.Number(strconv.FormatFloat(degrees, 'f', -1, 64))
	}
	written, err := json.Marshal(place)
	if err != nil {
		return content
	}
	return written
}

// v1Supports refuses what WhatsApp's on-premises client does not know: it is older
// than these kinds of interactive messages.
func v1Supports(step *campaign.Step) error {
	kind, _ := step.Interactive["type"].(string)
	switch kind {
	case "", "button", "list", "product", "product_list", "catalog_message", "flow":
		return nil
	}
	return fmt.Errorf("360dialog's v1 API is older than interactive messages of type %s; send it by a channel of the provider %s, or choose another type",
		kind, CloudName)
}

// v1Fault says why a message cannot be sent this way, or returns an empty text.
func v1Fault(m *whatsapp.Message) string {
	switch {
	case m.Wrong() != "":
		return m.Wrong()
	case m.Template.MarketingMessages != nil:
		return "there is no endpoint for marketing messages"
	case m.Free == nil:
		return ""
	}
	step, err := m.Free.Step()
	if err == nil {
		err = v1Supports(&step)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
