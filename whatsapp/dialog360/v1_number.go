package dialog360

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

var _ whatsapp.Numbers = (*v1Client)(nil)

// State asks whether the on-premises client is connected (WhatsApp, on-premises
// API, health). It tells nothing of limits. The error is a *whatsapp.Error.
func (c *v1Client) State(ctx context.Context) (whatsapp.NumberState, error) {
	r := c.messages.Clone(ctx)
	r.Method, r.URL = http.MethodGet, c.messages.URL.ResolveReference(&url.URL{Path: "health"})
	r.Header.Del("Content-Type")
	answer, refusal := c.call.Do(ctx, r, nil)
	if refusal == nil {
		var told struct {
			Health struct {
				Gateway wire.Text `json:"gateway_status"`
			} `json:"health"`
		}
		if answer.OK() && answer.Broken == nil && wire.Decode(answer.Body, &told) == nil && told.Health.Gateway != "" {
			return whatsapp.NumberState{Status: strings.ToLower(whatsapp.Excerpt(string(told.Health.Gateway)))}, nil
		}
		if _, refusal = c.reader.Answer(answer, c.now()); refusal == nil {
			refusal = codes.Unreachable().Of(codes.Fault{Status: answer.Status, Message: answer.Words()})
		}
	}
	if refusal.Class == whatsapp.Ambiguous {
		refusal.Class = whatsapp.RetrySoon
	}
	return whatsapp.NumberState{}, refusal
}
