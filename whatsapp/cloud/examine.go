package cloud

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// examiner asks Meta about a channel.
type examiner struct {
	*Settings
	sender *Sender
}

var _ whatsapp.Examiner = examiner{}

// What a token has to allow (Meta, webhooks overview).
const (
	mayMessage = "whatsapp_business_messaging"
	mayManage  = "whatsapp_business_management"
)

// expiresSoon is how long before its end a token is worth a warning.
const expiresSoon = 7 * 24 * time.Hour

// Examine asks for the token, the number, the account and its subscription, and,
// with the app's secret, for the fields of the app's webhook.
func (x examiner) Examine(ctx context.Context, webhooks string) whatsapp.Examination {
	var e whatsapp.Examination
	app, goOn := x.token(ctx, &e)
	if !goOn {
		return e
	}
	x.number(ctx, &e)
	x.account(ctx, &e, app)
	x.webhook(ctx, &e, app, webhooks)
	return e
}

// up is the path from the address for messages to that of the API.
const up = "../../"

// get asks for an object and some of its fields.
func (x examiner) get(ctx context.Context, e *whatsapp.Examination, object, fields string, into any) *whatsapp.Error {
	q := Question{Path: up + object}
	if fields != "" {
		q.Query = url.Values{"fields": {fields}}
	}
	return x.sender.Ask(ctx, q, into, &e.Clock)
}

// token asks about the token and which app it is of. goOn is false where nothing
// else would be told.
func (x examiner) token(ctx context.Context, e *whatsapp.Examination) (app string, goOn bool) {
	var told struct {
		Data struct {
			App     wire.Text   `json:"app_id"`
			Valid   bool        `json:"is_valid"`
			Expires wire.Text   `json:"expires_at"`
			Scopes  []wire.Text `json:"scopes"`
			Error   graphError  `json:"error"`
		} `json:"data"`
	}
	q := Question{Path: up + "debug_token", Query: url.Values{"input_token": {string(x.AccessToken)}}}
	switch refusal := x.sender.Ask(ctx, q, &told, &e.Clock); {
	case refusal == nil:
	case refusal.Class == whatsapp.BadRequest:
		e.Doubt("token", "nothing is told of it: "+whatsapp.Excerpt(refusal.Message), "check base_url; a service that relays the API may not answer this")
		return "", true
	default:
		e.Refused("token", refusal)
		return "", false
	}
	if !told.Data.Valid {
		e.Fault("token", "is not valid: "+cmp.Or(told.Data.Error.text(), "it was not said why"), "make another one for a system user, and write it into access_token")
		return "", false
	}
	x.expiry(e, told.Data.Expires)
	permissions(e, told.Data.Scopes)
	return string(told.Data.App), true
}

// expiry says when the token ends: seconds since 1970, and 0 for never.
func (x examiner) expiry(e *whatsapp.Examination, expires wire.Text) {
	seconds, _ := strconv.ParseInt(string(expires), 10, 64)
	end := time.Unix(seconds, 0).UTC()
	day := end.Format("2 January 2006")
	switch left := end.Sub(x.sender.now()); {
	case seconds == 0:
		e.Add("token", "is valid, and does not expire")
	case left < expiresSoon:
		e.Doubt("token", "is valid, and expires on "+day, "make one for a system user that does not expire, and write it into access_token")
	default:
		e.Add("token", "is valid until "+day)
	}
}

func permissions(e *whatsapp.Examination, scopes []wire.Text) {
	switch {
	case len(scopes) == 0:
		e.Doubt("permissions", "are not told", "see in the business settings that the system user may send messages and manage the account")
	case !slices.Contains(scopes, mayMessage):
		e.Fault("permissions", "the token lacks "+mayMessage+", without which nothing can be sent", "make another one with this permission")
	case !slices.Contains(scopes, mayManage):
		e.Doubt("permissions", "the token lacks "+mayManage+", without which templates and news of the account are not told", "make another one with this permission")
	default:
		e.Add("permissions", mayMessage+", "+mayManage)
	}
}

