package gateway

import (
	"fmt"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// hook takes webhooks that are signed as Meta signs them. Without a secret it
// takes none, and the address is not verified either: nothing would come of it.
type hook struct {
	signing cloud.Signing
	reader  *cloud.Reader
	book    *codes.Book
}

// Receive answers a verification request with its challenge. Of anything else it
// verifies the signature over the raw body and reads it.
func (h hook) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	if h.signing.Secret == "" {
		return whatsapp.Events{}, nil, fmt.Errorf("%w: no app_secret is configured, so that messages are asked for and webhooks refused", whatsapp.ErrRefused)
	}
	return cloud.Hook{Signing: h.signing, Read: h.read}.Receive(r)
}

// read reads a body in the Cloud API's form, with its envelope or without, or in
// that of the answer about one message: a message_status may come so (v2, available
// events; only the first form is shown).
func (h hook) read(body []byte) (whatsapp.Events, error) {
	events, err := h.reader.Events(body)
	if err != nil {
		return events, err
	}
	var told answerBody
	if err := wire.Decode(body, &told); err != nil {
		return whatsapp.Events{}, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	if receipt, ok := told.receipt(h.book); ok && receipt.ID != "" {
		events.Receipts = append(events.Receipts, receipt)
	}
	return events, nil
}
