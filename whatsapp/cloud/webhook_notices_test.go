package cloud

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
)

// brief is a notice on one line, without its detail.
func brief(n whatsapp.Notice) string {
	scope := string(n.Scope)
	if scope == "" {
		scope = "nothing"
	}
	text := scope + " " + n.Reason + " of " + n.Account
	if n.Template != "" {
		text += " " + n.Template + "/" + n.Language
	}
	return text
}

// badNotice says what is wrong with a notice, if anything.
func badNotice(n whatsapp.Notice) string {
	stops := []whatsapp.Scope{whatsapp.NoScope, whatsapp.TemplateScope, whatsapp.NumberScope, whatsapp.AccountScope}
	var reasons []string
	for _, n := range slices.Concat(templateNews, accountNews, banNews, numberNews,
		[]news{restrictedSending, restrictedOther, betterQuality, otherCategory, nowMarketing, dailyLimit, accountAlert}) {
		reasons = append(reasons, n.reason)
	}
	switch {
	case !slices.Contains(stops, n.Scope):
		return "no such scope"
	case n.Scope == whatsapp.TemplateScope && n.Template == "":
		return "a template without a name is to be stopped"
	case n.Err != nil && (n.Scope != whatsapp.NoScope || n.Reason != n.Err.Reason || !slices.Contains(Book().Reasons(), n.Reason)):
		return "an error that is not told as one"
	case n.Err == nil && !slices.Contains(reasons, n.Reason):
		return "no such reason"
	case n.Detail == "" || strings.ContainsAny(n.Detail, "\n\r"):
		return "the detail is no line"
	}
	return ""
}

// oneChange is a body with one change of the field.
func oneChange(field, value string) []byte {
	return fmt.Appendf(nil, `{"entry":[{"id":"33","changes":[{"field":%q,"value":%s}]}]}`, field, value)
}

