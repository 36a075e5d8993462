package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"carillon/admission"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// browserWithShelf looks at a server that knows templates.
func browserWithShelf(t *testing.T, token string) (browser, *shelf) {
	t.Helper()
	s := &shelf{}
	s.set("approved", "Hi {{1}}", "")
	f := start(t, func(o *Options) {
		o.Tokens, o.Templates = threeTokens(), s
		o.Door = admission.Door{Rates: o.Door.Rates, Templates: s.Of}
	})
	return browser{t, f, f.logIn(token)}, s
}

func TestChannelPages(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, viewerToken)
	b.wants(b.get("/channels"), http.StatusOK, `href="/channels/main"`, `href="/channels/second"`, "no limit")
	b.wants(b.get("/channels/main"), http.StatusOK, "has told nothing", `href="/templates?channel=main"`)
	b.f.tell(whatsapp.Notice{
		Topic: whatsapp.NumbersNews, Number: "1001", Reason: "number_quality", At: time.Now(),
		Told: whatsapp.NumberState{Quality: "yellow", Tier: "tier_2k"},
	})
	b.wants(b.get("/channels/main"), http.StatusOK, "number_quality", "yellow", "tier_2k")
	if err := b.f.ledger.Learn(t.Context(), []ledger.Fact{{Channel: "main", Name: ledger.FactAccount, Value: "account_restricted", At: time.Now(), Source: ledger.SourceNotice}}); err != nil {
		t.Fatal(err)
	}
	b.wants(b.get("/channels"), http.StatusOK, "yellow", "account_restricted")
	b.wants(b.get("/channels/main"), http.StatusOK, "account_restricted")
	b.wants(b.get("/channels/nowhere"), http.StatusNotFound, "there is no channel")
}

func TestTemplatePages(t *testing.T) {
	t.Parallel()
	b, s := browserWithShelf(t, viewerToken)
	b.wants(b.get("/templates"), http.StatusOK, `<a href="/templates/main/order_update/en_US"`, "body 1 value", "approved", "<option selected>main</option>")
	b.lacks(b.get("/templates"), "Ask the provider again")
	b.wants(b.get("/templates?channel=second&q=ORDER"), http.StatusOK, `/templates/second/order_update/en_US`)
	b.wants(b.get("/templates?q=nothing"), http.StatusOK, "No template has “nothing” in its name")
	b.wants(b.get("/templates/main/order_update/en_US"), http.StatusOK, "Hi {{1}}", "template: order_update", "category: utility")
	b.wants(b.get("/templates/main/order_update/de"), http.StatusNotFound, "the account of main has no template order_update (de)")
	b.wants(b.get("/templates?channel=nowhere"), http.StatusNotFound, "there is no channel")
	b.wants(b.ask(http.MethodPost, "/templates/main/refresh", nil, nil), http.StatusForbidden, "needs the role operator")
	b.cookie = b.f.logIn(operatorToken)
	b.wants(b.get("/templates"), http.StatusOK, "Ask the provider again")
	if to := b.ask(http.MethodPost, "/templates/second/refresh", nil, nil); to.header.Get("Location") != "/templates?channel=second" || s.refreshed != 1 {
		t.Errorf("%+v, refreshed %d times", to, s.refreshed)
	}
	s.list = campaign.TemplateList{Trouble: "its waba_id is not set"}
	b.wants(b.get("/templates"), http.StatusOK, "its waba_id is not set", "Nothing is known of the templates of this channel")
}

// TestTemplatesAreShownByPages, in their order, none twice and none left out.
func TestTemplatesAreShownByPages(t *testing.T) {
	t.Parallel()
	b, s := browserWithShelf(t, viewerToken)
	s.list.Templates = nil
	for i := range 250 {
		s.list.Templates = append(s.list.Templates, campaign.Approved{
			TemplateName: campaign.TemplateName{Name: fmt.Sprintf("t%03d", (i*7)%125), Language: []string{"de", "en_US"}[i/125]}, Status: "approved", Components: json.RawMessage(`[]`),
		})
	}
	var seen []string
	for at := "/templates?q=t"; at != ""; {
		page := b.get(at)
		b.wants(page, http.StatusOK)
		if len(page.body) > 150_000 {
			t.Errorf("%d bytes", len(page.body))
		}
		for _, part := range strings.Split(page.body, `<a href="/templates/main/`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			seen = append(seen, name)
		}
		_, at, _ = strings.Cut(page.body, `<nav class="more" aria-label="Pages"><a href="`)
		at, _, _ = strings.Cut(strings.ReplaceAll(at, "&amp;", "&"), `"`)
	}
	if len(seen) != 250 {
		t.Fatalf("%d of 250", len(seen))
	}
	for i, name := range seen {
		if want := fmt.Sprintf("t%03d/%s", i/2, []string{"de", "en_US"}[i%2]); name != want {
			t.Fatalf("the template at %d is %s, want %s", i, name, want)
		}
	}
}

