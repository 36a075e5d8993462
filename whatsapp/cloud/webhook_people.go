package cloud

import (
	"cmp"

	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// message is what a person sent, or what the platform tells of a person in the
// same place (Meta, webhooks reference, messages).
type message struct {
	ID         wire.Text `json:"id"`
	From       wire.Text `json:"from"`
	FromUser   wire.Text `json:"from_user_id"`
	FromParent wire.Text `json:"from_parent_user_id"`
	Group      wire.Text `json:"group_id"`
	Timestamp  wire.Text `json:"timestamp"`
	Type       wire.Text `json:"type"`
	Context    struct {
		ID wire.Text `json:"id"`
	} `json:"context"`
	Text struct {
		Body wire.Text `json:"body"`
	} `json:"text"`
	Button struct {
		Payload wire.Text `json:"payload"`
		Text    wire.Text `json:"text"`
	} `json:"button"`
	Interactive interactive `json:"interactive"`
	Image       captioned   `json:"image"`
	Video       captioned   `json:"video"`
	Document    captioned   `json:"document"`
	Reaction    struct {
		MessageID wire.Text `json:"message_id"`
		Emoji     wire.Text `json:"emoji"`
	} `json:"reaction"`
	System system `json:"system"`
	rewriting
}

type interactive struct {
	Type        wire.Text `json:"type"`
	ButtonReply choice    `json:"button_reply"`
	ListReply   choice    `json:"list_reply"`
	FlowReply   struct {
		Body     wire.Text `json:"body"`
		Response wire.Text `json:"response_json"`
	} `json:"nfm_reply"`
}

type choice struct {
	ID    wire.Text `json:"id"`
	Title wire.Text `json:"title"`
}

// captioned is a medium that may have some words below it.
type captioned struct {
	Caption wire.Text `json:"caption"`
}

// system tells that something about the person has changed. Older versions say
// new_wa_id for wa_id, and customer_ for user_.
type system struct {
	Type     wire.Text `json:"type"`
	Customer wire.Text `json:"customer"`
	WaID     wire.Text `json:"wa_id"`
	NewWaID  wire.Text `json:"new_wa_id"`
	UserID   wire.Text `json:"user_id"`
	Parent   wire.Text `json:"parent_user_id"`
	// PreviousUserID is told by some services. Meta tells it in the body alone.
	PreviousUserID wire.Text `json:"previous_user_id"`
	Body           wire.Text `json:"body"`
}

func (m *message) who() whatsapp.Who { return named(m.From, m.FromUser, m.FromParent) }

// inbound is the message in our words. ok is false for an empty one, for one
// to a group, and for what the platform itself says.
func (m *message) inbound() (inbound whatsapp.Inbound, ok bool) {
	if m.kind() == whatsapp.Edit {
		return m.edited()
	}
	inbound = whatsapp.Inbound{
		ID:      string(m.ID),
		From:    m.who(),
		At:      m.Timestamp.Time(),
		Type:    m.kind(),
		ReplyTo: string(m.Context.ID),
	}
	switch {
	case m.Type.Is("text"):
		inbound.Text = string(m.Text.Body)
	case m.Type.Is("button"):
		inbound.Text, inbound.Payload = string(m.Button.Text), string(m.Button.Payload)
	case m.Type.Is("interactive"):
		inbound.Text, inbound.Payload = m.Interactive.reply()
	case m.Type.Is("reaction"):
		inbound.Text = string(m.Reaction.Emoji)
		inbound.ReplyTo = cmp.Or(inbound.ReplyTo, string(m.Reaction.MessageID))
	default:
		inbound.Text = string(cmp.Or(m.Image.Caption, m.Video.Caption, m.Document.Caption))
	}
	told := inbound.ID != "" || inbound.From.Known()
	return inbound, told && m.Group == "" && !m.Type.Is("system")
}

// reply is what the person chose: its title and what we named it. For a form
// it is its summary and its answers as JSON.
func (i *interactive) reply() (title, payload string) {
	switch {
	case i.Type.Is("button_reply"):
		return string(i.ButtonReply.Title), string(i.ButtonReply.ID)
	case i.Type.Is("list_reply"):
		return string(i.ListReply.Title), string(i.ListReply.ID)
	case i.Type.Is("nfm_reply"):
		return string(i.FlowReply.Body), string(i.FlowReply.Response)
	}
	return "", ""
}
