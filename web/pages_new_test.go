package web

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"carillon/api"
	"carillon/campaign"
)

// field is a field of a form with files; one with a file's name is a file.
type field struct{ name, file, content string }

// form sends a form with files, as a browser does.
func (b browser) form(path string, fields ...field) shown {
	b.t.Helper()
	var body bytes.Buffer
	out := multipart.NewWriter(&body)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f.file != "" {
			part, err = out.CreateFormFile(f.name, f.file)
		} else {
			part, err = out.CreateFormField(f.name)
		}
		if err == nil {
			_, err = io.WriteString(part, f.content)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.send(http.MethodPost, path, &body, map[string]string{"Content-Type": out.FormDataContentType()})
}

// uploadList uploads a list and returns the address of its page.
func (b browser) uploadList(name, list string) string {
	b.t.Helper()
	answer := b.form("/new", field{"list", name, list})
	if at := answer.header.Get("Location"); answer.status == http.StatusSeeOther && strings.HasPrefix(at, "/new/") {
		return at
	}
	b.t.Fatalf("%d %s", answer.status, answer.body)
	return ""
}

// hidden finds the value of a hidden field.
func (b browser) hidden(page shown, name string) string {
	b.t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page.body)
	if found == nil {
		b.t.Fatalf("there is no field %s:\n%s", name, page.body)
	}
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(found[1])
}

// lacks looks for what a page must not show.
func (b browser) lacks(s shown, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(s.body, text) {
			b.t.Errorf("the page has %q:\n%s", text, s.body)
		}
	}
}

