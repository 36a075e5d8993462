package dialog360

import (
	"crypto/subtle"
	"fmt"
	"net/http"

	"carillon/whatsapp"
)

// hook takes webhooks that a header proves.
type hook struct {
	header string
	secret whatsapp.Secret
	read   func(body []byte) (whatsapp.Events, error)
}

var _ whatsapp.Hook = hook{}

// Receive compares the header and reads the body. There is no verification
// request: the webhook is registered by a call of the API.
func (h hook) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	switch given := r.Header.Get(h.header); {
	case r.Method != http.MethodPost:
		return whatsapp.Events{}, nil, fmt.Errorf("%w: a webhook is a POST", whatsapp.ErrRefused)
	case h.secret == "":
		return whatsapp.Events{}, nil, fmt.Errorf("%w: no webhook_secret is configured", whatsapp.ErrRefused)
	case given == "":
		return whatsapp.Events{}, nil, fmt.Errorf("%w: no %s header", whatsapp.ErrRefused, h.header)
	case subtle.ConstantTimeCompare([]byte(given), []byte(h.secret)) != 1:
		return whatsapp.Events{}, nil, fmt.Errorf("%w: the %s header does not match webhook_secret", whatsapp.ErrRefused, h.header)
	}
	events, err := h.read(r.Body)
	return events, nil, err
}
