package dialog360

import (
	"slices"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// Hints that several rows share. A message that is refused for good is left out
// by a retry, so a hint on it promises none.
const (
	relaunch  = "launch the campaign again with a list of these rows (the report has them)."
	fixStep   = "Compare the step's parameters with the approved template, correct the campaign's file, then " + relaunch
	fixRow    = "Correct the value in the recipient's row, then " + relaunch
	fixMedia  = "Check the file's type and size and that the link can be reached and is not encoded twice, or upload it and use its id, then " + relaunch
	willRetry = "It is tried again for at least 15 minutes, and later by `carillon retry`. If it lasts, check 360dialog's status page."
	slowDown  = "No action needed: it is sent later. If it is frequent, lower the channel's rate."
	notOurs   = "This answer does not belong to a request that sends a message: check base_url."
	askHub    = "Open the number in the 360dialog hub, resolve what it reports, then resume."
)

// notValid is the code of a number without a WhatsApp account.
const notValid = 1013

// The words of the tables that are our own.
const (
	template = whatsapp.TemplateScope
	number   = whatsapp.NumberScope
	account  = whatsapp.AccountScope
	keep     = whatsapp.NoSuppression
)

// What several tables, or a table and the client, say.
var (
	noAccount   = codes.Drop(whatsapp.SuppressSoft, "undeliverable", "The number has no WhatsApp account: check it, or contact the person in another way.")
	keyRejected = codes.Pause(account, "api_key_rejected", "Put a valid API key of the number into the configuration, then resume.")
	unpaid      = codes.Pause(account, "payment_problem", "Pay the open invoices in the 360dialog hub, then resume.")
	noFunds     = codes.Pause(account, "payment_problem", "Set up the account's payment method with 360dialog's support, resume, then retry the failed messages.")
	blocked     = codes.Pause(number, "path_blocked", "This key may not send messages here: check base_url and the key, then resume.")
	throttled   = codes.Slow(whatsapp.NumberBudget, time.Second, "rate_limited", slowDown)
	overloaded  = codes.Slow(whatsapp.NumberBudget, 10*time.Second, "overloaded", slowDown)
	wentWrong   = codes.Soon("something_went_wrong", willRetry).After(5 * time.Second).Times(1)
	redirected  = codes.Pause(number, "redirected", "The API is at another address: correct base_url, then resume.")
	unexplained = codes.Drop(keep, "unexplained", "The provider gave no reason: check the number in the 360dialog hub, and later "+relaunch)
)

// unchecked means: the contacts check failed, so no message was sent.
func unchecked() codes.Meaning {
	return codes.Soon("contacts_check_failed", "Nothing was sent. It is tried again for at least 15 minutes, and later by `carillon retry`. "+
		"If the service has no contacts check, set contacts_check: false.").After(5 * time.Second)
}

// V1Book is what refusals of the v1 API mean: those of WhatsApp's on-premises
// client, and those of 360dialog before it.
func V1Book() *codes.Book {
	return &codes.Book{
		Codes: v1Table, Statuses: v1Statuses,
		Relayed: slices.Concat(relayedTable, codes.Table{codes.One(503).Means(overloaded)}),
		Others: codes.Others{
			NoMessageID:  codes.Ambiguous("no_message_id", "The provider accepted the message without an id: a receipt will tell. If it is frequent, check base_url."),
			NoVerdict:    codes.Ambiguous("server_error", "It may have been sent: a receipt will tell. If it lasts, check 360dialog's status page."),
			Transient:    codes.Soon("transient", willRetry),
			Throttled:    throttled,
			UnknownFault: codes.Soon("unknown_server_error", "It is tried again for at least 15 minutes, and later by `carillon retry`. Look the code up in 360dialog's error list.").After(5 * time.Second).Times(2),
			UnknownCode:  codes.Bad("unknown_code", "Look up the code in 360dialog's error list, correct what it names, then "+relaunch),
			Unexplained:  unexplained,
		},
	}
}

// v1Statuses judges answers without an error of the API's own, by HTTP's status.
// What is not here, a 5xx above all, may have been taken.
var v1Statuses = codes.Table{
	codes.Range(301, 302).Means(redirected),
	codes.Range(307, 308).Means(redirected),
	codes.One(401).Means(keyRejected),
	codes.One(402).Means(unpaid),
	codes.One(403).Means(blocked),
	codes.One(408).Means(codes.Soon("request_timeout", willRetry)),
	codes.One(429).Means(throttled),
	codes.Range(400, 499).Means(codes.Bad("refused_by_proxy", "The answer did not come from the API: check that base_url has the API's version and no more, such as "+DefaultV1BaseURL+".")),
}

// v1Table judges the errors of the on-premises client, by code (360dialog, error
// scenarios; Meta, on-premises error list). The numbers are not those of the Cloud
// API, even where they look alike. The waits are ours.
var v1Table = codes.Table{
	// The numbers that look like those of HTTP.
	codes.One(400).In(codes.InReceipt).Means(codes.Bad("media_download", fixMedia).OfMedia()),
	codes.One(400).Means(codes.Bad("invalid_request", fixStep)),
	codes.One(401).Means(keyRejected),
	codes.One(402).Means(noFunds),
	codes.One(403).Means(blocked),
	codes.One(408).Means(codes.Soon("request_timeout", willRetry).After(5 * time.Second)),
	codes.One(410).Means(codes.Drop(keep, "expired", "The message could not be delivered in time: contact the person in another way.")),
	codes.One(429).Means(throttled),
	codes.One(430).Means(codes.Pause(number, "certificate_problem", askHub)),
	codes.Range(432, 433).Means(codes.Pause(number, "certificate_problem", askHub)),
	codes.One(470).Means(codes.Bad("outside_window", "The 24-hour window after the person's last message is over, or the number has no WhatsApp account: send an approved template, as a step's fallback if there is one.").ShutsWindow()),
	codes.One(471).Means(codes.Pause(number, "spam_rate_limit", "Too many people block or report this number. Wait a day, improve the list and the text, then resume with a small list.").After(time.Hour)),
	codes.One(472).Means(codes.Drop(keep, "experiment", "Meta withholds marketing messages from this person for an experiment: contact them in another way.")),
	codes.One(480).Means(codes.Drop(keep, "identity_changed", "The person's identity may have changed: write to them in a later campaign.")),
	codes.One(500).Saying("structure unavailable").Means(codes.Bad("template_not_understood", "The person's WhatsApp could not show the template. "+fixStep)),
	codes.One(500).Saying("could not display").Means(codes.Bad("template_not_understood", "The person's WhatsApp could not show the template. "+fixStep)),
	codes.One(500).Means(wentWrong),
	codes.One(501).Means(codes.Bad("unsupported_type", fixStep)),
	codes.One(503).Means(overloaded),

	// The request and the client.
	codes.One(1000).Saying("file path").Means(codes.Pause(number, "storage_full", "The file storage may be full: ask 360dialog's support, then resume.")),
	codes.One(1000).Saying("not supported").Means(codes.Bad("media_type", fixMedia)),
	codes.One(1000).Means(wentWrong),
	codes.One(1001).Means(codes.Bad("too_long", fixRow)),
	codes.One(1002).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(1004).Means(codes.Bad("not_a_send", notOurs)),
	codes.One(1005).Means(codes.Pause(account, "permission_denied", askAccount)),
	codes.One(1006).Means(codes.Bad("not_found", "The file or the template does not exist there: upload the media again or correct the step, then "+relaunch).OfMedia()),
	codes.One(1007).Means(codes.Drop(whatsapp.SuppressAll, "blocked_by_user", "The person blocked this number: do not write to them again.")),
	codes.One(1008).Means(codes.Bad("missing_parameter", fixStep)),
	codes.One(1009).Means(codes.Bad("invalid_parameter", "Check the channel's namespace and, in a location, that the latitude is between -90 and 90. "+fixStep)),
	codes.One(1010).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(1011).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.One(notValid).Means(noAccount),
	codes.One(1014).Saying("request for").Means(codes.Bad("media_download", fixMedia).OfMedia()),
	codes.One(1014).Means(codes.Soon("internal_error", willRetry).After(5 * time.Second)),
	codes.One(1015).Means(throttled),
	codes.One(1016).Means(overloaded),
	codes.Range(1017, 1018).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.One(1021).Means(codes.Drop(keep, "own_number", "This is the sending number itself: remove it from the list.")),
	codes.One(1022).Means(codes.Pause(number, "webhook_missing", "Register the channel's webhook with 360dialog, then resume.")),
	codes.One(1023).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.One(1024).Means(codes.Pause(account, "permission_denied", askAccount)),
	codes.One(1025).Means(codes.Bad("invalid_request", fixStep)),
	codes.One(1026).Means(codes.Drop(keep, "receiver_incapable", "The person's WhatsApp cannot show this message: contact them in another way, or use a simpler template.")),
	codes.One(1028).Means(codes.Drop(keep, "identity_changed", "The person's identity may have changed: write to them in a later campaign.")),
	codes.One(1031).Means(codes.Pause(number, "account_locked", askHub)),

	// Templates and flows.
	codes.One(2000).Means(codes.Bad("parameter_count", fixStep)),
	codes.One(2001).Means(codes.Pause(template, "template_missing", "Check the template's name, language and namespace, and that it is approved. Then resume.")),
	codes.Range(2002, 2003).Means(codes.Soon("template_unavailable", willRetry).After(5 * time.Second).Times(2)),
	codes.Range(2004, 2005).Means(codes.Bad("too_long", "A template's text may have 1024 characters with its values. "+fixRow)),
	codes.Range(2006, 2007).Means(codes.Bad("parameter_characters", "A value has a line break, a tab or more than four spaces in a row. "+fixRow)),
	codes.Range(2008, 2016).Means(codes.Bad("parameter_format", fixStep)),
	codes.One(2017).Means(codes.Bad("parameter_characters", "A value has a line break, a tab or more than four spaces in a row. "+fixRow)),
	codes.Range(2023, 2030).Means(codes.Bad("parameter_format", fixStep)),
	codes.One(2036).Means(codes.Bad("parameter_format", fixStep)),
	codes.One(2050).Means(codes.Bad("parameter_format", fixStep)),
	codes.One(2060).Means(codes.Pause(template, "template_rejected", "Correct the template and have it approved again, then resume.")),
	codes.One(2061).Means(codes.Pause(template, "template_paused", "Meta paused the template for its quality. Resume when WhatsApp Manager shows it as active, or unpause it there.")),
	codes.One(2062).Means(codes.Pause(template, "template_disabled", "Meta disabled the template permanently: create another template and a new campaign.")),
	codes.One(2068).Means(codes.Pause(template, "flow_blocked", "Fix the template's flow in WhatsApp Manager, then resume.")),
	codes.One(2069).Means(codes.Slow(whatsapp.TemplateBudget, time.Hour, "flow_throttled", "The template's flow may be sent 10 times an hour until it is fixed in WhatsApp Manager.")),
}