// only is the one campaign with a name.
func (f *fixture) only(name string) api.Campaign {
	f.t.Helper()
	var found []api.Campaign
	for _, c := range decode[api.Page[api.Campaign]](f.t, f.do(call{method: "GET", path: "/api/campaigns", token: viewerToken})).Items {
		if c.Name == name {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		f.t.Fatalf("%d campaigns are called %s", len(found), name)
	}
	return found[0]
}

// TestANewCampaignWithoutScript goes all the way from a list to a running campaign.
func TestANewCampaignWithoutScript(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	b.wants(b.get("/new"), http.StatusOK, `enctype="multipart/form-data"`, `type="file"`)
	at := b.uploadList("spring people.csv", "Telephone;First;Town\n+4915112345601;Ada;Ulm\n12;Grace;Bonn\n0151 12345603;Edsger;Ulm\n")
	page := b.get(at)
	b.wants(page, http.StatusOK, "spring people.csv", "<b>2</b>", "is not a number that could be sent to", "12 has no country code", "Ada", "Ulm</bdi> · <bdi>Bonn", "bad-rows.csv")
	page = b.get(at + "?phone=Telephone&default_region=de&delimiter=%3B")
	b.wants(page, http.StatusOK, "2 of these rows can be sent to", `name="default_region" value="DE"`)

	bad := b.form(strings.ReplaceAll(regexp.MustCompile(`/api/check/bad-rows.csv[^"]*`).FindString(page.body), "&amp;", "&"))
	b.wants(bad, http.StatusOK, "12,Grace,Bonn,2,invalid,")
	b.lacks(bad, "Edsger")

	page = b.get(at + "/campaign?" + url.Values{"phone": {"Telephone"}, "default_region": {"DE"}}.Encode())
	b.wants(page, http.StatusOK, "default_region: DE", `value="spring people"`, `value="{{First}}"`, `type="checkbox" value="main" checked`)
	b.lacks(page, `class="fault"`, `role="alert"`)
	fill := url.Values{"form": {"true"}, "campaign": {b.hidden(page, "campaign")}, "do": {"text"}, "steps.0.template": {"spring_offer"},
		"steps.0.body.0": {"{{First}}"}, "steps.0.body.1": {"{{City}}"}, "name": {"spring"}, "steps.0.category": {"utility"}}
	page = b.ask(http.MethodPost, at+"/campaign", fill, nil)
	b.wants(page, http.StatusOK, `role="alert"`, `the list has no column`, `aria-invalid="true"`)
	fill.Set("campaign", b.hidden(page, "campaign"))
	fill.Set("steps.0.body.1", "{{Town}}")
	fill.Set("do", "preview")
	page = b.ask(http.MethodPost, at+"/campaign", fill, nil)
	b.wants(page, http.StatusOK, "It goes to 2 people", "spring_offer (en_US)", "<li><bdi>Ada</bdi></li><li><bdi>Ulm</bdi></li>", "The longest values, row 3")

	text := b.hidden(page, "campaign")
	page = b.ask(http.MethodPost, at+"/preview", url.Values{"campaign": {text}, "row": {"3"}}, nil)
	b.wants(page, http.StatusOK, `value="3"`, "<h3>Row 3 ")
	b.wants(b.ask(http.MethodPost, at+"/preview", url.Values{"campaign": {text}, "row": {"2"}}, nil), http.StatusOK, "Nothing goes to row 2")

	confirm := b.ask(http.MethodPost, at+"/confirm", url.Values{"campaign": {text}, "how": {"now"}}, nil)
	b.wants(confirm, http.StatusOK, `action="`+at+`/launch"`, "Start <bdi>spring</bdi>?", "It sends to 2 people", `formaction="`+at+`/preview"`)
	send := url.Values{"campaign": {b.hidden(confirm, "campaign")}, "how": {"now"}, "key": {b.hidden(confirm, "key")}}
	first := b.ask(http.MethodPost, at+"/launch", send, nil)
	again := b.ask(http.MethodPost, at+"/launch", send, nil)
	if first.status != http.StatusSeeOther || first.header.Get("Location") != again.header.Get("Location") {
		t.Errorf("sent twice it is %d %v and %d %v", first.status, first.header, again.status, again.header)
	}
	c := b.f.only("spring")
	if c.State != campaign.Running || c.Verdicts[campaign.OK] != 2 {
		t.Errorf("%+v", c)
	}
	if to := b.get(at + "/preview").header.Get("Location"); to != at {
		t.Errorf("a later step that is asked for again leads to %q", to)
	}
}

// TestANewCampaignWaits for its time, or as a draft.
func TestANewCampaignWaits(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	for _, one := range []struct {
		how, at, says string
		state         campaign.State
	}{
		{"draft", "", "Nothing is sent", campaign.Draft},
		{"at", "2090-03-01T09:00", "It starts on 1 Mar 2090, 09:00 UTC", campaign.Scheduled},
		{"at", "2090-03-01T10:00:00+01:00", "It starts on 1 Mar 2090, 09:00 UTC", campaign.Scheduled},
	} {
		name := fmt.Sprintf("waits %s %s", one.how, one.at)
		fill := url.Values{"campaign": {strings.Replace(twoSteps, "order-update", `"`+name+`"`, 1)}, "how": {one.how}, "at": {one.at}}
		page := b.ask(http.MethodPost, at+"/confirm", fill, nil)
		b.wants(page, http.StatusOK, one.says, "at 20/s")
		fill.Set("key", b.hidden(page, "key"))
		if one.at != "" {
			fill.Set("at", b.hidden(page, "at"))
		}
		if done := b.ask(http.MethodPost, at+"/launch", fill, nil); done.status != http.StatusSeeOther {
			t.Errorf("%d %s", done.status, done.body)
		}
		if c := b.f.only(name); c.State != one.state {
			t.Errorf("%s is %s", name, c.State)
		}
	}
	b.wants(b.ask(http.MethodPost, at+"/confirm", url.Values{"campaign": {twoSteps}, "how": {"at"}, "at": {"noon"}}, nil), http.StatusBadRequest, "is not a time")
	b.wants(b.ask(http.MethodPost, at+"/confirm", url.Values{"campaign": {"name: x"}, "how": {"now"}}, nil), http.StatusOK, `role="alert"`, "steps")
}

// TestBadRowsInABrowser: they are fetched by a form, mended, and uploaded again with
// the campaign as it stands.
func TestBadRowsInABrowser(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	page := b.ask(http.MethodPost, at+"/campaign", url.Values{"campaign": {twoSteps}, "do": {"preview"}}, nil)
	b.wants(page, http.StatusOK, "It goes to 1 person", "bad_value", "duplicate", "/api/check/bad-rows.csv?upload=")
	file := b.form("/api/check/bad-rows.csv?upload="+strings.TrimPrefix(at, "/new/"), field{name: "campaign", content: b.hidden(page, "campaign")})
	b.wants(file, http.StatusOK, "not a number,Grace,3,invalid,")
	mended := strings.NewReplacer("not a number,Grace", "+4915112345603,Grace", "+4915112345602,,", "+4915112345602,Bo,").Replace(file.body)
	page = b.form("/new", field{name: "campaign", content: twoSteps}, field{"list", "bad-rows.csv", mended})
	b.wants(page, http.StatusOK, "It goes to 3 people", "Grace")
	b.lacks(page, "bad_value", at+"/")

	alone := b.uploadList("bad-rows.csv", mended)
	b.wants(b.get(alone), http.StatusOK, "3 of these rows can be sent to")
}

// TestAListThatCannotBeReadSo can be read otherwise.
func TestAListThatCannotBeReadSo(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", "Phone,Name\n+4915112345601,\xc8\xe2\xe0\xed\n")
	b.wants(b.get(at), http.StatusOK, `role="alert"`, "it is not clear", `name="encoding"`)
	b.wants(b.get(at+"?encoding=windows-1251"), http.StatusOK, "Иван", "1 of these rows can be sent to")
	b.wants(b.get("/new/gone"), http.StatusNotFound, "upload the file again")
	b.wants(b.form("/new", field{"list", "a.csv", ""}), http.StatusUnprocessableEntity, "the file is empty")
	at = b.uploadList("a.xlsx", filteredWorkbook(t))
	b.wants(b.get(at), http.StatusOK, "1 hidden row is left out", "<option>Sheet1</option>", "2 of these rows")
	b.wants(b.get(at+"?include_hidden=true"), http.StatusOK, "3 of these rows", "checked")
	b.wants(b.get(at+"/campaign?include_hidden=true"), http.StatusOK, "include_hidden: true")
}

// TestATestMessageInABrowser goes to one's own number, with a row's values, once.
func TestATestMessageInABrowser(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", "Phone,Name\n+4915112345601,Ada\n+4915112345602,Grace\n")
	page := b.ask(http.MethodPost, at+"/preview", url.Values{"campaign": {twoSteps}}, nil)
	fill := url.Values{"campaign": {twoSteps}, "key": {b.hidden(page, "key")}, "phone": {"+4915112345699"}, "step": {"1"}, "row": {"2"}}
	for range 2 {
		answer := b.ask(http.MethodPost, at+"/test", fill, nil)
		if answer.status != http.StatusSeeOther {
			t.Fatalf("%d %s", answer.status, answer.body)
		}
	}
	c := b.f.only("test: order-update")
	rows := decode[api.Page[api.Recipient]](t, b.f.do(call{method: "GET", path: "/api/campaigns/" + c.ID + "/recipients", token: viewerToken}))
	if c.State != campaign.Running || len(rows.Items) != 1 || rows.Items[0].Phone != "+4915112345699" {
		t.Errorf("%+v, %+v", c, rows)
	}
	fill.Set("step", "7")
	b.wants(b.ask(http.MethodPost, at+"/test", fill, nil), http.StatusBadRequest, "form")
}

// TestAViewerMakesNoCampaign, nor is offered to.
func TestAViewerMakesNoCampaign(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, viewerToken)
	b.lacks(b.get("/"), `href="/new"`)
	b.wants(b.get("/new"), http.StatusForbidden, "needs the role operator")
	b.wants(b.form("/new", field{"list", "a.csv", fourContacts}), http.StatusForbidden, "needs the role operator")
	b.wants(b.ask(http.MethodPost, "/new/x/launch", url.Values{"campaign": {twoSteps}}, nil), http.StatusForbidden, "needs the role operator")
	b.cookie = b.f.logIn(operatorToken)
	b.wants(b.get("/"), http.StatusOK, `href="/new"`)
	at := b.uploadList("a.csv", fourContacts)
	b.cookie = b.f.logIn(adminToken)
	b.wants(b.get(at), http.StatusNotFound, "not there")
}

