package browser

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// sample is what the pages of the table show: campaigns in several states, schedules
// and opt-outs.
type sample struct {
	*stage
	running, paused, finished string // campaigns
	list                      string // an upload
}

// screen is a page of the table. A page is added with a line in screens, and then
// `go test ./test/browser -shots` for its pictures.
type screen struct {
	// name is that of its pictures, docs/pages/NAME-LOOK.png.
	name string
	// path is where it is; then does what leads on from there, nil for nothing.
	path func(sample) string
	then func(w *tab)
	// token is of who looks; empty for nobody.
	token string
	// shows is a text that is there when the page is.
	shows string
}

func at(path string) func(sample) string { return func(sample) string { return path } }

// screens are all pages, in the order of docs/pages.md.
func screens() []screen {
	return []screen{
		{name: "login", path: at("/login"), shows: "Log in to Carillon"},
		{name: "campaigns", path: at("/"), token: adminToken, shows: "Autumn parcels"},
		{name: "campaign-running", path: func(s sample) string { return "/campaigns/" + s.running }, token: adminToken, shows: "running"},
		{name: "campaign-finished", path: func(s sample) string { return "/campaigns/" + s.finished }, token: adminToken, shows: "Failures"},
		{name: "campaign-viewer", path: func(s sample) string { return "/campaigns/" + s.paused }, token: viewerToken, shows: "paused"},
		{name: "people", path: func(s sample) string { return "/campaigns/" + s.finished + "/people" }, token: adminToken, shows: "Attempts"},
		{name: "people-failed", path: func(s sample) string {
			return withQuery("/campaigns/"+s.finished+"/people", "status", campaign.Failed.String())
		}, token: adminToken, shows: "131026"},
		{name: "confirm-pause", path: func(s sample) string { return "/campaigns/" + s.running + "/pause" }, token: adminToken, shows: "Leave it as it is"},
		{name: "confirm-cancel", path: func(s sample) string { return "/campaigns/" + s.paused + "/cancel" }, token: adminToken, shows: "This cannot be taken back"},
		{name: "channels", path: at("/channels"), token: adminToken, shows: "People in 24 hours"},
		{name: "channel", path: at("/channels/main"), token: adminToken, shows: "Last receipt"},
		{name: "templates", path: at("/templates"), token: adminToken, shows: "weekend_offer"},
		{name: "template", path: at("/templates/main/weekend_offer/en_US"), token: adminToken, shows: "a quarter off"},
		{name: "schedules", path: at("/schedules"), token: adminToken, shows: "order-reminder"},
		{name: "schedule", path: at("/schedules/order-reminder"), token: adminToken, shows: "What was missed"},
		{name: "confirm-run", path: at("/schedules/order-reminder/run"), token: adminToken, shows: "out of turn"},
		{name: "opt-outs", path: at("/suppressions"), token: adminToken, shows: "Add one"},
		{name: "opt-outs-viewer", path: at("/suppressions?q=4915"), token: viewerToken, shows: "asked by phone"},
		{name: "confirm-remove", path: at("/suppressions/remove?phone=%2B4915120003344&scope=all"), token: adminToken, shows: "only if they have asked"},
		{name: "problem", path: at("/campaigns/nothing"), token: adminToken, shows: "What to do"},
		{name: "audit", path: at("/audit"), token: adminToken, shows: "Audit log"},
		{name: "person", path: func(s sample) string { return "/campaigns/" + s.finished + "/people/1" }, token: adminToken, shows: "row 1"},
		{name: "new", path: at("/new"), token: adminToken, shows: "New campaign"},
		{name: "new-columns", path: func(s sample) string { return "/new/" + s.list }, token: adminToken, shows: "of these rows can be sent to"},
		{name: "new-campaign", path: written, then: chooseTemplate, token: adminToken, shows: "The template says"},
		{name: "new-preview", path: written, then: previewOffer, token: adminToken, shows: "What people get"},
		{name: "new-confirm", path: written, then: func(w *tab) {
			previewOffer(w)
			w.click("Start now…")
		}, token: adminToken, shows: "It sends to"},
		{name: "new-schedule", path: written, then: func(w *tab) {
			previewOffer(w)
			w.click("By a schedule…")
		}, token: adminToken, shows: "Nothing is sent now"},
		{name: "forbidden", path: at("/schedules/order-reminder/run"), token: viewerToken, shows: "needs the role admin"},
	}
}

// written is where the campaign of the upload is written.
func written(s sample) string { return "/new/" + s.list + "/campaign" }

// chooseTemplate chooses a template in the form of a new campaign.
func chooseTemplate(w *tab) {
	w.Helper()
	w.choose("Template", "weekend_offer")
	w.click("Update")
	w.shows("The template says")
}

