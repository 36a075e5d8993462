package cloud

import (
	"cmp"

	"carillon/whatsapp"
)

// message is what a person sent, or what the platform tells of a person in the
// same place (Meta, webhooks reference, messages).
type message struct {
	ID         text `json:"id"`
	From       text `json:"from"`
	FromUser   text `json:"from_user_id"`
	FromParent text `json:"from_parent_user_id"`
	Group      text `json:"group_id"`
	Timestamp  text `json:"timestamp"`
	Type       text `json:"type"`
	Context    struct {
		ID text `json:"id"`
	} `json:"context"`
	Text struct {
		Body text `json:"body"`
	} `json:"text"`
	Button struct {
		Payload text `json:"payload"`
		Text    text `json:"text"`
	} `json:"button"`
	Interactive interactive `json:"interactive"`
	Image       captioned   `json:"image"`
	Video       captioned   `json:"video"`
	Document    captioned   `json:"document"`
	Reaction    struct {
		MessageID text `json:"message_id"`
		Emoji     text `json:"emoji"`
	} `json:"reaction"`
	System system `json:"system"`
	rewriting
}

type interactive struct {
	Type        text   `json:"type"`
	ButtonReply choice `json:"button_reply"`
	ListReply   choice `json:"list_reply"`
	FlowReply   struct {
		Body     text `json:"body"`
		Response text `json:"response_json"`
	} `json:"nfm_reply"`
}

type choice struct {
	ID    text `json:"id"`
	Title text `json:"title"`
}

// captioned is a medium that may have some words below it.
type captioned struct {
	Caption text `json:"caption"`
}

// system tells that something about the person has changed. Older versions say
// new_wa_id for wa_id, and customer_ for user_.
type system struct {
	Type     text `json:"type"`
	Customer text `json:"customer"`
	WaID     text `json:"wa_id"`
	NewWaID  text `json:"new_wa_id"`
	UserID   text `json:"user_id"`
	Parent   text `json:"parent_user_id"`
	// PreviousUserID is told by some services. Meta tells it in the body alone.
	PreviousUserID text `json:"previous_user_id"`
	Body           text `json:"body"`
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
		At:      m.Timestamp.time(),
		Type:    m.kind(),
		ReplyTo: string(m.Context.ID),
	}
	switch {
	case m.Type.is("text"):
		inbound.Text = string(m.Text.Body)
	case m.Type.is("button"):
		inbound.Text, inbound.Payload = string(m.Button.Text), string(m.Button.Payload)
	case m.Type.is("interactive"):
		inbound.Text, inbound.Payload = m.Interactive.reply()
	case m.Type.is("reaction"):
		inbound.Text = string(m.Reaction.Emoji)
		inbound.ReplyTo = cmp.Or(inbound.ReplyTo, string(m.Reaction.MessageID))
	default:
		inbound.Text = string(cmp.Or(m.Image.Caption, m.Video.Caption, m.Document.Caption))
	}
	told := inbound.ID != "" || inbound.From.Known()
	return inbound, told && m.Group == "" && !m.Type.is("system")
}

// reply is what the person chose: its title and what we named it. For a form
// it is its summary and its answers as JSON.
func (i *interactive) reply() (title, payload string) {
	switch {
	case i.Type.is("button_reply"):
		return string(i.ButtonReply.Title), string(i.ButtonReply.ID)
	case i.Type.is("list_reply"):
		return string(i.ListReply.Title), string(i.ListReply.ID)
	case i.Type.is("nfm_reply"):
		return string(i.FlowReply.Body), string(i.FlowReply.Response)
	}
	return "", ""
}