// TestEveryControlHasALabel on the pages of a new campaign.
func TestEveryControlHasALabel(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, operatorToken)
	at := b.uploadList("a.csv", fourContacts)
	for name, page := range map[string]shown{
		"list": b.get("/new"), "columns": b.get(at), "campaign": b.ask(http.MethodPost, at+"/campaign", url.Values{"campaign": {twoSteps}, "do": {"form"}}, nil),
		"preview": b.ask(http.MethodPost, at+"/preview", url.Values{"campaign": {twoSteps}}, nil),
	} {
		b.wants(page, http.StatusOK)
		ids := map[string]bool{}
		for _, control := range regexp.MustCompile(`<(?:input|select|textarea)[^>]*>`).FindAllString(page.body, -1) {
			if strings.Contains(control, `type="hidden"`) {
				continue
			}
			id := regexp.MustCompile(` id="([^"]*)"`).FindStringSubmatch(control)
			if id == nil || ids[id[1]] || !strings.Contains(page.body, `<label for="`+id[1]+`"`) {
				t.Errorf("%s: %s has no label of its own", name, control)
				continue
			}
			ids[id[1]] = true
		}
		if len(page.body) > 150_000 || strings.Contains(page.body, " style=") || strings.Contains(page.body, " on") && regexp.MustCompile(` on[a-z]+="`).MatchString(page.body) {
			t.Errorf("%s: %d bytes, or a style or a script of its own", name, len(page.body))
		}
	}
}