// previewOffer fills the rest in and goes on to the preview.
func previewOffer(w *tab) {
	w.Helper()
	chooseTemplate(w)
	w.fill("Header's image", "https://example.com/weekend.jpg")
	w.fill("Parameter 1 of the body", "{{Full Name|Hello}}")
	w.fill("Its payload, end of URL or code", "{{City}}")
	w.click("Preview")
	w.shows("What people get")
}

// newSample fills a program with what the pages show.
func newSample(t *testing.T) sample {
	t.Helper()
	s := sample{stage: setStage(t)}
	for _, one := range [][3]string{{"+4915120003344", "all", "asked by phone"}, {"+33612400777", "marketing", "too many offers"}, {"+971501200555", "all", "لا أريد رسائل"}} {
		if _, err := s.client.Suppress(t.Context(), []api.NewSuppression{{Phone: one[0], Scope: one[1], Reason: one[2]}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.client.RunSchedule(t.Context(), "order-reminder"); err != nil {
		t.Fatal(err)
	}
	kept, err := s.client.KeepFile(t.Context(), "weekend.csv", bytes.NewReader(append(contacts(t, 40), "Nobody,12,en,A-1,1,DE\n"...)))
	if err != nil {
		t.Fatal(err)
	}
	s.list = kept.ID
	s.finished = s.launch(t, twoSteps("Autumn parcels", 0), contacts(t, 240, 99901, 99901, 99902, 99902, 99902, 99913), time.Time{})
	s.launch(t, oneStep("عروض نهاية الأسبوع (DE)", 0), contacts(t, 24), time.Time{})
	s.launch(t, oneStep("Winter timetable", 0), contacts(t, 120), time.Now().Add(72*time.Hour))
	s.paused = s.launch(t, oneStep("מבצע סוף השבוע", 2), contacts(t, 300), time.Time{})
	s.running = s.launch(t, twoSteps("Delivery today", 5), contacts(t, 4721), time.Time{})
	s.reaches(t, s.paused, "some are delivered", func(c client.Campaign) bool { return c.Counts[campaign.Delivered]+c.Counts[campaign.Read] > 2 })
	if _, err := s.client.Act(t.Context(), s.paused, string(campaign.Pause)); err != nil {
		t.Fatal(err)
	}
	s.reaches(t, s.finished, "it ends", func(c client.Campaign) bool { return c.State.Ended() && c.Open == 0 })
	s.reaches(t, s.running, "some are delivered", func(c client.Campaign) bool { return c.Counts[campaign.Delivered]+c.Counts[campaign.Read] > 5 })
	return s
}

// maxWeight is how many bytes a page may be with all that it loads.
const maxWeight = 150_000

// TestPages holds each page of the table to what everybody needs, in every look.
func TestPages(t *testing.T) {
	t.Parallel()
	s, chrome := newSample(t), startChrome(t)
	titles := map[string]string{}
	visitors := map[string]*tab{}
	for _, token := range []string{"", adminToken, viewerToken} {
		visitors[token] = newTab(chrome, t, s.url)
		if token != "" {
			visitors[token].logIn(token)
		}
	}
	for _, page := range screens() {
		t.Run(page.name, func(t *testing.T) {
			w := visitors[page.token].in(t)
			for _, l := range looks() {
				w.wear(l)
				w.visit(page, s)
				w.keep(page.name, l)
				w.wantUsable(l)
				w.wantNamedControls(l)
				w.withoutScripts() // nothing comes or goes while the focus moves on
				w.visit(page, s)
				w.wantVisibleFocus(l)
				w.withScripts()
			}
			w.wantStillness()
			title := w.title()
			path, _, _ := strings.Cut(page.path(s), "?")
			if other, taken := titles[title]; taken && other != path {
				t.Errorf("%s has the same title as this: %q", other, title)
			}
			titles[title] = path
			var load struct{ Bytes, Paint float64 }
			w.visit(page, s)
			w.until("it is painted", "performance.getEntriesByName('first-contentful-paint').length")
			w.eval(script(t, "weight.js"), &load)
			if load.Bytes > maxWeight || load.Bytes < 1000 {
				t.Errorf("the page has %.0f bytes with all that it loads, of at most %d", load.Bytes, maxWeight)
			}
			t.Logf("%.0f bytes, first paint after %.0f ms", load.Bytes, load.Paint)
		})
	}
}

// visit goes to a page of the table.
func (w *tab) visit(page screen, s sample) {
	w.Helper()
	w.open(page.path(s))
	if page.then != nil {
		page.then(w)
	}
	w.shows(page.shows)
}

// in is the same window for a part of a test.
func (w *tab) in(t testing.TB) *tab { return &tab{TB: t, ctx: w.ctx, root: w.root} }

func (w *tab) title() (title string) {
	w.Helper()
	w.eval("document.title", &title)
	return title
}

func (w *tab) complain(l look, problems []string) {
	w.Helper()
	for _, problem := range problems {
		w.Errorf("%s: %s", l, problem)
	}
}
