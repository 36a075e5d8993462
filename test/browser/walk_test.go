package browser

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"carillon/campaign"
	"carillon/client"
)

// TestWalkOfACampaign follows a campaign as the people who send do: with scripts and
// without, which changes what is seen without loading the page again, and nothing
// else.
func TestWalkOfACampaign(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	s.bothWays(t, s.walk)
}

// bothWays has a walk done with the scripts of pages and without.
func (s *stage) bothWays(t *testing.T, walk func(t *testing.T, w *tab, scripts bool)) {
	t.Helper()
	chrome := startChrome(t)
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) {
			w := newTab(chrome, t, s.url)
			if !scripts {
				w.withoutScripts()
			}
			walk(t, w, scripts)
		})
	}
}

func (s *stage) walk(t *testing.T, w *tab, scripts bool) {
	t.Helper()
	const people, failing = 150, 3
	w.open("/new")
	w.arrives(withQuery("/login", "next", "/new"))
	w.fill("Token", "a-token-that-is-wrong")
	w.click("Log in")
	w.shows("Unknown token")
	w.fill("Token", adminToken)
	w.click("Log in")
	w.arrives("/new")
	list := s.write(t, fmt.Sprintf("shipping %t.csv", scripts), string(contacts(t, people, 99902, 99902, 99901)))
	id := s.newCampaign(w, list, people+failing)
	at := "/campaigns/" + id
	w.click("Campaigns")
	w.arrives("/")
	w.click(fmt.Sprintf("shipping %t", scripts))
	w.arrives(at)

	if scripts {
		w.eval("window.notLoadedAgain = true", nil)
		w.until("the page counts by itself", sentOnPage+" > "+w.sent())
		w.until("it goes on counting", sentOnPage+" > "+w.sent()+" && notLoadedAgain")
	}
	w.click("Pause")
	w.shows("Pause shipping", "have not gone out stay where they are")
	w.click("Leave it as it is")
	w.arrives(at)
	w.click("Pause")
	w.shows("Nothing more leaves")
	w.click("Pause")
	w.arrives(at)
	w.shows("paused", "shop")
	if w.offers("Pause") || w.offers("Start") || !w.offers("Cancel") {
		t.Errorf("a campaign that is paused may be resumed and cancelled alone:\n%s", w.text())
	}
	s.reaches(t, id, "it is paused and nothing is under way", func(c client.Campaign) bool {
		return c.State == campaign.Paused && c.Counts[campaign.Posting] == 0
	})
	w.click("Resume")
	w.shows("Resume shipping", "may go out now", "At 10/s that takes about")
	w.click("Resume")
	w.arrives(at)
	if scripts {
		w.shows("finished") // the server draws the state, and the script asks for that
	} else {
		s.reaches(t, id, "it ends", func(c client.Campaign) bool { return c.State.Ended() && c.Open == 0 })
		w.open(at)
		w.shows("finished")
	}
	s.reaches(t, id, "every receipt is in", func(c client.Campaign) bool { return c.Counts[campaign.Failed] == failing })
	w.open(at)
	w.shows("Failures", "131026", "131009")

	w.click(fmt.Sprintf("failed %d", failing))
	w.arrives(at + "/people?status=failed")
	w.shows("131026")
	var rows int
	w.eval("document.querySelectorAll('tbody tr').length", &rows)
	if rows != failing {
		t.Errorf("%d people have failed on the page, want %d", rows, failing)
	}
	w.fill("Number", "99901")
	w.click("Search")
	w.arrives(at + "/people?q=99901&status=failed")
	w.shows("131009")
	w.lacks("131026")
	w.eval("document.querySelector('tbody th a, tbody td a').click()", nil)
	w.shows("row ", "131009", "Attempt")

	w.open(at)
	w.downloads(t)
	w.click("Report")
	if n := lines(t, w.folder, "*.csv"); n != people+failing+1 {
		t.Errorf("the report has %d lines, want one for each of %d messages and a head", n, people+failing)
	}
	copied, pause := w.cookie(), "/api/campaigns/"+id+"/pause"
	if status := s.post(t, pause, copied); status != http.StatusConflict { // it has ended
		t.Errorf("a copied cookie is answered with %d before its session ends, want %d", status, http.StatusConflict)
	}
	w.click("Log out")
	w.arrives("/login")
	if status := s.post(t, pause, copied); status != http.StatusUnauthorized {
		t.Errorf("a copied cookie is answered with %d after its session has ended, want %d", status, http.StatusUnauthorized)
	}
	w.open(at)
	w.arrives(withQuery("/login", "next", at))
}

// sentOnPage is how much a campaign's page says is sent.
const sentOnPage = `Number(document.querySelector("[data-sum^=accepted]").textContent.replace(/\D/g, ""))`

func (w *tab) sent() string {
	w.Helper()
	var n int
	w.eval(sentOnPage, &n)
	return fmt.Sprint(n)
}

// downloads has the window keep what it downloads in a folder of its own.
func (w *tab) downloads(t *testing.T) {
	t.Helper()
	w.folder = t.TempDir()
	w.do("keep downloads", chromedp.ActionFunc(func(ctx context.Context) error {
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(w.folder).
			WithBrowserContextID(w.cookies).Do(ofBrowser(ctx))
	}))
}

