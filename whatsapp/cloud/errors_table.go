package cloud

import (
	"slices"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// The words of the tables that are our own.
const (
	template = whatsapp.TemplateScope
	number   = whatsapp.NumberScope
	account  = whatsapp.AccountScope

	keep      = whatsapp.NoSuppression
	optedOut  = whatsapp.SuppressAll
	noOffers  = whatsapp.SuppressMarketing
	maybeGone = whatsapp.SuppressSoft

	// maintenance is a code of its own and also comes as a subcode of others.
	maintenance = 2494100
)

// Hints that several rows share. A message that is refused for good is left out
// by a retry, so a hint on it promises none.
const (
	askToken   = "Put a valid access token of a system user into the configuration, restart, then resume."
	askAccess  = "Check that the access token is valid and that its system user has the permission whatsapp_business_messaging for this account, then resume."
	askRights  = "Give the app and its system user the permission whatsapp_business_messaging for this account, then resume."
	askAccount = "Open the account in WhatsApp Manager, resolve what it reports, then resume."
	askNumber  = "Open the number in WhatsApp Manager, resolve what it reports, then resume."
	relaunch   = "launch the campaign again with a list of these rows (the report has them)."
	fixStep    = "Compare the step's parameters with the approved template, correct the campaign's file, then " + relaunch
	fixRow     = "Correct the value in the recipient's row, then " + relaunch
	fixMedia   = "Check the file's type and size and that the link can be reached, or upload it again, then " + relaunch
	willRetry  = "It is tried again for at least 15 minutes, and later by `carillon retry`. If it lasts, check Meta's status page."
	inRepair   = "The number is in maintenance for some minutes. It is tried again for at least 15 minutes, and later by `carillon retry`."
	slowedDown = "No action needed: it is sent later. If it is frequent, lower the channel's rate."
	onlyOffers = "The endpoint takes only marketing templates: remove marketing_messages from the step, or correct base_url, then " + relaunch
	notOurs    = "This answer does not belong to a request that sends a message: check base_url and phone_number_id."
)

// Book is what the refusals of the Cloud API mean.
func Book() *codes.Book {
	return &codes.Book{
		Codes: codeTable, Statuses: statusTable,
		Others: codes.Others{
			NoMessageID:  codes.Ambiguous("no_message_id", "The provider accepted the message without an id: a receipt will tell. If it is frequent, check base_url."),
			NoVerdict:    codes.Ambiguous("server_error", "It may have been sent: a receipt will tell. If it lasts, check Meta's status page."),
			Transient:    codes.Soon("transient", willRetry),
			Throttled:    throttled,
			UnknownFault: codes.Soon("unknown_server_error", "It is tried again for at least 15 minutes, and later by `carillon retry`. Look the code up in Meta's error codes.").After(5 * time.Second).Times(2),
			UnknownCode:  codes.Bad("unknown_code", "Look up the code in Meta's error codes, correct what it names, then "+relaunch),
			Unexplained:  unexplained,
		},
	}
}

// marketingBook is what the refusals of the endpoint for marketing messages mean.
// There an invalid value may only mean that the template is not known yet, which
// takes about ten minutes (Meta, error codes page).
func marketingBook() *codes.Book {
	book := Book()
	book.Codes = slices.Concat(codes.Table{
		codes.One(131009).Means(codes.Soon("invalid_parameter", fixStep).After(10 * time.Minute).Times(2)),
	}, book.Codes)
	return book
}

// What both tables, or a table and the others, say.
var (
	throttled   = codes.Slow(whatsapp.NumberBudget, time.Second, "rate_limited", slowedDown)
	unexplained = codes.Drop(keep, "unexplained", "The provider gave no reason: check the number in WhatsApp Manager, and later "+relaunch)
)

// statusTable judges answers without an error of the API's own, by HTTP's
// status. A 408 says that the request was not taken, whatever the body holds
// (RFC 9110, 15.5.9). What is not here, a 5xx above all, may have been taken.
var statusTable = codes.Table{
	codes.Range(301, 302).Means(codes.Pause(number, "redirected", "The API is at another address: correct base_url, then resume.")),
	codes.Range(307, 308).Means(codes.Pause(number, "redirected", "The API is at another address: correct base_url, then resume.")),
	codes.One(401).Means(codes.Pause(account, "unauthorized", askAccess)),
	codes.One(403).Means(codes.Pause(account, "unauthorized", askAccess)),
	codes.One(408).Means(codes.Soon("request_timeout", willRetry)),
	codes.One(429).Means(throttled),
	codes.Range(400, 499).Means(codes.Bad("refused_by_proxy", "The answer did not come from the API: check base_url, api_version and phone_number_id.")),
}

// codeTable judges the API's own errors, by code (Meta, error codes page; the
// waits of 131056 and 131049 from its pages on rate limits and on per-user
// limits; the others are ours).
var codeTable = codes.Table{
	// The app, its token and the Graph API.
	codes.One(0).In(codes.InAnswer).Means(codes.Pause(account, "token_rejected", askToken)),
	codes.One(0).Means(unexplained),
	codes.One(1).Means(codes.Soon("api_unknown", "It is tried again for at least 15 minutes, and later by `carillon retry`. If many fail like this, compare the campaign with the template.").After(2 * time.Second).Times(3)),
	codes.One(2).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.One(3).Means(codes.Pause(account, "permission_denied", askRights)),
	codes.One(4).Means(codes.Slow(whatsapp.AppBudget, 5*time.Minute, "app_rate_limit", "No action needed: it is sent later. The app makes too many calls; stop the other programs that use it.")),
	codes.One(10).Means(codes.Pause(account, "permission_denied", askRights)),
	codes.One(33).Means(codes.Pause(number, "number_deleted", "The sending number no longer exists: configure another phone_number_id, then resume.")),
	codes.One(100).Sub(33).Means(codes.Bad("object_missing", "The media, or phone_number_id itself, does not exist for this token: upload the media again or correct the id, then "+relaunch).OfMedia()),
	codes.One(100).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(102).Means(codes.Pause(account, "token_rejected", askToken)),
	codes.One(104).Means(codes.Pause(account, "token_rejected", askToken)),
	codes.One(190).Means(codes.Pause(account, "token_rejected", askToken)),
	codes.Range(200, 299).Means(codes.Pause(account, "permission_denied", askRights)),
	codes.One(368).Means(codes.Pause(account, "policy_violation", askAccount)),
	codes.One(408).In(codes.InReceipt).Means(codes.Soon("request_timeout", willRetry).After(5 * time.Second)),
	codes.One(506).Means(codes.Ambiguous("duplicate_post", "The same request may have been taken before: a receipt will tell.")),
	codes.One(613).Means(codes.Slow(whatsapp.AppBudget, time.Minute, "app_rate_limit", slowedDown)),
	codes.One(80007).Means(codes.Slow(whatsapp.AccountBudget, 5*time.Minute, "account_rate_limit", slowedDown)),
	codes.One(80008).Means(codes.Slow(whatsapp.AccountBudget, 5*time.Minute, "account_rate_limit", slowedDown)),

	// The person, the limits and the message.
	codes.One(130403).Means(codes.Drop(optedOut, "blocked_by_user", "The person blocked this number: do not write to them again.")),
	codes.One(130429).Means(codes.Slow(whatsapp.NumberBudget, time.Second, "number_rate_limit", slowedDown)),
	codes.One(130472).Means(codes.Drop(keep, "experiment", "Meta withholds marketing messages from this person for an experiment: contact them in another way.")),
	codes.One(130497).Means(codes.Drop(keep, "country_barred", "The account may not write to this country: remove its numbers from the list.").TryElsewhere()),
	codes.One(131000).Means(codes.Soon("something_went_wrong", willRetry).After(5 * time.Second).Times(3)),
	codes.One(131001).Means(codes.Bad("too_long", fixRow)),
	codes.One(131002).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(131005).Means(codes.Pause(account, "permission_denied", askRights)),
	codes.One(131006).Means(codes.Bad("object_missing", fixMedia)),
	codes.One(131008).Means(codes.Bad("missing_parameter", fixStep)),
	codes.One(131009).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(131016).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.One(131021).Means(codes.Drop(optedOut, "own_number", "The recipient is the sending number: remove it from the list.")),
	codes.One(131026).Means(codes.Drop(maybeGone, "undeliverable", "The number is probably not on WhatsApp: check it, or contact the person in another way.")),
	codes.One(131030).Means(codes.Pause(number, "not_on_test_list", "This is a test number: add the recipients to its list in the app's dashboard, or send from a live number, then resume.")),
	codes.One(131031).Means(codes.Pause(account, "account_locked", askAccount)),
	codes.One(131037).Means(codes.Pause(number, "name_not_approved", "Have the number's display name approved in WhatsApp Manager, then resume.")),
	codes.One(131042).Means(codes.Pause(account, "payment_problem", "Fix the account's payment method in Meta's billing, resume, then retry the failed messages.")),
	codes.One(131043).Means(codes.Drop(keep, "time_to_live_over", "It could not be delivered in time: send it again in a later campaign.")),
	codes.One(131044).Means(codes.Pause(account, "payment_problem", "Fix the account's payment method in Meta's billing, then resume.")),
	codes.One(131045).Means(codes.Pause(number, "number_not_registered", "Register the number again in WhatsApp Manager, then resume.")),
	codes.One(131047).Means(codes.Bad("outside_window", "The 24-hour window after the person's last message is over: send a template.").ShutsWindow()),
	codes.One(131048).Means(codes.Pause(number, "spam_rate_limit", "Too many people block or report this number. Wait a day, improve the list and the text, then resume with a small list.").After(time.Hour)),
	codes.One(131049).Means(codes.Slow(whatsapp.UserBudget, 24*time.Hour, "user_marketing_limit", "This person already gets enough marketing messages. It is tried again four times, a day apart, and then by `carillon retry`.")),
	codes.One(131050).Means(codes.Drop(noOffers, "stopped_marketing", "The person stopped marketing messages from this business: send none until they opt in again.")),
	codes.One(131051).Means(codes.Bad("unsupported_type", fixStep)),
	codes.One(131052).Means(codes.Bad("media_download", fixMedia).OfMedia()),
	codes.One(131053).Means(codes.Bad("media_upload", fixMedia).OfMedia()),
	codes.One(131055).Means(codes.Bad("wrong_endpoint", onlyOffers)),
	codes.One(131056).Means(codes.Slow(whatsapp.PairBudget, time.Second, "pair_rate_limit", "No action needed: this person has just got many messages, so the next one is sent later.")),
	codes.One(131057).Means(codes.Soon("maintenance", inRepair).After(30 * time.Second)),
	codes.One(131058).Means(codes.Bad("media_upload", fixMedia)),
	codes.One(131059).Means(codes.Bad("not_a_send", notOurs)),
	codes.One(131060).Means(codes.Drop(keep, "inbound_unavailable", "It is about a message from the person: no action needed.")),
	codes.One(131062).Means(codes.Bad("phone_required", "This template can only be sent to phone numbers: put the person's number into the list.")),
	codes.One(131063).Means(codes.Pause(account, "marketing_disabled", "The account sends marketing by the endpoint for it alone: allow marketing templates on the Cloud API in its settings, then resume; or launch the campaign again with marketing_messages in its steps.")),
	codes.One(131064).Means(codes.Pause(account, "account_restricted", "Meta restricts the account because of the categories of its templates: wait until the restriction ends, then resume.")),
	codes.Range(131201, 131215).Means(codes.Bad("not_a_send", notOurs)),

	// Templates and flows.
	codes.One(132000).Means(codes.Bad("parameter_count", fixStep)),
	codes.One(132001).Means(codes.Pause(template, "template_missing", "Check the template's name and language, and that it is approved; a new approval takes a minute to apply. Then resume.")),
	codes.One(132005).Means(codes.Bad("too_long", fixRow)),
	codes.One(132007).Means(codes.Bad("template_policy", fixStep)),
	codes.One(132008).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(132012).Means(codes.Bad("parameter_format", fixStep)),
	codes.One(132015).Means(codes.Pause(template, "template_paused", "Meta paused the template for its quality. Resume when WhatsApp Manager shows it as active, or unpause it there.")),
	codes.One(132016).Means(codes.Pause(template, "template_disabled", "Meta disabled the template permanently: create another template and a new campaign.")),
	codes.One(132018).Means(codes.Bad("parameter_characters", "A value has a line break, a tab or more than four spaces in a row. "+fixRow)),
	codes.One(132068).Means(codes.Pause(template, "flow_blocked", "Fix the template's flow in WhatsApp Manager, then resume.")),
	codes.One(132069).Means(codes.Slow(whatsapp.TemplateBudget, time.Hour, "flow_throttled", "The template's flow may be sent 10 times an hour until it is fixed in WhatsApp Manager.")),

	// The sending number's registration.
	codes.One(133000).Means(codes.Pause(number, "number_not_registered", askNumber)),
	codes.Range(133001, 133003).Means(codes.Pause(number, "number_not_registered", askNumber)),
	codes.One(133004).Means(codes.Soon("service_unavailable", willRetry).After(5 * time.Second)),
	codes.Range(133005, 133006).Means(codes.Pause(number, "number_not_registered", askNumber)),
	codes.One(133007).Means(codes.Pause(number, "account_locked", askAccount)),
	codes.Range(133008, 133009).Means(codes.Pause(number, "number_not_registered", askNumber)),
	codes.One(133010).Means(codes.Pause(number, "number_not_registered", "Register the number for the Cloud API, then resume.")),
	codes.One(133015).Means(codes.Pause(number, "number_not_registered", "The number has just been deleted: wait five minutes, register it, then resume.").After(5 * time.Minute)),
	codes.One(133016).Means(codes.Pause(number, "number_not_registered", "The number was registered too often: wait up to 72 hours, then resume.")),
	codes.One(136025).Means(codes.Pause(number, "number_not_registered", askNumber)),

	// Marketing, pacing and the rest.
	codes.One(134011).Means(codes.Pause(account, "terms_not_accepted", "Accept the terms of WhatsApp payments for the account, then resume.")),
	codes.One(134100).Means(codes.Bad("wrong_endpoint", onlyOffers)),
	codes.One(134101).Means(codes.Slow(whatsapp.TemplateBudget, 10*time.Minute, "template_syncing", "No action needed: a new template takes ten minutes to become usable.")),
	codes.One(134102).Means(codes.Pause(template, "template_ineligible", "Check in WhatsApp Manager that the account is set up for marketing messages, then resume.")),
	codes.One(135000).In(codes.InReceipt).Means(codes.Pause(account, "portfolio_paced", "Meta dropped messages that it had held for quality. Check the portfolio's quality, wait, resume, then retry the failed messages.")),
	codes.One(135000).Means(codes.Bad("invalid_parameter", fixStep)),
	codes.One(137000).Means(codes.Drop(keep, "identity_changed", "The person's identity changed: write to them in a later campaign, without the identity check.")),
	codes.Range(138000, 138999).Means(codes.Bad("not_a_send", notOurs)),
	codes.Range(139000, 139099).Means(codes.Bad("not_a_send", notOurs)),
	codes.One(139200).Means(codes.Pause(account, "direct_send_blocked", askAccount)),
	codes.One(1752041).Means(codes.Bad("not_a_send", notOurs)),
	codes.Range(2388000, 2388999).Means(codes.Bad("template_administration", fixStep)),
	codes.One(maintenance).Means(codes.Soon("maintenance", inRepair).After(time.Minute)),
}
