package cloud

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// notice is what a change of the field tells of a template, a number or the
// account. ok is false for a field that is about something else.
func (v *value) notice(field wire.Text) (notice whatsapp.Notice, ok bool) {
	switch {
	case field.Is("message_template_status_update"):
		notice = v.templateStatus(v.Event)
	case field.Is("message_template_quality_update"):
		notice = v.templateQuality()
	case field.Is("template_category_update"):
		notice = v.templateCategory()
	case field.Is("phone_number_quality_update"):
		notice = v.numberUpdate(v.Event)
	case field.Is("business_capability_update"):
		notice = v.capability()
	case field.Is("account_update"):
		notice = v.accountUpdate(v.Event)
	case field.Is("account_alerts"):
		notice = v.alert()
	default:
		return whatsapp.Notice{}, false
	}
	return notice, true
}

// news is one line of a table: what an event is about, and what to do.
type news struct {
	event          string
	scope          whatsapp.Scope
	reason, detail string
}

// lookUp finds an event. The last line of a table is for those it does not
// know.
func lookUp(table []news, event wire.Text) news {
	for _, n := range table {
		if event.Is(n.event) {
			return n
		}
	}
	return table[len(table)-1]
}

// notice is the line with what Meta says besides.
func (n news) notice(besides ...wire.Text) whatsapp.Notice {
	return whatsapp.Notice{Scope: n.scope, Reason: n.reason, Detail: n.detail + said(besides...)}
}

// said is Meta's own words in parentheses, nothing where there are none.
func said(words ...wire.Text) string {
	var told []string
	for _, w := range words {
		if w != "" && !w.Is("NONE") {
			told = append(told, string(w))
		}
	}
	if len(told) == 0 {
		return ""
	}
	return " (Meta: " + whatsapp.Excerpt(strings.Join(told, ", ")) + ")"
}

// The tables are read, never written. Those of templates and accounts are after
// Meta's webhooks reference, message_template_status_update and account_update;
// which of them stop something is ours.

var templateNews = []news{
	{"PAUSED", template, "template_paused", "Meta paused the template for its quality. Resume when WhatsApp Manager shows it as active, or unpause it there."},
	{"DISABLED", template, "template_disabled", "Meta disabled the template permanently: create another template and a new campaign."},
	{"REJECTED", template, "template_rejected", "Meta rejected the template: edit it in WhatsApp Manager, and resume once it is approved."},
	{"PENDING_DELETION", template, "template_deleted", "The template is being deleted: create another template and a new campaign."},
	{"DELETED", template, "template_deleted", "The template was deleted: create another template and a new campaign."},
	{"LIMIT_EXCEEDED", template, "template_limit", "The account has too many templates: delete some in WhatsApp Manager, and resume once this one is approved."},

	{"APPROVED", whatsapp.NoScope, "template_usable", "The template can be sent: resume what was paused for it."},
	{"UNPAUSE", whatsapp.NoScope, "template_usable", "The template can be sent again: resume what was paused for it."},
	{"UNPAUSED", whatsapp.NoScope, "template_usable", "The template can be sent again: resume what was paused for it."},
	{"REINSTATED", whatsapp.NoScope, "template_usable", "The template can be sent again: resume what was paused for it."},
	{"UNARCHIVED", whatsapp.NoScope, "template_usable", "The template is no longer archived: check that WhatsApp Manager shows it as active."},
	{"ARCHIVED", whatsapp.NoScope, "template_archived", "The template was archived because nobody used it: restore it before it is deleted."},
	{"FLAGGED", whatsapp.NoScope, "template_flagged", "The template may soon be paused for its quality: send it to fewer people, or improve its text."},
	{"LOCKED", whatsapp.NoScope, "template_locked", "The template is locked: check it in WhatsApp Manager."},
	{"PENDING", whatsapp.NoScope, "template_in_review", "Meta is reviewing the template: wait until it is approved."},
	{"IN_APPEAL", whatsapp.NoScope, "template_in_review", "Meta is reviewing the template again: wait until it is approved."},
	{"", whatsapp.NoScope, "template_news", "Check the template in WhatsApp Manager."},
}

// accountNews has no line for what depends on more than the event.
var accountNews = []news{
	{"ACCOUNT_DELETED", account, "account_deleted", "The account was deleted: configure another one."},
	{"PARTNER_REMOVED", account, "access_removed", "The business revoked the access to its account: ask for access again, then resume."},
	{"PARTNER_APP_UNINSTALLED", account, "access_removed", "The business has uninstalled the app: have it installed again, then resume."},

	{"ACCOUNT_VIOLATION", whatsapp.NoScope, "account_violation", "Meta says that the account breaks a rule and may restrict it: resolve it in WhatsApp Manager now."},
	{"", whatsapp.NoScope, "account_news", "Check the account in WhatsApp Manager."},
}