// TestATemplateIsChosenInTheForm of a new campaign.
func TestATemplateIsChosenInTheForm(t *testing.T) {
	t.Parallel()
	b, _ := browserWithShelf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	page := b.get(at + "/campaign")
	b.wants(page, http.StatusOK, `<option value="order_update">`, `type="checkbox" value="main" checked`, `type="checkbox" value="second">`)
	fill := url.Values{"form": {"true"}, "campaign": {b.hidden(page, "campaign")}, "do": {"text"}, "steps.0.template": {"order_update"}, "channels": {"", "main", "second"}}
	page = b.ask(http.MethodPost, at+"/campaign", fill, nil)
	b.wants(page, http.StatusOK, "The template says:", "Hi {{1}}", "category: utility", "channels: [main, second]", "gives no value")
	b.lacks(page, `name="steps.0.body.1"`)
	fill.Set("campaign", b.hidden(page, "campaign"))
	fill.Set("steps.0.body.0", "{{Name}}")
	fill["channels"] = []string{"", "second"}
	fill.Set("do", "preview")
	b.wants(b.ask(http.MethodPost, at+"/campaign", fill, nil), http.StatusOK, "It goes to", "Hi Ada", "channel: second")
}

// TestAFileForTheMessages travels with the campaign to its launch.
func TestAFileForTheMessages(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	const pictured = "name: pictured\nchannel: main\ncontacts: {phone: Phone}\nsteps:\n  - template: promo\n    language: en_US\n    header: {image: {file: promo.png}}\n"
	page := b.ask(http.MethodPost, at+"/campaign", url.Values{"campaign": {pictured}, "do": {"form"}}, nil)
	b.wants(page, http.StatusOK, "promo.png", `role="alert"`)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	page = b.form(at+"/media", field{name: "form", content: "true"}, field{name: "campaign", content: pictured}, field{name: "rate", content: "7"}, field{"file", "promo.png", picture.String()})
	b.wants(page, http.StatusOK, "rate: 7", "<bdi>promo.png</bdi>", `-known"><option value="promo.png">`, "/campaign?media=")
	b.lacks(page, `role="alert"`)
	_, query, _ := strings.Cut(page.body, "/campaign?")
	query, _, _ = strings.Cut(query, `"`)
	page = b.ask(http.MethodPost, at+"/preview?"+query, url.Values{"campaign": {pictured}}, nil)
	b.wants(page, http.StatusOK, "It goes to", "promo.png", "/confirm?media=", "bad-rows.csv?media=")
	confirm := b.ask(http.MethodPost, at+"/confirm?"+query, url.Values{"campaign": {pictured}, "how": {"draft"}}, nil)
	b.wants(confirm, http.StatusOK, "/launch?media=", "/preview?media=")
	done := b.ask(http.MethodPost, at+"/launch?"+query, url.Values{"campaign": {pictured}, "how": {"draft"}, "key": {b.hidden(confirm, "key")}}, nil)
	if done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.body)
	}
	if c := decode[campaignWithMedia](t, b.f.do(call{method: "GET", path: "/api/campaigns/" + b.f.only("pictured").ID, token: viewerToken})); len(c.Media) != 1 {
		t.Errorf("%+v", c)
	}
	gone := b.ask(http.MethodPost, at+"/preview?media=gone%2Fpromo.png", url.Values{"campaign": {pictured}}, nil)
	b.wants(gone, http.StatusNotFound, "upload the file again")
}

type campaignWithMedia struct {
	Media []json.RawMessage `json:"media"`
}

// TestACampaignByASchedule is added by admins, with whatever is wrong with it told.
func TestACampaignByASchedule(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	fill := url.Values{"campaign": {twoSteps}}
	b.lacks(b.ask(http.MethodPost, at+"/preview", fill, nil), "By a schedule")
	b.wants(b.ask(http.MethodPost, at+"/schedule", fill, nil), http.StatusForbidden, "needs the role admin")
	b.cookie = b.f.logIn(adminToken)
	at = b.uploadList("a.csv", fourContacts)
	b.wants(b.ask(http.MethodPost, at+"/preview", fill, nil), http.StatusOK, "By a schedule…")
	b.wants(b.ask(http.MethodPost, at+"/schedule", fill, nil), http.StatusOK, "Nothing is sent now", `name="name" required maxlength="64" value="order-update"`)
	for key, value := range map[string]string{"name": "daily", "cron": "0 25 * * *", "zone": "Europe/Madrid", "from": "url", "where": "https://user:secret@example.com/list.csv"} {
		fill.Set(key, value)
	}
	wrong := b.ask(http.MethodPost, at+"/schedule", fill, nil)
	b.wants(wrong, http.StatusUnprocessableEntity, `role="alert"`, `value="0 25 * * *"`)
	b.lacks(wrong, "secret")
	fill.Set("cron", "@hourly")
	fill.Set("where", "https://example.com/list.csv")
	if done := b.ask(http.MethodPost, at+"/schedule", fill, nil); done.header.Get("Location") != "/schedules/daily" {
		t.Fatalf("%d %s", done.status, done.body)
	}
	b.wants(b.get("/schedules/daily"), http.StatusOK, "Europe/Madrid", "https://example.com/list.csv", "order-update")
	fill.Set("name", "third")
	fill.Set("from", "file")
	fill.Set("where", "list.csv")
	if done := b.ask(http.MethodPost, at+"/schedule", fill, nil); done.header.Get("Location") != "/schedules/third" {
		t.Errorf("%d %s", done.status, done.body)
	}
}
