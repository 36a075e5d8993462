package cloud

import (
	"time"

	"carillon/whatsapp"
)

// The words of the tables.
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
	askToken   = "Put a valid access token of a system user into the configuration, then resume."
	askRights  = "Give the app and its system user the permission whatsapp_business_messaging for this account, then resume."
	askAccount = "Open the account in WhatsApp Manager, settle what it reports, then resume."
	askNumber  = "Open the number in WhatsApp Manager, settle what it reports, then resume."
	relaunch   = "launch the campaign again with a list of those rows (the report has them)."
	fixStep    = "Compare the step's parameters with the approved template, correct the campaign's file, then " + relaunch
	fixRow     = "Correct the value in the recipient's row, then " + relaunch
	fixMedia   = "Check the file's type and size and that the link can be reached, or upload it anew, then " + relaunch
	willRetry  = "It is tried again for a quarter of an hour at least, and later by `carillon retry`. If it lasts, look at Meta's status page."
	inRepair   = "The number is in maintenance for some minutes. It is tried again for a quarter of an hour at least, and later by `carillon retry`."
	slowedDown = "Nothing to do: it is sent later. If it is frequent, lower the channel's rate."
	notOurs    = "This answer belongs to a call that is not used for sending: check base_url and phone_number_id."
)

// The verdicts on requests without a usable answer, and on what no row is
// about.
var (
	unreachable    = verdict{Class: whatsapp.RetrySoon, Reason: "unreachable", Unwritten: true, Wait: time.Second, Hint: "Nothing was sent. If it lasts, check base_url, the name service, the proxy and the certificates."}
	cancelled      = verdict{Class: whatsapp.RetrySoon, Reason: "cancelled", Unwritten: true, Hint: "Nothing was sent: the program was about to stop. It is tried again."}
	timedOut       = ambiguous("timeout", "It may have been sent: a receipt will tell. If it is frequent, raise the channel's timeout.")
	connectionLost = ambiguous("connection_lost", "It may have been sent: a receipt will tell. If it is frequent, check the network to the provider.")
	noMessageID    = ambiguous("no_message_id", "The provider said yes and named no message: a receipt will tell. If it is frequent, check base_url.")
	noVerdict      = ambiguous("server_error", "It may have been sent: a receipt will tell. If it lasts, look at Meta's status page.")

	transient    = soon("transient", willRetry)
	throttled    = slow(whatsapp.NumberBudget, time.Second, "rate_limited", slowedDown)
	unknownFault = soon("unknown_server_error", "It is tried again for a quarter of an hour at least, and later by `carillon retry`. Look the code up in Meta's error codes.").after(5 * time.Second).times(2)
	unknownCode  = bad("unknown_code", "Look the code up in Meta's error codes, correct what it names, then "+relaunch)
	unexplained  = drop(keep, "unexplained", "The provider gave no reason: look at the number in WhatsApp Manager, and later "+relaunch)
)

// loose lists the verdicts that stand in no table.
func loose() []verdict {
	return []verdict{
		unreachable, cancelled, timedOut, connectionLost, noMessageID, noVerdict,
		transient, throttled, unknownFault, unknownCode, unexplained,
	}
}

// row is one line of a table. The first that fits counts. The tables are read,
// never written.
type row struct {
	key
	verdict
}

// statusTable judges answers without an error of the API's own, by HTTP's
// status. A 408 says that the request was not taken, whatever the body holds
// (RFC 9110, 15.5.9). What is not here, a 5xx above all, may have been taken.
var statusTable = []row{
	{codes(301, 302), pause(number, "redirected", "The API is elsewhere: correct base_url, then resume.")},
	{codes(307, 308), pause(number, "redirected", "The API is elsewhere: correct base_url, then resume.")},
	{code(401), pause(account, "unauthorized", askToken)},
	{code(403), pause(account, "unauthorized", askRights)},
	{code(408), soon("request_timeout", willRetry)},
	{code(429), throttled},
	{codes(400, 499), bad("refused_by_proxy", "Not the API's own answer: check base_url, api_version and phone_number_id.")},
}