var banNews = []news{
	{"DISABLE", account, "account_disabled", "Meta disabled the account: appeal in WhatsApp Manager, and resume once it is reinstated."},
	{"SCHEDULE_FOR_DISABLE", whatsapp.NoScope, "account_to_be_disabled", "Meta is about to disable the account: appeal in WhatsApp Manager now."},
	{"REINSTATE", whatsapp.NoScope, "account_reinstated", "The account can send again: resume what was paused for it."},
	{"", whatsapp.NoScope, "account_news", "Check the account in WhatsApp Manager."},
}

var numberNews = []news{
	{"FLAGGED", whatsapp.NoScope, "number_flagged", "People block or report the number: improve the list and the text, and send less, or Meta will lower its limit."},
	{"UNFLAGGED", whatsapp.NoScope, "number_unflagged", "The number's quality has recovered: no action needed."},
	{"UPGRADE", whatsapp.NoScope, "number_limit", "The number may write to more people a day: raise daily_recipients, unless that is auto or not set."},
	{"DOWNGRADE", whatsapp.NoScope, "number_limit", "The number may write to fewer people a day: lower daily_recipients, unless that is auto."},
	{"THROUGHPUT_UPGRADE", whatsapp.NoScope, "number_throughput", "The number may send faster: raise the channel's rate, unless that is auto."},
	{"ONBOARDING", whatsapp.NoScope, "number_ready", "The number is ready: no action needed."},
	{"", whatsapp.NoScope, "number_news", "Check the number in WhatsApp Manager."},
}

var (
	restrictedSending = news{"", account, "account_restricted", "Meta does not let the account send templates: resolve it in WhatsApp Manager, and resume once the restriction ends."}
	restrictedOther   = news{"", whatsapp.NoScope, "account_restricted", "Meta restricts the account, but not the sending of templates: check it in WhatsApp Manager."}
	betterQuality     = news{"", whatsapp.NoScope, "template_quality", "The template's quality has improved: no action needed."}
	worseQuality      = news{"", whatsapp.NoScope, "template_quality", "The template's quality has dropped, and Meta pauses it if that continues: send it to fewer people, or improve its text."}
	otherCategory     = news{"", whatsapp.NoScope, "template_category", "Meta moves the template to another category, with another price and other limits: set the step's category to it."}
	nowMarketing      = news{"", template, "template_category", "Meta counts the template as marketing now, and whoever opted out of marketing must not get it: start a new campaign whose step says category: marketing. A resume sends it all the same."}
	dailyLimit        = news{"", whatsapp.NoScope, "account_limit", "The number of people that the business may write to a day has changed: set the channel's daily_recipients to it, unless that is auto."}
	accountAlert      = news{"", whatsapp.NoScope, "account_alert", "Meta has a notice about the account: check it in WhatsApp Manager."}
)

// aboutTemplate is what is told about a template. Event is told about numbers
// and accounts as well.
type aboutTemplate struct {
	Event     wire.Text `json:"event"`
	Name      wire.Text `json:"message_template_name"`
	Language  wire.Text `json:"message_template_language"`
	Reason    wire.Text `json:"reason"`
	OtherInfo struct {
		Title       wire.Text `json:"title"`
		Description wire.Text `json:"description"`
	} `json:"other_info"`
	Rejection struct {
		Reason         wire.Text `json:"reason"`
		Recommendation wire.Text `json:"recommendation"`
	} `json:"rejection_info"`
	OldQuality      wire.Text `json:"previous_quality_score"`
	NewQuality      wire.Text `json:"new_quality_score"`
	OldCategory     wire.Text `json:"previous_category"`
	NewCategory     wire.Text `json:"new_category"`
	CorrectCategory wire.Text `json:"correct_category"`
}

// of names the template in the notice. Without a name nothing can be stopped.
// The language gets its underscore: webhooks have en-GB for what templates have
// as en_GB.
func (a *aboutTemplate) of(notice whatsapp.Notice, topic whatsapp.Topic) whatsapp.Notice {
	notice.Topic = topic
	notice.Template = string(a.Name)
	notice.Language = strings.ReplaceAll(string(a.Language), "-", "_")
	if notice.Template == "" {
		notice.Scope = whatsapp.NoScope
	}
	return notice
}

func (a *aboutTemplate) templateStatus(event wire.Text) whatsapp.Notice {
	if a.OtherInfo.Title.Is("UNPAUSE") {
		event = a.OtherInfo.Title
	}
	n := lookUp(templateNews, event)
	besides := []wire.Text{a.Reason, a.Rejection.Reason, a.Rejection.Recommendation, a.OtherInfo.Title, a.OtherInfo.Description}
	if n.event == "" {
		besides = append([]wire.Text{event}, besides...)
	}
	return a.of(n.notice(besides...), whatsapp.TemplateStatus)
}

func (a *aboutTemplate) templateQuality() whatsapp.Notice {
	n := worseQuality
	if a.NewQuality.Is("GREEN") {
		n = betterQuality
	}
	return a.of(n.notice(a.OldQuality, a.NewQuality), whatsapp.TemplateQuality)
}

