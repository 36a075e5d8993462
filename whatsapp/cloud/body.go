package cloud

import (
	"strconv"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// envelopeSize is about what the body takes beside the components.
const envelopeSize = 320

// requestBody is the request's body for m. The components, and the content of what
// is no template, are taken word for word.
func requestBody(m whatsapp.Message) []byte {
	size := envelopeSize + len(m.Template.Components)
	if m.Free != nil {
		size += len(m.Free.Content)
	}
	b := make([]byte, 0, size)
	b = append(b, `{"messaging_product":"whatsapp","recipient_type":"individual",`...)
	b = appendRecipient(b, &m)
	kind := "template"
	if m.Free != nil {
		kind = string(m.Free.Kind)
	}
	b = append(b, `,"type":`...)
	b = wire.AppendString(b, kind)
	if m.Reference != "" {
		b = append(b, `,"biz_opaque_callback_data":`...)
		b = wire.AppendString(b, m.Reference)
	}
	if m.Free != nil {
		return append(AppendFree(b, m.Free), '}')
	}
	b = append(b, `,"template":{"name":`...)
	b = wire.AppendString(b, m.Template.Name)
	b = append(b, `,"language":{"code":`...)
	b = wire.AppendString(b, m.Template.Language)
	b = append(b, '}')
	if len(m.Template.Components) > 0 {
		b = append(b, `,"components":`...)
		b = append(b, m.Template.Components...)
	}
	b = append(b, '}')
	if how := m.Template.MarketingMessages; how != nil {
		b = appendMarketing(b, how)
	}
	return append(b, '}')
}

// AppendFree appends to a body that tells its type what makes it a free-form message:
// which message it quotes, if it does, and its content under the type's name. The
// content of a reaction names the message that it is about (Meta, send-messages page,
// replies; reaction messages page).
func AppendFree(b []byte, f *campaign.FreeForm) []byte {
	reaction := f.Kind == campaign.KindReaction
	if f.Answers != "" && !reaction {
		b = append(b, `,"context":{"message_id":`...)
		b = append(wire.AppendString(b, f.Answers), '}')
	}
	b = append(wire.AppendString(append(b, ','), string(f.Kind)), ':')
	if !reaction {
		return append(b, f.Content...)
	}
	b = append(b, `{"message_id":`...)
	b = append(wire.AppendString(b, f.Answers), ',')
	return append(b, f.Content[1:]...)
}

// appendRecipient appends to whom the message goes: a number, or in its place a user
// ID (Meta, business-scoped user IDs).
func appendRecipient(b []byte, m *whatsapp.Message) []byte {
	if m.UserID != "" {
		return wire.AppendString(append(b, `"recipient":`...), m.UserID)
	}
	return wire.AppendString(append(b, `"to":`...), m.To)
}

// appendMarketing appends what only the endpoint for marketing messages takes
// (Meta, Marketing Messages API).
func appendMarketing(b []byte, how *campaign.MarketingMessages) []byte {
	if how.ProductPolicy != "" {
		b = append(b, `,"product_policy":`...)
		b = wire.AppendString(b, string(how.ProductPolicy))
	}
	if how.ActivitySharing != nil {
		b = append(b, `,"message_activity_sharing":`...)
		b = strconv.AppendBool(b, *how.ActivitySharing)
	}
	return b
}
