package cloud

import (
	"cmp"
	"strings"

	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// rewriting tells that a message is no new one: the person has edited or deleted
// an earlier one (Meta, webhooks reference, messages: edit and revoke). Some
// services leave the type as it was, and mark the message.
type rewriting struct {
	Edit        edit      `json:"edit"`
	Edited      mark      `json:"edited"`
	IsEdited    mark      `json:"is_edited"`
	Original    wire.Text `json:"original_message_id"`
	Unsupported struct {
		Type wire.Text `json:"type"`
	} `json:"unsupported"`
}

type edit struct {
	Original wire.Text `json:"original_message_id"`
	// Message is what the earlier one says now.
	Message *message `json:"message"`
}

// mark is true for whatever does not deny it.
type mark bool

// UnmarshalJSON never fails.
func (m *mark) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(string(b)) {
	case "null", "false", `"false"`, "0", `"0"`, `""`:
	default:
		*m = true
	}
	return nil
}

// kind is the message's type in lower case: edit and revoke for what rewrites an
// earlier one, however the service says it. For some time Meta told edits as
// unsupported messages, without what they say (edit page, June 2026).
func (m *message) kind() string {
	kind := m.Type
	if kind.Is("unsupported") {
		kind = cmp.Or(m.Unsupported.Type, kind)
	}
	switch strings.ToLower(string(kind)) {
	case "edit", "edited":
		return whatsapp.Edit
	case "revoke", "revoked", "delete", "deleted":
		return whatsapp.Revoke
	}
	if m.Edited || m.IsEdited || m.Edit.Original != "" || m.Edit.Message != nil {
		return whatsapp.Edit
	}
	return strings.ToLower(string(m.Type))
}

// edited is an edit in our words: what the earlier message says now. Edits is
// empty where that is not told.
func (m *message) edited() (inbound whatsapp.Inbound, ok bool) {
	now := m.now()
	inbound, ok = now.inbound()
	told := inbound.Text != "" || now.Type != "" && !now.Type.Is("unsupported")
	inbound.Type = whatsapp.Edit
	original := string(cmp.Or(m.Edit.Original, m.Original, m.ID))
	if inbound.ReplyTo == original { // of the person, so it is none of ours that is answered
		inbound.ReplyTo = ""
	}
	if told {
		inbound.Edits = original
	}
	return inbound, ok
}

// now is the message as if the person had first written what it says now.
func (m *message) now() message {
	now := *m
	now.rewriting = rewriting{}
	if inner := m.Edit.Message; inner != nil {
		now.Type, now.Text, now.Button, now.Interactive = inner.Type, inner.Text, inner.Button, inner.Interactive
		now.Image, now.Video, now.Document = inner.Image, inner.Video, inner.Document
		now.Context.ID = cmp.Or(inner.Context.ID, m.Context.ID)
	}
	switch {
	case now.Text.Body != "":
		now.Type = "text"
	case now.kind() == whatsapp.Edit:
		now.Type = ""
	}
	return now
}
