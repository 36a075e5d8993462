package web

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"carillon/campaign"
)

// browser looks at pages as a person does.
type browser struct {
	t      *testing.T
	f      *fixture
	cookie *http.Cookie // nil before the login
}

// shown is a page as it came.
type shown struct {
	status int
	header http.Header
	body   string
}

func (b browser) ask(method, path string, fill url.Values, header map[string]string) shown {
	b.t.Helper()
	all := map[string]string{}
	if method == http.MethodPost {
		all["Content-Type"] = "application/x-www-form-urlencoded"
	}
	maps.Copy(all, header)
	return b.send(method, path, strings.NewReader(fill.Encode()), all)
}

func (b browser) send(method, path string, body io.Reader, header map[string]string) shown {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.f.http.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	for key, value := range header {
		r.Header.Set(key, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return shown{answer.StatusCode, answer.Header, strings.ReplaceAll(string(text), "&#43;", "+")}
}

func (b browser) get(path string) shown {
	b.t.Helper()
	return b.ask(http.MethodGet, path, nil, nil)
}

func (b browser) wants(s shown, status int, has ...string) {
	b.t.Helper()
	if s.status != status {
		b.t.Fatalf("%d, want %d: %s", s.status, status, s.body)
	}
	for _, text := range has {
		if !strings.Contains(s.body, text) {
			b.t.Errorf("the page lacks %q:\n%s", text, s.body)
		}
	}
}

// pagesOf starts a server with a campaign and lets somebody with a token look.
func pagesOf(t *testing.T, token string) (b browser, id string) {
	t.Helper()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	c := uploadCall("/api/campaigns", "")
	c.token = operatorToken
	answer := f.do(c)
	wantStatus(t, answer, http.StatusCreated)
	id = strings.TrimPrefix(answer.header.Get("Location"), "/api/campaigns/")
	return browser{t, f, f.logIn(token)}, id
}

func TestPagesAreForThoseWhoHaveLoggedIn(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, viewerToken)
	stranger := browser{t, b.f, nil}
	for _, path := range []string{"/", "/campaigns/" + id, "/suppressions?q=1", "/nothing/here"} {
		answer := stranger.get(path)
		if to := answer.header.Get("Location"); answer.status != http.StatusSeeOther || to != "/login?next="+url.QueryEscape(path) {
			t.Errorf("%s: %d %s", path, answer.status, to)
		}
	}
	b.wants(b.get("/nothing/here"), http.StatusNotFound, "there is no page at /nothing/here")
	b.wants(b.get("/campaigns/zzz"), http.StatusNotFound, "Not found")
	out := b.ask(http.MethodPost, "/logout", nil, nil)
	if out.status != http.StatusSeeOther || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logged out: %d %v", out.status, out.header)
	}
}

// TestPagesOfferWhatIsLegal: to whom may do it, in a state that allows it.
func TestPagesOfferWhatIsLegal(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, viewerToken)
	at := "/campaigns/" + id
	b.wants(b.get("/"), http.StatusOK, "order-update", "draft")
	page := b.get(at)
	b.wants(page, http.StatusOK, "order_feedback", "of 4 rows")
	if strings.Contains(page.body, at+"/start") {
		t.Error("a viewer is offered to start a campaign")
	}
	b.wants(b.ask(http.MethodPost, at+"/start", nil, nil), http.StatusForbidden, "needs the role operator")

	b.cookie = b.f.logIn(operatorToken)
	b.wants(b.get(at), http.StatusOK, at+"/start", at+"/cancel")
	b.wants(b.get(at+"/start"), http.StatusOK, "<form", "1 message may go out now", "At 20/s")
	if answer := b.get(at + "/resume"); answer.status != http.StatusSeeOther {
		t.Errorf("resuming a draft is offered: %d %s", answer.status, answer.body)
	}
	if answer := b.ask(http.MethodPost, at+"/start", nil, nil); answer.status != http.StatusSeeOther || answer.header.Get("Location") != at {
		t.Errorf("start: %d %s", answer.status, answer.body)
	}
	running := b.get(at)
	b.wants(running, http.StatusOK, "running", at+"/pause")
	if strings.Contains(running.body, at+"/start") || strings.Contains(running.body, at+"/resume") {
		t.Errorf("what would change nothing is offered:\n%s", running.body)
	}
	if answer := b.ask(http.MethodPost, at+"/cancel", nil, nil); answer.status != http.StatusSeeOther {
		t.Errorf("cancel: %d %s", answer.status, answer.body)
	}
	b.wants(b.ask(http.MethodPost, at+"/start", nil, nil), http.StatusConflict, "What to do:")
}