// TestWalkOfAViewer: who may only look is offered nothing else, and is refused if
// they ask all the same.
func TestWalkOfAViewer(t *testing.T) {
	t.Parallel()
	s, chrome := setStage(t), startChrome(t)
	id := s.launch(t, oneStep("Slow", 1), contacts(t, 500), time.Time{})
	at := "/campaigns/" + id
	w := newTab(chrome, t, s.url)
	w.logIn(viewerToken)
	w.click("Slow")
	w.arrives(at)
	w.shows("running")
	cookie := w.cookie()
	for _, action := range []string{"Pause", "Cancel", "Start", "Resume", "Retry the failed"} {
		if w.offers(action) {
			t.Errorf("a viewer is offered %s", action)
		}
	}
	for path, lacks := range map[string][]string{"/suppressions": {"Add", "Import", "Remove"}, "/schedules": {"Run order-reminder now", "Pause order-reminder"}} {
		w.open(path)
		for _, action := range lacks {
			if w.offers(action) {
				t.Errorf("%s: a viewer is offered %s", path, action)
			}
		}
	}
	w.open(at + "/pause")
	w.shows("needs the role operator")
	for _, path := range []string{at + "/pause", at + "/cancel", "/suppressions", "/suppressions/remove?phone=%2B4915120003344&scope=all", "/schedules/order-reminder/run"} {
		if status := s.post(t, path, cookie); status != http.StatusForbidden {
			t.Errorf("POST %s: %d, want %d", path, status, http.StatusForbidden)
		}
	}
	w.open(at)
	w.shows("running")
	w.click("Search everybody")
	w.arrives(at + "/people")
	w.click("Next")
	w.until("the next page comes", "location.search.includes('after=')")
}

// cookie is what the window is logged in with.
func (w *tab) cookie() string {
	w.Helper()
	var found []*network.Cookie
	w.do("look at the cookies", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		found, err = network.GetCookies().Do(ctx)
		return err
	}))
	if len(found) != 1 || !found[0].HTTPOnly || found[0].SameSite != network.CookieSameSiteStrict {
		w.Fatalf("the cookies are %+v, want one that scripts and other sites never see", found)
	}
	return found[0].Value
}

// TestWalkOfOptOuts adds people who want no messages, finds, imports and removes
// them.
func TestWalkOfOptOuts(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	s.bothWays(t, func(t *testing.T, w *tab, _ bool) {
		w.logIn(adminToken)
		w.click("Opt-outs")
		w.shows("Nobody has opted out")
		w.fillFirst("Number with its country, or user ID", "+49 1512 0003344")
		w.fillFirst("Reason", "asked by phone")
		w.click("Add")
		w.shows("1 person opted out", "+4915120003344", "asked by phone")

		file := s.write(t, "stop.csv", "Phone,scope,reason\n+33 6 12 40 07 77,marketing,too many\n+44 7400 000123,all,moved\n12,all,no number\n")
		w.attach("File (CSV, TSV or XLSX)", file)
		w.click("Import")
		w.shows("2 people opted out", "1 row has no number", "row 3", "+33612400777")

		w.fill("Number", "0007")
		w.click("Search")
		w.shows("Nobody with this number")
		w.fill("Number", "400777")
		w.click("Search")
		w.arrives("/suppressions?q=400777")
		w.shows("+33612400777", "too many")
		w.lacks("+4915120003344")

		for _, number := range []string{"+33612400777", "+4915120003344", "+447400000123"} {
			w.open("/suppressions")
			w.click("Remove the opt-out of " + number)
			w.shows("only if they have asked")
			w.click("Remove the opt-out of")
			w.arrives("/suppressions")
			w.lacks(number)
		}
		w.shows("Nobody has opted out")
	})
}

// fillFirst fills the first field that has the label.
func (w *tab) fillFirst(label, text string) {
	w.Helper()
	w.do("fill in "+label, chromedp.SendKeys("("+field(label)+")[1]", text, chromedp.BySearch))
}

// TestWalkOfASchedule has a schedule run out of turn, and pauses it.
func TestWalkOfASchedule(t *testing.T) {
	t.Parallel()
	s, chrome := setStage(t), startChrome(t)
	w := newTab(chrome, t, s.url)
	w.logIn(adminToken)
	w.click("Schedules")
	w.arrives("/schedules")
	w.click("Run order-reminder now")
	w.shows("out of turn")
	w.click("Run now")
	w.arrives("/schedules")
	w.until("the campaign is there", "(document.querySelector('tbody a[href^=\"/campaigns/\"]') || (location.reload(), false))")
	w.click("Pause order-reminder")
	w.shows("It starts nothing until it is resumed")
	w.click("Pause")
	w.arrives("/schedules")
	w.shows("paused")
	w.click("Resume order-reminder")
	w.shows("What it missed is not made up for")
	w.click("Resume")
	w.arrives("/schedules")
	w.lacks("paused")
	w.click("order-reminder")
	w.shows("Asked for by", "shop")
	w.open("/")
	w.click("order-reminder")
	w.shows("of 10 rows")
}
