package vonage

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// notification is a webhook's body, which tells of one message: a receipt, or what
// a person says (Vonage, message status and inbound message of v1 and of v0.1).
type notification struct {
	ID        wire.Text `json:"message_uuid"`
	To        party     `json:"to"`
	From      party     `json:"from"`
	Channel   wire.Text `json:"channel"`
	Timestamp wire.Text `json:"timestamp"`
	Status    wire.Text `json:"status"`
	Reference wire.Text `json:"client_ref"`
	Error     *problem  `json:"error"`
	WhatsApp  struct {
		Recipient struct {
			WaID   wire.Text `json:"wa_id"`
			UserID wire.Text `json:"user_id"`
		} `json:"recipient"`
	} `json:"whatsapp"`

	// What a person says stands here in v1, and in the content in v0.1.
	Type wire.Text `json:"message_type"`
	content
	Message struct {
		Content struct {
			Type wire.Text `json:"type"`
			content
		} `json:"content"`
	} `json:"message"`
	Context struct {
		ID wire.Text `json:"message_uuid"`
	} `json:"context"`
}

// party is a number: an object in v0.1, a text in v1.
type party struct {
	Type   wire.Text `json:"type"`
	Number wire.Text `json:"number"`
}

// UnmarshalJSON never fails.
func (p *party) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return p.Number.UnmarshalJSON(b)
	}
	type bare party
	return wire.Decode(b, (*bare)(p))
}

// content is what a person says.
type content struct {
	Text   wire.Text `json:"text"`
	Button struct {
		Payload wire.Text `json:"payload"`
		Text    wire.Text `json:"text"`
	} `json:"button"`
	Reply struct {
		ID    wire.Text `json:"id"`
		Title wire.Text `json:"title"`
	} `json:"reply"`
	Reaction struct {
		Emoji wire.Text `json:"emoji"`
	} `json:"reaction"`
	Image captioned `json:"image"`
	Video captioned `json:"video"`
	File  captioned `json:"file"`
}

// captioned is a medium that may have some words below it.
type captioned struct {
	Caption wire.Text `json:"caption"`
}

// read reads what is told in a webhook's body. Statuses and kinds that it does not
// know, and other channels than WhatsApp, are passed over. The error is
// whatsapp.ErrMalformed.
func read(body []byte) (events whatsapp.Events, err error) {
	var told notification
	if err := wire.Decode(body, &told); err != nil {
		return events, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	channel := cmp.Or(told.Channel, told.From.Type, told.To.Type)
	if channel != "" && !channel.Is("whatsapp") {
		return events, nil
	}
	if told.Status != "" {
		if receipt, ok := told.receipt(); ok {
			events.Receipts = append(events.Receipts, receipt)
		}
		return events, nil
	}
	if inbound, ok := told.inbound(); ok {
		events.Inbound = append(events.Inbound, inbound)
	}
	return events, nil
}

// receipt is the status in our words. ok is false for one that names no message or
// tells nothing about its way.
func (n *notification) receipt() (receipt whatsapp.Receipt, ok bool) {
	recipient := n.WhatsApp.Recipient
	receipt = whatsapp.Receipt{
		Number: n.From.Number.Digits(), ID: string(n.ID), Reference: string(n.Reference), At: moment(n.Timestamp),
		Recipient: whatsapp.Who{Phone: cmp.Or(recipient.WaID.Digits(), n.To.Number.Digits()), UserID: string(recipient.UserID)},
	}
	switch {
	case n.Status.Is("submitted"):
		receipt.Status = campaign.Sent
	case n.Status.Is("delivered"):
		receipt.Status = campaign.Delivered
	case n.Status.Is("read"):
		receipt.Status = campaign.Read
	case n.Status.Is("rejected"), n.Status.Is("undeliverable"):
		receipt.Status, receipt.Err = campaign.Failed, n.failure()
	default:
		return whatsapp.Receipt{}, false
	}
	return receipt, receipt.ID != "" || receipt.Reference != ""
}

// failure judges the error by its code. One that is undeliverable for no known
// reason has not reached WhatsApp, which passes.
func (n *notification) failure() *whatsapp.Error {
	f := n.Error.fault(codes.InReceipt)
	f.Transient = n.Status.Is("undeliverable")
	if f.Code == 0 && f.Message == "" && !f.Transient {
		return Book().Others.Unexplained.Of(f)
	}
	return Book().Judge(f)
}

// inbound is what the person says in our words. ok is false for what names neither
// a message nor a person.
func (n *notification) inbound() (inbound whatsapp.Inbound, ok bool) {
	kind, said := n.Type, &n.content
	if kind == "" {
		kind, said = n.Message.Content.Type, &n.Message.Content.content
	}
	inbound = whatsapp.Inbound{
		Number: n.To.Number.Digits(), ID: string(n.ID), From: whatsapp.Who{Phone: n.From.Number.Digits()},
		At: moment(n.Timestamp), Type: strings.ToLower(string(kind)), ReplyTo: string(n.Context.ID),
	}
	switch {
	case kind == "":
		return whatsapp.Inbound{}, false
	case kind.Is("text"):
		inbound.Text = string(said.Text)
	case kind.Is("button"):
		inbound.Text, inbound.Payload = string(said.Button.Text), string(said.Button.Payload)
	case kind.Is("reply"):
		inbound.Text, inbound.Payload = string(said.Reply.Title), string(said.Reply.ID)
	case kind.Is("reaction"):
		inbound.Text = string(said.Reaction.Emoji)
	default:
		inbound.Text = string(cmp.Or(said.Image.Caption, said.Video.Caption, said.File.Caption))
	}
	return inbound, inbound.ID != "" || inbound.From.Known()
}

// moment is a time as either API writes it; some have a space for the T.
func moment(text wire.Text) time.Time {
	if at, err := time.Parse("2006-01-02 15:04:05 -0700", string(text)); err == nil {
		return at.UTC()
	}
	return text.Time()
}