// TestPagesOfOtherSitesCannotAct: a form that another site's page sends does
// nothing, though the browser is logged in.
func TestPagesOfOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, adminToken)
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}} {
		for _, path := range []string{"/campaigns/" + id + "/cancel", "/logout"} {
			if answer := b.ask(http.MethodPost, path, nil, header); answer.status != http.StatusForbidden {
				t.Errorf("%s, %v: %d", path, header, answer.status)
			}
		}
	}
	b.wants(b.get("/campaigns/"+id), http.StatusOK, "draft")
}

// TestWhatAPageMayDo: no script or style but ours, no frame, and nothing of a list
// is taken for HTML.
func TestWhatAPageMayDo(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, adminToken)
	c := multipartCall("/api/campaigns", "",
		part{"campaign", strings.Replace(twoSteps, "name: order-update", `name: "<script>alert(1)</script>"`, 1)}, part{"contacts", fourContacts})
	c.token = operatorToken
	wantStatus(t, b.f.do(c), http.StatusCreated)
	page := b.get("/")
	b.wants(page, http.StatusOK, "&lt;script&gt;")
	if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if strings.Contains(page.body, "<style") || strings.Contains(page.body, " style=") || strings.Contains(page.body, "<script>") {
		t.Error("there is a script or a style in the page")
	}
	for _, path := range strings.FieldsFunc(page.body, func(c rune) bool { return c == '"' }) {
		if strings.HasPrefix(path, "/assets/") {
			asset := b.get(path)
			b.wants(asset, http.StatusOK)
			if !strings.Contains(asset.header.Get("Cache-Control"), "immutable") || len(page.body)+len(asset.body) > 150_000 {
				t.Errorf("%s: %v, %d bytes", path, asset.header, len(asset.body))
			}
		}
	}
	b.wants(b.get("/assets/style.css"), http.StatusNotFound)
}

func TestOptOutsInABrowser(t *testing.T) {
	t.Parallel()
	b, _ := pagesOf(t, adminToken)
	one := url.Values{"phone": {"+49 151 12345601"}, "scope": {"all"}, "reason": {"called us"}}
	b.wants(b.ask(http.MethodPost, "/suppressions", one, nil), http.StatusOK, "1 person opted out", "+4915112345601", "called us")
	b.wants(b.ask(http.MethodPost, "/suppressions", url.Values{"phone": {"12"}}, nil), http.StatusUnprocessableEntity, "What to do:")
	b.wants(b.get("/suppressions?q=345601"), http.StatusOK, "+4915112345601")
	b.wants(b.get("/suppressions?q=999"), http.StatusOK, "Nobody with this number")
	remove := "/suppressions/remove?" + url.Values{"phone": {"+4915112345601"}, "scope": {"all"}}.Encode()
	b.wants(b.get(remove), http.StatusOK, "<form", "only if they have asked")
	if answer := b.ask(http.MethodPost, remove, nil, nil); answer.status != http.StatusSeeOther {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	b.wants(b.get("/suppressions"), http.StatusOK, "Nobody has opted out")
}

func TestPeopleInABrowser(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, viewerToken)
	at := "/campaigns/" + id + "/people"
	b.wants(b.get(at), http.StatusOK, "not a number", "+4915112345601")
	found := b.get(at + "?status=" + campaign.Pending.String())
	b.wants(found, http.StatusOK, "+4915112345601")
	if strings.Contains(found.body, "not a number") {
		t.Error("a row that is rejected is shown among those that may go out")
	}
	b.wants(b.get(at+"?q=555555"), http.StatusOK, "Nobody on this list is like that")
	b.wants(b.get(at+"?status=flown"), http.StatusBadRequest, "flown")
}

// TestACampaignIsMadeAgain: its clone begins with its text.
func TestACampaignIsMadeAgain(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, operatorToken)
	b.wants(b.get("/campaigns/"+id), http.StatusOK, "/new?campaign="+id)
	b.wants(b.get("/new?campaign="+id), http.StatusOK, "taken over", "template: order_feedback")
	b.wants(b.get("/new?campaign=zzz"), http.StatusNotFound, "Not found")
}
