package vonage

import (
	"slices"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

const (
	number  = whatsapp.NumberScope
	account = whatsapp.AccountScope

	keep      = whatsapp.NoSuppression
	forGood   = whatsapp.SuppressAll
	maybeGone = whatsapp.SuppressSoft
)

// Hints that several rows share. A message that is refused for good is left out
// by a retry, so a hint on it promises none.
const (
	askKey     = "Check application_id and private_key and that the number is linked to the application, and that this machine's clock is right. Then resume."
	askAccount = "Open the account in Vonage's dashboard, resolve what it reports, then resume."
	askMoney   = "Top up the account in Vonage's dashboard, then resume."
	askSender  = "Check sender, and in Vonage's dashboard that the number is linked to the application, then resume."
	relaunch   = "launch the campaign again with a list of these rows (the report has them)."
	fixStep    = "Compare the step's parameters with the approved template, correct the campaign's file, then " + relaunch
	fixRow     = "Correct the recipient's row, then " + relaunch
	fixMedia   = "Check the file's type and size and that the link can be reached, then " + relaunch
	willRetry  = "It is tried again for at least 15 minutes, and later by `carillon retry`. If it lasts, check Vonage's status page."
	slowedDown = "No action needed: it is sent later. If it is frequent, lower the channel's rate."
	notNow     = "The person cannot be reached now. It is tried again a few times, and later by `carillon retry`."
	noWay      = "The number cannot be reached: check it, or contact the person in another way."
)

// Book is what the refusals of both APIs mean.
func Book() *codes.Book {
	return &codes.Book{
		Codes: codeTable, Statuses: statusTable,
		Others: codes.Others{
			NoMessageID: codes.Ambiguous("no_message_id", "The provider accepted the message without an id: a receipt will tell. If it is frequent, check base_url."),
			NoVerdict:   codes.Ambiguous("server_error", "It may have been sent: a receipt will tell. If it lasts, check Vonage's status page."),
			// The status undeliverable, without a code that says more.
			Transient:    codes.Soon("undeliverable", "Vonage could not reach WhatsApp. It is tried again, and later by `carillon retry`. If it lasts, check Vonage's status page.").After(5 * time.Second).Times(3),
			Throttled:    throttled,
			UnknownFault: codes.Soon("unknown_server_error", "It is tried again, and later by `carillon retry`. Look the code up in Vonage's list of errors.").After(5 * time.Second).Times(2),
			UnknownCode:  codes.Bad("unknown_code", "Look the code up in Vonage's list of errors, correct what it names, then "+relaunch),
			Unexplained:  codes.Drop(keep, "unexplained", "The provider gave no reason: look for the message in Vonage's dashboard, and later "+relaunch),
		},
	}
}

// unsupported is the refusal of what the API has no form for. No request is made.
func unsupported(why string) *whatsapp.Error { return noForm().Of(codes.Fault{Message: why}) }

func noForm() codes.Meaning {
	return codes.Bad("unsupported_template", "Nothing was sent: choose another template, or send the campaign by a channel of the provider vonage.")
}

// reasons are all that a refusal's reason can be.
func reasons() []string {
	all := append(Book().Reasons(), noForm().Reason)
	slices.Sort(all)
	return all
}

// hint tells what to do about a refusal on record.
func hint(reason string, code int) string {
	if no := noForm(); reason == no.Reason {
		return no.Hint
	}
	return Book().Hint(reason, code)
}

var throttled = codes.Slow(whatsapp.AccountBudget, time.Second, "rate_limited", slowedDown)

// statusTable judges answers without a code of the API's, by HTTP's status. A 408
// says that the request was not taken (RFC 9110, 15.5.9). What is not here, a 5xx
// above all, may have been taken.
var statusTable = codes.Table{
	codes.Range(301, 302).Means(codes.Pause(number, "redirected", "The API is at another address: correct base_url, then resume.")),
	codes.Range(307, 308).Means(codes.Pause(number, "redirected", "The API is at another address: correct base_url, then resume.")),
	codes.One(401).Means(codes.Pause(account, "unauthorized", askKey)),
	codes.One(402).Means(codes.Pause(account, "payment_problem", askMoney)),
	codes.One(403).Means(codes.Pause(account, "not_allowed", askAccount)),
	codes.One(408).Means(codes.Soon("request_timeout", willRetry)),
	codes.One(429).Means(throttled),
	codes.Range(400, 499).Means(codes.Bad("refused", "Correct what the provider's words name. If they are not Vonage's own, check base_url. Then "+relaunch)),
}

// codeTable judges the API's own errors (Vonage, api-errors/messages; the list of
// v0.1 in its specification). The waits are ours.
var codeTable = codes.Table{
	codes.One(1000).Means(throttled),
	codes.One(1010).Means(codes.Bad("missing_parameter", fixStep)),
	codes.Range(1020, 1021).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(1022).Means(codes.Pause(whatsapp.TemplateScope, "template_invalid", "Check the template's name and language and the channel's namespace, and that the template is approved. Then resume.")),
	codes.One(1030).Means(codes.Soon("internal_error", willRetry).After(time.Minute)),
	codes.One(1040).Means(codes.Bad("invalid_message", fixRow)),
	codes.One(1050).Means(codes.Drop(forGood, "number_barred", "Vonage bars this number: do not write to it again.")),
	codes.One(1060).Means(codes.Pause(account, "account_barred", askAccount)),
	codes.One(1070).Means(codes.Pause(account, "payment_problem", askMoney)),
	codes.One(1080).Means(codes.Pause(account, "account_barred", askAccount)),
	codes.One(1090).Means(codes.Bad("too_long", fixRow)),
	codes.One(1100).Means(codes.Soon("not_submitted", willRetry).After(5 * time.Second)),
	codes.One(1120).Means(codes.Pause(number, "illegal_sender", askSender)),
	codes.One(1130).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(1140).Means(codes.Pause(account, "account_barred", askAccount)),
	codes.One(1150).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(1160).Means(codes.Pause(account, "not_on_test_list", "This is a trial account: add the recipients to its test numbers, or top it up, then resume.")),
	codes.One(1170).Means(codes.Bad("invalid_recipient", fixRow)),
	codes.One(1180).Means(codes.Slow(whatsapp.UserBudget, 15*time.Minute, "absent_now", notNow)),
	codes.One(1190).Means(codes.Drop(maybeGone, "absent", noWay)),
	codes.One(1200).Means(codes.Drop(keep, "unreachable_number", noWay)),
	codes.One(1210).Means(codes.Drop(keep, "spam_rejected", "The message was taken for spam: check the template's text before you write to others.").TryElsewhere()),
	codes.One(1220).Means(codes.Slow(whatsapp.UserBudget, 15*time.Minute, "absent_now", notNow)),
	codes.One(1230).Means(codes.Slow(whatsapp.UserBudget, 15*time.Minute, "absent_now", notNow)),
	codes.One(1240).Means(codes.Drop(forGood, "opted_out", "The person opted out at Vonage: do not write to them again.")),
	codes.One(1241).Means(codes.Slow(whatsapp.PairBudget, time.Second, "pair_rate_limit", "No action needed: this person has just got many messages, so the next one is sent later.")),
	codes.Range(1250, 1260).Means(codes.Drop(keep, "unreachable_number", noWay)),
	codes.One(1280).Means(codes.Drop(keep, "unreachable_number", noWay)),
	codes.One(1300).Means(codes.Drop(maybeGone, "not_on_whatsapp", "The number is probably not on WhatsApp: check it, or contact the person in another way.")),
	codes.One(1310).Means(codes.Drop(keep, "receiver_incapable", "The person's WhatsApp cannot show this message: contact them in another way, or use a simpler template.")),
	codes.One(1320).Means(codes.Ambiguous("already_sent", "Vonage says that it was sent before: a receipt will tell.")),
	codes.One(1330).Means(codes.Soon("provider_error", "It is tried again once, and later by `carillon retry`. If many fail like this, compare the campaign with the template.").After(5 * time.Second).Times(1)),
	codes.One(1331).Means(codes.Soon("provider_silent", willRetry).After(time.Minute)),
	codes.One(1340).Means(codes.Bad("outside_window", "The 24-hour window after the person's last message is over: send a template.").ShutsWindow()),
	codes.One(1360).Means(codes.Drop(keep, "time_to_live_over", "It could not be delivered in time: send it again in a later campaign.")),
	codes.One(1370).Means(codes.Pause(account, "token_rejected", askAccount)),
	codes.Range(1380, 1382).Means(codes.Bad("media_refused", fixMedia)),
	codes.One(1420).Means(codes.Pause(number, "illegal_sender", askSender)),
	codes.One(1430).Means(codes.Bad("invalid_recipient", fixRow)),
	codes.One(1482).Means(codes.Drop(keep, "filtered", "Vonage filtered the message: ask its support before you write to others.").TryElsewhere()),
}