// codeTable judges the API's own errors, by code (Meta, error codes page; the
// waits of 131056 and 131049 from its pages on rate limits and on per-user
// limits; the others are ours).
var codeTable = []row{
	// The app, its token and the Graph API.
	{code(0).in(inAnswer), pause(account, "token_rejected", askToken)},
	{code(0), unexplained},
	{code(1), soon("api_unknown", "It is tried again for a quarter of an hour at least, and later by `carillon retry`. If many fail so, compare the campaign with the template.").after(2 * time.Second).times(3)},
	{code(2), soon("service_unavailable", willRetry).after(5 * time.Second)},
	{code(3), pause(account, "permission_denied", askRights)},
	{code(4), slow(whatsapp.AppBudget, 5*time.Minute, "app_rate_limit", "Nothing to do: it is sent later. The app makes too many calls; stop what else uses it.")},
	{code(10), pause(account, "permission_denied", askRights)},
	{code(33), pause(number, "number_deleted", "The sending number no longer exists: configure another phone_number_id, then resume.")},
	{code(100).sub(33), bad("object_missing", "The media, or phone_number_id itself, does not exist for this token: upload the media anew or correct the id, then "+relaunch)},
	{code(100), bad("invalid_parameter", fixStep)},
	{code(102), pause(account, "token_rejected", askToken)},
	{code(104), pause(account, "token_rejected", askToken)},
	{code(190), pause(account, "token_rejected", askToken)},
	{codes(200, 299), pause(account, "permission_denied", askRights)},
	{code(368), pause(account, "policy_violation", askAccount)},
	{code(408).in(inReceipt), soon("request_timeout", willRetry).after(5 * time.Second)},
	{code(506), ambiguous("duplicate_post", "The same request may have been taken before: a receipt will tell.")},
	{code(613), slow(whatsapp.AppBudget, time.Minute, "app_rate_limit", slowedDown)},
	{code(80007), slow(whatsapp.AccountBudget, 5*time.Minute, "account_rate_limit", slowedDown)},
	{code(80008), slow(whatsapp.AccountBudget, 5*time.Minute, "account_rate_limit", slowedDown)},

	// The person, the limits and the message.
	{code(130403), drop(optedOut, "blocked_by_user", "The person blocked this number: leave them alone.")},
	{code(130429), slow(whatsapp.NumberBudget, time.Second, "number_rate_limit", slowedDown)},
	{code(130472), drop(keep, "experiment", "Meta keeps marketing from this person for an experiment: reach them another way.")},
	{code(130497), drop(keep, "country_barred", "The account may not write to this country: take its numbers off the list.")},
	{code(131000), soon("something_went_wrong", willRetry).after(5 * time.Second).times(3)},
	{code(131001), bad("too_long", fixRow)},
	{code(131002), bad("invalid_parameter", fixStep)},
	{code(131005), pause(account, "permission_denied", askRights)},
	{code(131006), bad("object_missing", fixMedia)},
	{code(131008), bad("missing_parameter", fixStep)},
	{code(131009), bad("invalid_parameter", fixStep)},
	{code(131016), soon("service_unavailable", willRetry).after(5 * time.Second)},
	{code(131021), drop(optedOut, "own_number", "The recipient is the sending number: take it off the list.")},
	{code(131026), drop(maybeGone, "undeliverable", "Probably not on WhatsApp: check the number, or reach the person another way.")},
	{code(131030), pause(number, "not_on_test_list", "This is a test number: add the recipients to its list in the app's dashboard, or send from a live number, then resume.")},
	{code(131031), pause(account, "account_locked", askAccount)},
	{code(131037), pause(number, "name_not_approved", "Have the number's display name approved in WhatsApp Manager, then resume.")},
	{code(131042), pause(account, "payment_problem", "Settle the account's payment method in Meta's billing, resume, then retry the failed.")},
	{code(131043), drop(keep, "time_to_live_over", "It could not be delivered in time: send it again in a later campaign.")},
	{code(131044), pause(account, "payment_problem", "Settle the account's payment method in Meta's billing, then resume.")},
	{code(131045), pause(number, "number_not_registered", "Register the number again in WhatsApp Manager, then resume.")},
	{code(131047), bad("outside_window", "The person's 24 hours are over: send a template.")},
	{code(131048), pause(number, "spam_rate_limit", "Too many people block or report this number. Wait a day, better the list and the text, then resume with few.").after(time.Hour)},
	{code(131049), slow(whatsapp.UserBudget, 24*time.Hour, "user_marketing_limit", "This person gets enough marketing for now. It is tried again a day later, four times, and then by `carillon retry`.")},
	{code(131050), drop(noOffers, "stopped_marketing", "The person stopped marketing from this business: send them none until they opt in again.")},
	{code(131051), bad("unsupported_type", fixStep)},
	{code(131052), bad("media_download", fixMedia)},
	{code(131053), bad("media_upload", fixMedia)},
	{code(131055), bad("wrong_endpoint", "The address takes marketing templates only: correct base_url.")},
	{code(131056), slow(whatsapp.PairBudget, time.Second, "pair_rate_limit", "Nothing to do: this person got many messages just now and the next is sent later.")},
	{code(131057), soon("maintenance", inRepair).after(30 * time.Second)},
	{code(131058), bad("media_upload", fixMedia)},
	{code(131059), bad("not_a_send", notOurs)},
	{code(131060), drop(keep, "inbound_unavailable", "It is about a message from the person: nothing to do.")},
	{code(131062), bad("phone_required", "This template can be sent to phone numbers only: put the person's number into the list.")},
	{code(131063), pause(account, "marketing_disabled", "Allow marketing templates on the Cloud API in the account's settings, then resume.")},
	{code(131064), pause(account, "account_restricted", "Meta restricts the account over the categories of its templates: wait until that ends, then resume.")},
	{codes(131201, 131215), bad("not_a_send", notOurs)},

	// Templates and flows.
	{code(132000), bad("parameter_count", fixStep)},
	{code(132001), pause(template, "template_missing", "Check the template's name and language and that it is approved; one just approved needs a minute. Then resume.")},
	{code(132005), bad("too_long", fixRow)},
	{code(132007), bad("template_policy", fixStep)},
	{code(132008), bad("invalid_parameter", fixStep)},
	{code(132012), bad("parameter_format", fixStep)},
	{code(132015), pause(template, "template_paused", "Meta paused the template for its quality. Resume when WhatsApp Manager shows it as active, or unpause it there.")},
	{code(132016), pause(template, "template_disabled", "Meta disabled the template for good: make another one and a new campaign.")},
	{code(132018), bad("parameter_characters", "A value has a line break, a tab or more than four spaces in a row. "+fixRow)},
	{code(132068), pause(template, "flow_blocked", "Repair the template's flow in WhatsApp Manager, then resume.")},
	{code(132069), slow(whatsapp.TemplateBudget, time.Hour, "flow_throttled", "The template's flow may be sent 10 times an hour until it is repaired in WhatsApp Manager.")},

	// The sending number's registration.
	{code(133000), pause(number, "number_not_registered", askNumber)},
	{codes(133001, 133003), pause(number, "number_not_registered", askNumber)},
	{code(133004), soon("service_unavailable", willRetry).after(5 * time.Second)},
	{codes(133005, 133006), pause(number, "number_not_registered", askNumber)},
	{code(133007), pause(number, "account_locked", askAccount)},
	{codes(133008, 133009), pause(number, "number_not_registered", askNumber)},
	{code(133010), pause(number, "number_not_registered", "Register the number for the Cloud API, then resume.")},
	{code(133015), pause(number, "number_not_registered", "The number was deleted just now: wait five minutes, register it, then resume.").after(5 * time.Minute)},
	{code(133016), pause(number, "number_not_registered", "The number was registered too often: wait up to 72 hours, then resume.")},
	{code(136025), pause(number, "number_not_registered", askNumber)},

	// Marketing, pacing and the rest.
	{code(134011), pause(account, "terms_not_accepted", "Accept the terms of WhatsApp payments for the account, then resume.")},
	{code(134100), bad("wrong_endpoint", "The address takes marketing templates only: correct base_url.")},
	{code(134101), slow(whatsapp.TemplateBudget, 10*time.Minute, "template_syncing", "Nothing to do: a new template needs ten minutes.")},
	{code(134102), pause(template, "template_ineligible", "Check in WhatsApp Manager that the account is set up for marketing messages, then resume.")},
	{code(135000).in(inReceipt), pause(account, "portfolio_paced", "Meta dropped messages that it had held for quality. Look at the portfolio's quality, wait, resume, then retry the failed.")},
	{code(135000), bad("invalid_parameter", fixStep)},
	{code(137000), drop(keep, "identity_changed", "The person's identity changed: write to them in a later campaign, without the identity check.")},
	{codes(138000, 138999), bad("not_a_send", notOurs)},
	{codes(139000, 139099), bad("not_a_send", notOurs)},
	{code(139200), pause(account, "direct_send_blocked", askAccount)},
	{code(1752041), bad("not_a_send", notOurs)},
	{codes(2388000, 2388999), bad("template_administration", fixStep)},
	{code(maintenance), soon("maintenance", inRepair).after(time.Minute)},
}
