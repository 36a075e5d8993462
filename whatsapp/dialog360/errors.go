package dialog360

import (
	"cmp"
	"regexp"
	"strconv"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

const askAccount = "Open the account in the 360dialog hub, resolve what it reports, then resume."

// Book is what refusals mean: at the Cloud API, and at 360dialog before it.
func Book() *codes.Book {
	book := cloud.Book()
	book.Relayed = relayedTable
	return book
}

// relayedTable judges 360dialog's own refusals by HTTP's status and the words of
// developer_message (360dialog, API error message list; the waits are ours but for
// the one that is told). It is read, never written.
var relayedTable = codes.Table{
	codes.One(400).Saying("has been disabled").Means(codes.Pause(whatsapp.AccountScope, "account_disabled", askAccount)),
	codes.One(400).Saying("lack of payment").Means(codes.Pause(whatsapp.AccountScope, "payment_problem", "Pay the open invoices in the 360dialog hub, then resume.")),
	codes.One(400).Saying("limit of 1 request every").Means(codes.Slow(whatsapp.NumberBudget, 10*time.Second, "relay_rate_limit", "No action needed: it is sent later. If it is frequent, lower the channel's rate.")),
	codes.One(401).Means(codes.Pause(whatsapp.AccountScope, "api_key_rejected", "Put a valid API key of the number into the configuration, then resume.")),
	codes.One(402).Means(codes.Pause(whatsapp.AccountScope, "payment_problem", "Pay the open invoices in the 360dialog hub, then resume.")),
	codes.One(403).Means(codes.Pause(whatsapp.NumberScope, "path_blocked", "This key may not send messages here: check base_url and the key, then resume.")),
	codes.One(429).Means(codes.Slow(whatsapp.NumberBudget, time.Second, "rate_limited", "No action needed: it is sent later. If it is frequent, lower the channel's rate.")),
	codes.One(500).Means(codes.Soon("relay_restarting", "It is tried again for at least 15 minutes, and later by `carillon retry`. 360dialog restarts once a day, for up to ten minutes.").After(30 * time.Second)),
	codes.One(502).Means(codes.Soon("service_unavailable", "It is tried again for at least 15 minutes, and later by `carillon retry`. If it lasts, check 360dialog's status page.").After(5 * time.Second)),
}

// wrapper is a refusal of 360dialog's own. The keys are written in two ways.
type wrapper struct {
	Meta struct {
		Message wire.Text `json:"developer_message"`
		Older   wire.Text `json:"developerMessage"`
	} `json:"meta"`
}

// every finds the seconds in "limit of 1 request every 5 seconds".
var every = regexp.MustCompile(`(?i)every (\d+) seconds?`)

// relayed reads a refusal of 360dialog's own.
func relayed(answer *call.Answer) (told cloud.Relayed, ok bool) {
	var body wrapper
	if wire.Decode(answer.Body, &body) != nil {
		return cloud.Relayed{}, false
	}
	message := string(cmp.Or(body.Meta.Message, body.Meta.Older))
	if message == "" {
		return cloud.Relayed{}, false
	}
	told.Message = message
	if found := every.FindStringSubmatch(message); found != nil {
		if seconds, err := strconv.ParseInt(found[1], 10, 64); err == nil {
			told.Wait = call.Limited(seconds, time.Second)
		}
	}
	return told, true
}
