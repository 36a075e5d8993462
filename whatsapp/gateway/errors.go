package gateway

import (
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// Hints that several rows share.
const (
	askToken   = "Put a valid access token from the provider's developer panel into the configuration, restart, then resume."
	relaunch   = "launch the campaign again with a list of these rows (the report has them)."
	willRetry  = "It is tried again for at least 15 minutes, and later by `carillon retry`. If it lasts, ask the provider."
	slowedDown = "No action needed: it is sent later. If it is frequent, lower the channel's rate."
)

// Book is what refusals mean. The six-digit codes have other meanings at Meta.
func Book() *codes.Book {
	return &codes.Book{
		Codes: codeTable, Statuses: statusTable, ByStatus: true,
		Others: codes.Others{
			NoMessageID:  codes.Ambiguous("no_message_id", "The provider accepted the message without an id, and cannot be asked what became of it. If it is frequent, check base_url."),
			NoVerdict:    codes.Ambiguous("server_error", "It may have been sent, and the provider cannot be asked: it gave no id. If it lasts, ask the provider."),
			Throttled:    throttled,
			UnknownFault: busy,
			UnknownCode:  codes.Bad("unknown_code", "Ask the provider what the code means, correct what it names, then "+relaunch),
			Unexplained:  codes.Drop(whatsapp.NoSuppression, "unexplained", "The provider gave no reason: check the number, and later "+relaunch),
		},
	}
}

// What both tables, or a table and the others, say.
var (
	throttled    = codes.Slow(whatsapp.NumberBudget, time.Second, "rate_limited", slowedDown)
	busy         = codes.Soon("service_unavailable", willRetry).After(5 * time.Second)
	timedOut     = codes.Soon("request_timeout", willRetry).After(5 * time.Second)
	unauthorized = codes.Pause(whatsapp.AccountScope, "unauthorized", askToken)
)

// statusTable judges answers without a code that is known, by HTTP's status. What
// is not here, a 5xx above all, may have been taken.
var statusTable = codes.Table{
	codes.Range(301, 302).Means(redirected),
	codes.Range(307, 308).Means(redirected),
	codes.One(401).Means(unauthorized),
	codes.One(403).Means(unauthorized),
	codes.One(408).Means(timedOut),
	codes.One(429).Means(throttled),
	codes.Range(400, 499).Means(codes.Bad("refused", "The provider did not take the request: check base_url, correct what the answer names, then "+relaunch)),
}

var redirected = codes.Pause(whatsapp.NumberScope, "redirected", "The API is at another address: correct base_url, then resume.")

// codeTable judges the API's own errors (v2, common errors). The error response
// shows 400 as a code, so HTTP's numbers mean there what they mean to HTTP; of the
// faults 503 alone says that nothing was taken. The waits are ours.
var codeTable = codes.Table{
	codes.One(131030).Means(codes.Pause(whatsapp.AccountScope, "token_rejected", askToken)),
	codes.One(132000).Means(codes.Bad("invalid_number", "Correct the number in the recipient's row, with its country code, then "+relaunch)),
	codes.One(133000).Means(throttled),
	codes.One(134000).Means(codes.Pause(whatsapp.TemplateScope, "template_unusable", "The template is not approved or does not exist: check its name and language in the provider's panel, wait until it is approved, then resume.")),

	codes.One(401).Means(unauthorized),
	codes.One(403).Means(unauthorized),
	codes.One(408).Means(timedOut),
	codes.One(429).Means(throttled),
	codes.Range(400, 499).Means(codes.Bad("invalid_request", "Compare the recipient's row and the step's parameters with what the answer names, correct them, then "+relaunch)),
	codes.One(503).Means(busy),
	codes.Range(500, 599).In(codes.InReceipt).Means(busy),
	codes.Range(500, 599).Means(codes.Ambiguous("server_error", "It may have been sent, and the provider cannot be asked: it gave no id. If it lasts, ask the provider.")),
}
