package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// nobodysMessage is an identifier that no message has.
const nobodysMessage = "carillon-doctor"

// Examine asks what became of a message that there is not: the answer tells whether
// the token is accepted.
func (c *Client) Examine(ctx context.Context, _ string) (e whatsapp.Examination) {
	if c.signing.Secret == "" {
		e.Doubt("webhook", "app_secret is not set, so no webhook is taken: nobody's answer or STOP is heard", "write app_secret, and set up the webhook")
	}
	r := c.request(http.MethodGet, "message-status")
	r.URL.RawQuery = url.Values{"message_id": {nobodysMessage}}.Encode()
	began := time.Now()
	answer, refusal := c.call.Do(ctx, r, nil)
	if refusal != nil {
		e.Refused("token", refusal)
		return e
	}
	e.Clock.Read(answer.Header, began, time.Now())
	told, broken := read(answer)
	switch {
	case told.refuses() && told.unknownID(answer.Status):
		e.Add("token", "is accepted: a message that does not exist is not known")
	case !told.refuses() && answer.OK() && told.Status != "":
		e.Add("token", "is accepted")
	default:
		e.Refused("token", again(c.refusal(told, answer, broken)))
	}
	return e
}

// Probes are those of webhooks that are signed; none where none are taken.
func (h hook) Probes() []whatsapp.Probe {
	if h.signing.Secret == "" {
		return nil
	}
	return cloud.Hook{Signing: h.signing}.Probes()
}