// health is whether messages can be sent, and why not (Meta, health status page).
type health struct {
	May      wire.Text `json:"can_send_message"`
	Entities []struct {
		Type   wire.Text `json:"entity_type"`
		May    wire.Text `json:"can_send_message"`
		Errors []struct {
			Code     wire.Text `json:"error_code"`
			Text     wire.Text `json:"error_description"`
			Solution wire.Text `json:"possible_solution"`
		} `json:"errors"`
		More []wire.Text `json:"additional_info"`
	} `json:"entities"`
}

// why says what is wrong with whom, and what to do about it.
func (h health) why() (found, todo string) {
	var said, solutions []string
	for _, of := range h.Entities {
		if of.May.Is("AVAILABLE") {
			continue
		}
		words := strings.ToLower(string(of.Type)) + " " + strings.ToLower(string(of.May))
		for _, e := range of.Errors {
			words += ": " + string(e.Text) + " (" + string(e.Code) + ")"
			solutions = append(solutions, string(e.Solution))
		}
		for _, more := range of.More {
			words += ": " + string(more)
		}
		said = append(said, words)
	}
	return whatsapp.Excerpt(strings.Join(said, "; ")), whatsapp.Excerpt(strings.Join(solutions, "; "))
}

const seeManager = "see what WhatsApp Manager says of the number"

// number asks for the number, its status and quality, and whether it may send.
func (x examiner) number(ctx context.Context, e *whatsapp.Examination) {
	var told struct {
		Shown   wire.Text `json:"display_phone_number"`
		Name    wire.Text `json:"verified_name"`
		Quality wire.Text `json:"quality_rating"`
		Status  wire.Text `json:"status"`
		Health  health    `json:"health_status"`
	}
	const fields = "display_phone_number,verified_name,quality_rating,status,health_status"
	if refusal := x.get(ctx, e, x.PhoneNumberID, fields, &told); refusal != nil {
		e.Refused("number", refusal)
		return
	}
	found := orNone(fmt.Sprintf("%s %s", told.Shown, told.Name))
	if told.Quality != "" {
		found += ", quality " + strings.ToLower(string(told.Quality))
	}
	why, todo := told.Health.why()
	status := strings.ToLower(string(told.Status))
	switch {
	case told.Health.May.Is("BLOCKED"):
		e.Fault("number", found+", may not send: "+orNone(why), cmp.Or(todo, seeManager))
	case slices.Contains([]string{"pending", "deleted", "migrated", "banned", "restricted", "disconnected", "unverified"}, status):
		e.Fault("number", found+", is "+status, seeManager)
	case told.Health.May.Is("LIMITED"):
		e.Doubt("number", found+", may send with limits: "+orNone(why), cmp.Or(todo, seeManager))
	case told.Quality.Is("RED") || status != "" && status != "connected":
		e.Doubt("number", found+", is "+cmp.Or(status, "connected"), seeManager)
	case told.Health.May.Is("AVAILABLE"):
		e.Add("number", found+", may send")
	default:
		e.Doubt("number", found+", and whether it may send is not told", seeManager)
	}
}

func orNone(text string) string { return cmp.Or(strings.TrimSpace(text), "nothing more is told") }

// account asks for the account, and whether its webhooks go to the app.
func (x examiner) account(ctx context.Context, e *whatsapp.Examination, app string) {
	if x.WABAID == "" {
		e.Doubt("account", "waba_id is not set, so templates and the webhook's subscription are not looked at", "write waba_id, which stands beside the number's id in the app's dashboard")
		return
	}
	var account struct {
		Name wire.Text `json:"name"`
	}
	if refusal := x.get(ctx, e, x.WABAID, "name", &account); refusal != nil {
		e.Refused("account", refusal)
		return
	}
	e.Add("account", orNone(string(account.Name)))
	var told struct {
		Apps []struct {
			App struct {
				ID   wire.Text `json:"id"`
				Name wire.Text `json:"name"`
			} `json:"whatsapp_business_api_data"`
		} `json:"data"`
	}
	if refusal := x.get(ctx, e, x.WABAID+"/subscribed_apps", "", &told); refusal != nil {
		e.Refused("subscription", refusal)
		return
	}
	for _, of := range told.Apps {
		if app == "" || string(of.App.ID) == app {
			e.Add("subscription", "the account's webhooks go to the app "+orNone(string(of.App.Name)))
			return
		}
	}
	e.Fault("subscription", "no webhook of the account goes to this app, so no receipts come",
		"subscribe the app: POST /"+x.WABAID+"/subscribed_apps with the same token")
}

