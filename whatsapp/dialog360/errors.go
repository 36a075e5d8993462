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
	codes.One(400).Saying("has been disabled").Means(codes.Pause(account, "account_disabled", askAccount)),
	codes.One(400).Saying("lack of payment").Means(unpaid),
	codes.One(400).Saying("limit of 1 request every").Means(codes.Slow(whatsapp.NumberBudget, 10*time.Second, "relay_rate_limit", slowDown)),
	codes.One(401).Means(keyRejected),
	codes.One(402).Means(unpaid),
	codes.One(403).Means(blocked),
	codes.One(429).Means(throttled),
	codes.One(500).Means(codes.Soon("relay_restarting", "It is tried again for at least 15 minutes, and later by `carillon retry`. 360dialog restarts once a day, for up to ten minutes.").After(30 * time.Second)),
	codes.One(502).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
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
