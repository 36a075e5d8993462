package cloud

import (
	"fmt"
	"net/http"
	"strings"

	"carillon/campaign"
	"carillon/whatsapp"
)

// notification is a webhook's body (Meta, webhooks reference, messages). Every
// list may hold several.
type notification struct {
	Entry []struct {
		Changes []change `json:"changes"`
	} `json:"entry"`
}

type change struct {
	Field text `json:"field"`
	Value struct {
		Metadata struct {
			PhoneNumberID text `json:"phone_number_id"`
		} `json:"metadata"`
		Statuses []status  `json:"statuses"`
		Messages []message `json:"messages"`
	} `json:"value"`
}

type status struct {
	ID          text         `json:"id"`
	Status      text         `json:"status"`
	Timestamp   text         `json:"timestamp"`
	RecipientID text         `json:"recipient_id"`
	Reference   text         `json:"biz_opaque_callback_data"`
	Errors      []graphError `json:"errors"`
}

type message struct {
	ID        text `json:"id"`
	From      text `json:"from"`
	Timestamp text `json:"timestamp"`
	Type      text `json:"type"`
	Context   struct {
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

// Receive verifies that the body is signed with one of the AppSecrets and
// reads the receipts and messages in it. Without AppSecrets it refuses every
// body. Statuses it does not know, "played" among them, and fields about other
// things are passed over. A time that is missing or cannot be read is zero.
func (c *Client) Receive(header http.Header, body []byte) (whatsapp.Events, error) {
	if err := c.verify(header, body); err != nil {
		return whatsapp.Events{}, err
	}
	return parse(body)
}

func parse(body []byte) (whatsapp.Events, error) {
	var told notification
	if err := decode(body, &told); err != nil {
		return whatsapp.Events{}, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	var events whatsapp.Events
	for _, entry := range told.Entry {
		for _, change := range entry.Changes {
			if change.Field == "" || change.Field.is("messages") {
				change.appendTo(&events)
			}
		}
	}
	return events, nil
}

func (c *change) appendTo(events *whatsapp.Events) {
	number := string(c.Value.Metadata.PhoneNumberID)
	for i := range c.Value.Statuses {
		if receipt, ok := c.Value.Statuses[i].receipt(); ok {
			receipt.Number = number
			events.Receipts = append(events.Receipts, receipt)
		}
	}
	for i := range c.Value.Messages {
		if inbound, ok := c.Value.Messages[i].inbound(); ok {
			inbound.Number = number
			events.Inbound = append(events.Inbound, inbound)
		}
	}
}

// receipt is the status in our words. ok is false for one that names no
// message or tells nothing about its way.
func (s *status) receipt() (receipt whatsapp.Receipt, ok bool) {
	receipt = whatsapp.Receipt{
		ID:        string(s.ID),
		Reference: string(s.Reference),
		At:        s.Timestamp.time(),
		WaID:      s.RecipientID.digits(),
	}
	switch {
	case s.Status.is("sent"):
		receipt.Status = campaign.Sent
	case s.Status.is("delivered"):
		receipt.Status = campaign.Delivered
	case s.Status.is("read"):
		receipt.Status = campaign.Read
	case s.Status.is("failed"):
		receipt.Status = campaign.Failed
		receipt.Err = s.failure()
	default:
		return whatsapp.Receipt{}, false
	}
	return receipt, receipt.ID != "" || receipt.Reference != ""
}

// failure is the first of the errors, which is the only one that comes (Meta,
// status webhook reference).
func (s *status) failure() *whatsapp.Error {
	if len(s.Errors) == 0 {
		return unexplained.of(fault{})
	}
	f := s.Errors[0].fault()
	f.mode = inReceipt
	return classify(f)
}

// inbound is the message in our words. ok is false for an empty one.
func (m *message) inbound() (inbound whatsapp.Inbound, ok bool) {
	inbound = whatsapp.Inbound{
		ID:      string(m.ID),
		From:    m.From.digits(),
		At:      m.Timestamp.time(),
		Type:    strings.ToLower(string(m.Type)),
		ReplyTo: string(m.Context.ID),
	}
	switch {
	case m.Type.is("text"):
		inbound.Text = string(m.Text.Body)
	case m.Type.is("button"):
		inbound.Text, inbound.Payload = string(m.Button.Text), string(m.Button.Payload)
	case m.Type.is("interactive"):
		inbound.Text, inbound.Payload = m.Interactive.reply()
	}
	return inbound, inbound.ID != "" || inbound.From != ""
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