// wantedFields are those of the app's webhook that the program reads, the first of
// which it cannot do without.
func wantedFields() []string {
	return []string{
		"messages", "user_preferences", "message_template_status_update", "message_template_quality_update", "template_category_update",
		"account_update", "account_alerts", "phone_number_quality_update", "business_capability_update",
	}
}

// subscription is a webhook of an app (Meta, Graph API reference, application
// subscriptions).
type subscription struct {
	Object   wire.Text `json:"object"`
	Callback wire.Text `json:"callback_url"`
	Active   bool      `json:"active"`
	Fields   []struct {
		Name wire.Text `json:"name"`
	} `json:"fields"`
}

// webhook asks for the app's webhook, which it tells to who knows its secret.
func (x examiner) webhook(ctx context.Context, e *whatsapp.Examination, app, webhooks string) {
	if x.VerifyToken == "" {
		e.Doubt("verify_token", "is not set, so Meta cannot verify the webhook's address", "write a word of your own, and the same in the app's dashboard")
	}
	if app == "" {
		e.Doubt("app_secret", "the app is not told, so its secret and the webhook's fields are not looked at", "see in the app's dashboard that the webhook is subscribed to messages")
		return
	}
	var told struct {
		Data []subscription `json:"data"`
	}
	q := Question{Path: up + app + "/subscriptions", Header: Bearer(whatsapp.Secret(app + "|" + string(x.AppSecret)))}
	switch refusal := x.sender.Ask(ctx, q, &told, &e.Clock); {
	case refusal == nil:
	case refusal.HTTPStatus >= http.StatusBadRequest && refusal.HTTPStatus < http.StatusInternalServerError && refusal.Class != whatsapp.RetrySlow:
		e.Fault("app_secret", "is refused for the app "+app+", so no receipt can be verified: "+whatsapp.Excerpt(refusal.Message), "copy it again from the app's dashboard: App settings, Basic")
		return
	default:
		e.Refused("app_secret", refusal)
		return
	}
	e.Add("app_secret", "is that of the app "+app)
	for _, s := range told.Data {
		if s.Object.Is("whatsapp_business_account") {
			s.judge(e, webhooks)
			return
		}
	}
	e.Fault("webhook fields", "the app has no webhook for WhatsApp, so no receipts come", "set it up in the app's dashboard under WhatsApp, Configuration")
}

// judge says whether the fields are subscribed to, and whether the webhook goes
// where it should.
func (s subscription) judge(e *whatsapp.Examination, webhooks string) {
	var missing []string
	for _, name := range wantedFields() {
		if !slices.ContainsFunc(s.Fields, func(f struct {
			Name wire.Text `json:"name"`
		}) bool {
			return f.Name.Is(name)
		}) {
			missing = append(missing, name)
		}
	}
	list := strings.Join(missing, ", ")
	const subscribe = "subscribe to them in the app's dashboard under WhatsApp, Configuration"
	switch {
	case !s.Active:
		e.Fault("webhook fields", "the app's webhook is not active, so no receipts come", "verify its address again in the app's dashboard")
	case slices.Contains(missing, "messages"):
		e.Fault("webhook fields", "the app is not subscribed to "+list+"; without messages no receipts come", subscribe)
	case len(missing) > 0:
		e.Doubt("webhook fields", "the app is not subscribed to "+list, subscribe)
	default:
		e.Add("webhook fields", "the app is subscribed to all that are read")
	}
	switch callback := string(s.Callback); {
	case webhooks == "":
	case strings.HasPrefix(callback, webhooks):
		e.Add("webhook address", "webhooks go to "+callback)
	default:
		e.Doubt("webhook address", "webhooks go to "+orNone(callback)+" and not below "+webhooks, "enter the address in the app's dashboard, or correct http.public_url; leave it where the account or the number has an address of its own")
	}
}
