package dialog360

import (
	"context"
	"net/http"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// Examine asks which webhook is registered for the number, which tells whether the
// key is accepted as well.
func (c *v1Client) Examine(ctx context.Context, webhooks string) (e whatsapp.Examination) {
	r := c.messages.Clone(ctx)
	r.Method, r.URL = http.MethodGet, r.URL.JoinPath("../configs/webhook")
	began := time.Now()
	answer, refusal := c.call.Do(ctx, r, nil)
	var told registered
	if refusal == nil {
		e.Clock.Read(answer.Header, began, time.Now())
		if !answer.OK() || answer.Broken != nil || wire.Decode(answer.Body, &told) != nil {
			_, refusal = c.reader.Answer(answer, c.now())
		}
	}
	c.judge(&e, told, refusal, webhooks)
	return e
}