func TestNotices(t *testing.T) {
	const status, account = "message_template_status_update", "account_update"
	templated := func(rest string) string {
		return `{"message_template_id":1689000000000001,"message_template_name":"spring_offer","message_template_language":"en-GB",` + rest + `}`
	}
	for name, c := range map[string]struct{ field, value, want, detail string }{
		"paused":          {status, templated(`"event":"PAUSED","reason":"NONE","other_info":{"title":"FIRST_PAUSE","description":"for 3 hours"}`), "template template_paused of 33 spring_offer/en_GB", "(Meta: FIRST_PAUSE, for 3 hours)"},
		"disabled":        {status, templated(`"event":"DISABLED","disable_info":{"disable_date":"1767000000"}`), "template template_disabled of 33 spring_offer/en_GB", "new campaign"},
		"rejected":        {status, templated(`"event":"rejected","reason":"ABUSIVE_CONTENT","rejection_info":{"reason":"it\nis","recommendation":"rude"}`), "template template_rejected of 33 spring_offer/en_GB", "(Meta: ABUSIVE_CONTENT, it is, rude)"},
		"to be deleted":   {status, templated(`"event":"PENDING_DELETION"`), "template template_deleted of 33 spring_offer/en_GB", ""},
		"deleted":         {status, templated(`"event":"DELETED"`), "template template_deleted of 33 spring_offer/en_GB", ""},
		"too many":        {status, templated(`"event":"LIMIT_EXCEEDED"`), "template template_limit of 33 spring_offer/en_GB", ""},
		"approved":        {status, templated(`"event":"APPROVED"`), "nothing template_usable of 33 spring_offer/en_GB", "resume"},
		"unpaused":        {status, templated(`"event":"PAUSED","other_info":{"title":"UNPAUSE"}`), "nothing template_usable of 33 spring_offer/en_GB", "resume"},
		"reinstated":      {status, templated(`"event":"REINSTATED"`), "nothing template_usable of 33 spring_offer/en_GB", "resume"},
		"flagged":         {status, templated(`"event":"FLAGGED"`), "nothing template_flagged of 33 spring_offer/en_GB", ""},
		"new event":       {status, templated(`"event":"POLISHED"`), "nothing template_news of 33 spring_offer/en_GB", "(Meta: POLISHED)"},
		"nameless":        {status, `{"event":"PAUSED"}`, "nothing template_paused of 33", ""},
		"worse":           {"message_template_quality_update", templated(`"previous_quality_score":"GREEN","new_quality_score":"YELLOW"`), "nothing template_quality of 33 spring_offer/en_GB", "quality has dropped"},
		"better":          {"message_template_quality_update", templated(`"previous_quality_score":"RED","new_quality_score":"GREEN"`), "nothing template_quality of 33 spring_offer/en_GB", "(Meta: RED, GREEN)"},
		"recategorised":   {"template_category_update", templated(`"previous_category":"UTILITY","new_category":"MARKETING"`), "template template_category of 33 spring_offer/en_GB", "(Meta: UTILITY, MARKETING)"},
		"soon marketing":  {"template_category_update", templated(`"correct_category":"MARKETING","new_category":"UTILITY"`), "nothing template_category of 33 spring_offer/en_GB", "(Meta: UTILITY, MARKETING)"},
		"now utility":     {"template_category_update", templated(`"previous_category":"MARKETING","new_category":"UTILITY"`), "nothing template_category of 33 spring_offer/en_GB", "(Meta: MARKETING, UTILITY)"},
		"may not begin":   {account, `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING","expiration":1767600000}]}`, "account account_restricted of 33", "until 2026-01-05T08:00:00Z"},
		"no utility":      {account, `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_UTILITY_TEMPLATES"}]}`, "account account_restricted of 33", "RESTRICTED_UTILITY_TEMPLATES"},
		"no new number":   {account, `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_ADD_PHONE_NUMBER_ACTION"}]}`, "nothing account_restricted of 33", "not the sending"},
		"unclear":         {account, `{"event":"ACCOUNT_RESTRICTION"}`, "nothing account_restricted of 33", ""},
		"banned":          {account, `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE","waba_ban_date":"2026-01-05"}}`, "account account_disabled of 33", "2026-01-05"},
		"banned, a list":  {account, `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":["DISABLE"]}}`, "account account_disabled of 33", "DISABLE"},
		"soon banned":     {account, `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}}`, "nothing account_to_be_disabled of 33", "appeal"},
		"ban lifted":      {account, `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}}`, "nothing account_reinstated of 33", "resume"},
		"account deleted": {account, `{"event":"ACCOUNT_DELETED"}`, "account account_deleted of 33", ""},
		"partner removed": {account, `{"event":"PARTNER_REMOVED","waba_info":{"waba_id":"44"}}`, "account access_removed of 44", ""},
		"app removed":     {account, `{"event":"PARTNER_APP_UNINSTALLED"}`, "account access_removed of 33", ""},
		"violation":       {account, `{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"SCAM"}}`, "nothing account_violation of 33", "SCAM"},
		"new account":     {account, `{"event":"AD_ACCOUNT_LINKED"}`, "nothing account_news of 33", "AD_ACCOUNT_LINKED"},
		"misplaced":       {"", `{"field":"account_update","event":"ACCOUNT_DELETED"}`, "account account_deleted of 33", ""},
		"number flagged":  {"phone_number_quality_update", `{"display_phone_number":"447700900001","event":"FLAGGED","current_limit":"TIER_10K"}`, "nothing number_flagged of 33", "(Meta: FLAGGED, the number ending in 0001, TIER_10K)"},
		"faster":          {"phone_number_quality_update", `{"event":"THROUGHPUT_UPGRADE","max_daily_conversations_per_business":"TIER_UNLIMITED"}`, "nothing number_throughput of 33", "TIER_UNLIMITED"},
		"daily limit":     {"business_capability_update", `{"max_daily_conversations_per_business":2000,"max_phone_numbers_per_waba":25}`, "nothing account_limit of 33", "(Meta: 2000)"},
		"old daily limit": {"business_capability_update", `{"max_daily_conversation_per_phone":-1}`, "nothing account_limit of 33", "(Meta: -1)"},
		"alert":           {"account_alerts", `{"entity_type":"BUSINESS","alert_info":{"alert_severity":"WARNING","alert_type":"OBA_REJECTED","alert_description":"not well known"}}`, "nothing account_alert of 33", "(Meta: WARNING, OBA_REJECTED, not well known)"},
	} {
		t.Run(name, func(t *testing.T) {
			notices := receive(t, oneChange(c.field, c.value)).Notices
			if len(notices) != 1 {
				t.Fatalf("%d notices, want 1", len(notices))
			}
			if got := brief(notices[0]); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !strings.Contains(notices[0].Detail, c.detail) {
				t.Errorf("%q does not say %q", notices[0].Detail, c.detail)
			}
			if problem := badNotice(notices[0]); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// TestMixedBatch has news of all kinds in one body, beside what is passed over.
func TestMixedBatch(t *testing.T) {
	got := receive(t, fixture(t, "news.json"))
	var notices []string
	for _, n := range got.Notices {
		notices = append(notices, brief(n))
	}
	want := []string{
		"template template_paused of 3300000000000007 spring_offer/en_GB",
		"nothing number_rate_limit of 3300000000000007",
		"account account_restricted of 3300000000000007",
		"account access_removed of 3300000000000009",
	}
	if diff := cmp.Diff(want, notices); diff != "" {
		t.Error(diff)
	}
	limit := got.Notices[1]
	if limit.Number != numberOne || limit.Err == nil || limit.Err.Class != whatsapp.RetrySlow || limit.Err.Code != 130429 || limit.Err.HTTPStatus != 0 {
		t.Errorf("got %+v", limit)
	}
	got.Notices = nil
	others := whatsapp.Events{
		Receipts:    []whatsapp.Receipt{{Number: numberOne, ID: "wamid.mix", Recipient: whatsapp.Who{Phone: "447700900123"}, Status: campaign.Sent, At: at(1767000501)}},
		Inbound:     []whatsapp.Inbound{{Number: numberOne, ID: "wamid.in", From: whatsapp.Who{Phone: "447700900123"}, At: at(1767000502), Type: "text", Text: "hi"}},
		Preferences: []whatsapp.Preference{{Number: numberTwo, From: whatsapp.Who{Phone: "447700900123"}, Stop: true, At: at(1767001100)}},
	}
	if diff := cmp.Diff(others, got); diff != "" {
		t.Error(diff)
	}
}