// templateCategory tells of a category that will be another one, or is since now:
// then it tells which it was before (Meta, template_category_update).
func (a *aboutTemplate) templateCategory() whatsapp.Notice {
	n := otherCategory
	changed := a.OldCategory != "" && a.NewCategory != "" && a.NewCategory != a.OldCategory
	if changed && a.NewCategory.Is(string(campaign.Marketing)) {
		n = nowMarketing
	}
	notice := n.notice(a.OldCategory, a.NewCategory, a.CorrectCategory)
	if changed {
		notice.Category = campaign.Category(strings.ToLower(string(a.NewCategory)))
	}
	return a.of(notice, whatsapp.TemplateCategory)
}

// aboutNumber is what is told about a number, which is named by its digits
// alone.
type aboutNumber struct {
	Display wire.Text `json:"display_phone_number"`
	Limit   wire.Text `json:"current_limit"`
	// DailyLimit is a number or a tier's name. Perhaps it is told of the number
	// alone, as it was before it was the business's.
	DailyLimit    wire.Text `json:"max_daily_conversations_per_business"`
	DailyLimitOld wire.Text `json:"max_daily_conversation_per_phone"`
}

func (a *aboutNumber) numberUpdate(event wire.Text) whatsapp.Notice {
	limit := a.DailyLimit
	if limit == "" {
		limit = a.Limit
	}
	notice := lookUp(numberNews, event).notice(event, a.ending(), limit)
	notice.Topic = whatsapp.NumbersNews
	notice.Told.Tier, notice.Told.DailyRecipients = tierOf(limit)
	switch {
	case event.Is("THROUGHPUT_UPGRADE"):
		notice.Told.Throughput, notice.Told.Rate = throughputOf("HIGH")
	case event.Is("FLAGGED"):
		notice.Told.Status = "flagged"
	case event.Is("UNFLAGGED"):
		notice.Told.Status = "connected"
	}
	return notice
}

// ending tells which number it is, without telling all of it.
func (a *aboutNumber) ending() wire.Text {
	const shown = 4
	number := a.Display.Digits()
	if len(number) <= shown {
		return ""
	}
	return wire.Text("the number ending in " + number[len(number)-shown:])
}

func (a *aboutNumber) capability() whatsapp.Notice {
	notice := dailyLimit.notice(a.DailyLimit, a.DailyLimitOld)
	notice.Topic = whatsapp.AccountLimit
	notice.Told.Tier, notice.Told.DailyRecipients = tierOf(cmp.Or(a.DailyLimit, a.DailyLimitOld))
	return notice
}

// aboutAccount is what is told about the account.
type aboutAccount struct {
	Restrictions []restriction `json:"restriction_info"`
	Ban          struct {
		State wire.Words `json:"waba_ban_state"`
		Date  wire.Text  `json:"waba_ban_date"`
	} `json:"ban_info"`
	Violation struct {
		Type wire.Text `json:"violation_type"`
	} `json:"violation_info"`
	Whose struct {
		ID wire.Text `json:"waba_id"`
	} `json:"waba_info"`
	Alert struct {
		Severity    wire.Text `json:"alert_severity"`
		Type        wire.Text `json:"alert_type"`
		Description wire.Text `json:"alert_description"`
	} `json:"alert_info"`
}

type restriction struct {
	Type       wire.Text `json:"restriction_type"`
	Expiration wire.Text `json:"expiration"`
}

// stops reports whether no templates, or not those of a category, can be sent.
func (r *restriction) stops() bool {
	kind := strings.ToUpper(string(r.Type))
	return kind == "RESTRICTED_BIZ_INITIATED_MESSAGING" || strings.HasSuffix(kind, "TEMPLATES")
}

// accountUpdate names the account that the event is about where it is told:
// news of partners may stand under the partner's own.
func (a *aboutAccount) accountUpdate(event wire.Text) whatsapp.Notice {
	var notice whatsapp.Notice
	switch {
	case event.Is("ACCOUNT_RESTRICTION"):
		notice = a.restricted()
		notice.Topic = whatsapp.AccountBounds
	case event.Is("DISABLED_UPDATE"):
		notice = lookUp(banNews, wire.Text(a.Ban.State)).notice(wire.Text(a.Ban.State), a.Ban.Date)
		notice.Topic = whatsapp.AccountBan
	default:
		notice = lookUp(accountNews, event).notice(event, a.Violation.Type)
		notice.Topic = whatsapp.AccountNews
		if notice.Scope != whatsapp.NoScope {
			notice.Topic = whatsapp.AccountAccess
		}
	}
	notice.Account = string(a.Whose.ID)
	return notice
}

func (a *aboutAccount) restricted() whatsapp.Notice {
	found := restrictedOther
	var besides []wire.Text
	for i := range a.Restrictions {
		r := &a.Restrictions[i]
		if r.stops() {
			found = restrictedSending
		}
		besides = append(besides, r.Type)
		if end := r.Expiration.Time(); !end.IsZero() {
			besides = append(besides, wire.Text(fmt.Sprintf("until %s", end.Format(time.RFC3339))))
		}
	}
	return found.notice(besides...)
}

func (a *aboutAccount) alert() whatsapp.Notice {
	notice := accountAlert.notice(a.Alert.Severity, a.Alert.Type, a.Alert.Description)
	notice.Topic = whatsapp.AccountAlert
	return notice
}
