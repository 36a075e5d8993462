package browser

import (
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/client"
)

// newCampaign makes a campaign on the pages, from its list to its start, and returns
// its id. The list has people in it that can be sent to.
func (s *stage) newCampaign(w *tab, list string, people int) (id string) {
	w.Helper()
	s.upload(w, list)
	w.shows(fmt.Sprintf("%d of these rows can be sent to", people), "Jürgen Groß", "Phone Number")
	w.choose("Phone numbers in", "Phone Number")
	w.click("Read it like this")
	w.until("the choice is kept", "location.search.includes('phone=Phone') && document.readyState == 'complete'")
	w.shows(fmt.Sprintf("%d of these rows can be sent to", people))
	w.click("Go on to the campaign")
	w.shows("The campaign as text")
	w.choose("Template", "order_update")
	w.click("Update")
	w.shows("your order {{2}} of {{3}} is on its way")
	w.fill("Language", "{{Language|en_US}}")
	w.fill("Parameter 1 of the body", "{{Full Name|there}}")
	w.fill("Parameter 2 of the body", "{{Order Number}}")
	w.fill("Parameter 3 of the body", "{{Amount}}")
	w.fill("Messages a second, at most", "10")
	w.click("Preview")
	w.shows("The campaign has mistakes", `the list has no column "Order Number"`)
	w.fill("Parameter 2 of the body", "{{Order ID}}")
	w.click("Preview")
	w.shows(fmt.Sprintf("It goes to %d people", people), "Hello Jürgen Groß, your order A-1001", "The longest values")
	w.fill("Row", "3")
	w.click("Show this row")
	w.shows("Row 3", "نورا العلي")
	w.click("Start now…")
	w.shows(fmt.Sprintf("It sends to %d people", people), "at 10/s, until")
	w.click("Start")
	w.until("the campaign's page comes", `/^\/campaigns\/[^/]+$/.test(location.pathname) && document.readyState == 'complete'`)
	return strings.TrimPrefix(w.path(), "/campaigns/")
}

// upload uploads a list on the page for a new campaign.
func (s *stage) upload(w *tab, list string) {
	w.Helper()
	w.open("/new")
	w.attach("File (CSV, TSV or XLSX)", list)
	w.click("Upload")
	w.until("the list's page comes", `location.pathname.length > 5 && document.readyState == 'complete'`)
}

// TestWalkOfAMendedList takes the bad rows of a list, mends them, and uploads them
// again.
func TestWalkOfAMendedList(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	s.bothWays(t, func(t *testing.T, w *tab, _ bool) {
		w.logIn(operatorToken)
		list := string(contacts(t, 8)) + "Nobody,12,en_US,A-2001,3.00,DE\nTwice,+4915120000001,en_US,A-2002,4.00,DE\nNo number,,en_US,A-2003,5.00,DE\n"
		s.upload(w, s.write(t, "some are bad.csv", list))
		w.shows("8 of these rows can be sent to", "is not a number that could be sent to", "the same person stands above", "has no number")
		w.downloads(t)
		w.click("bad-rows.csv")
		if n := lines(t, w.folder, "*.csv"); n != 4 {
			t.Fatalf("the file has %d lines, want a head and three rows", n)
		}
		bad, err := os.ReadFile(filepath.Join(w.folder, "bad-rows.csv"))
		if err != nil {
			t.Fatal(err)
		}
		mended := strings.NewReplacer("Nobody,12,", "Nobody,+4915120009001,", "Twice,+4915120000001,", "Twice,+4915120009002,", "No number,,", "No number,+4915120009003,").Replace(string(bad))
		file := filepath.Join(w.folder, "mended.csv")
		if err := os.WriteFile(file, []byte(mended), 0o600); err != nil {
			t.Fatal(err)
		}
		w.attach("File (CSV, TSV or XLSX)", file)
		w.click("Upload")
		w.shows("mended.csv", "3 of these rows can be sent to")
		w.lacks("bad-rows.csv")
	})
}

// TestWalkOfASavedCampaign has a picture in its header, waits as a draft, and is
// started from its page.
func TestWalkOfASavedCampaign(t *testing.T) {
	t.Parallel()
	s, chrome := setStage(t), startChrome(t)
	w := newTab(chrome, t, s.url)
	w.logIn(adminToken)
	s.upload(w, s.write(t, "weekend.csv", string(contacts(t, 12))))
	w.click("Go on to the campaign")
	w.shows("Files for the messages")
	w.fill("Expires", "3d")
	w.attach("File", s.write(t, "weekend.png", grayPicture(t)))
	w.click("Add the file")
	w.shows("weekend.png")
	w.keeps("Expires", "3d")
	w.choose("Template", "weekend_offer")
	w.click("Update")
	w.shows("everything is a quarter off")
	w.choose("The image by", "file")
	w.fill("Header's image", "weekend.png")
	w.fill("Parameter 1 of the body", "{{Full Name}}")
	w.fill("Its payload, end of URL or code", "{{City}}")
	w.click("Preview")
	w.shows("It goes to 12 people", "weekend.png", "https://example.com/DE")
	w.click("Save as draft…")
	w.shows("Nothing is sent")
	w.click("Save")
	w.shows("draft")
	w.click("Start")
	w.shows("12 messages may go out now")
	w.click("Start")
	w.shows("finished")
	id := strings.TrimPrefix(w.path(), "/campaigns/")
	s.reaches(t, id, "all are delivered", func(c client.Campaign) bool {
		return c.Counts[campaign.Delivered]+c.Counts[campaign.Read] == 12
	})

	w.click("Clone")
	w.shows("The campaign is taken over")
	w.attach("File (CSV, TSV or XLSX)", s.write(t, "again.csv", string(contacts(t, 4))))
	w.click("Upload")
	w.shows("weekend.png") // the file is not there any more, and the campaign says so
}

// TestWalkOfANewSchedule adds a schedule for the campaign that was written.
func TestWalkOfANewSchedule(t *testing.T) {
	t.Parallel()
	s, chrome := setStage(t), startChrome(t)
	w := newTab(chrome, t, s.url)
	w.logIn(adminToken)
	if err := os.Mkdir(filepath.Join(s.folder, "lists"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write(t, "lists/people.csv", string(contacts(t, 5)))
	id := s.launch(t, oneStep("Daily parcels", 0), contacts(t, 4), time.Time{})
	w.open("/new?campaign=" + id)
	w.shows("The campaign is taken over")
	w.attach("File (CSV, TSV or XLSX)", filepath.Join(s.folder, "contacts.csv"))
	w.click("Upload")
	w.shows("It goes to 10 people")
	w.click("By a schedule…")
	w.shows("Nothing is sent now")
	w.fill("When, as cron has it", "0 25 * * *")
	w.fill("By the clock of", "Europe/Madrid")
	w.choose("The list is", "file")
	w.fill("Where", "lists/people.csv")
	w.click("Add the schedule")
	w.shows("The schedule cannot be used")
	w.fill("When, as cron has it", "0 7 * * 1-5")
	w.fill("Where", "lists/people.csv")
	w.click("Add the schedule")
	w.arrives("/schedules/daily-parcels")
	w.shows("Daily parcels", "0 7 * * 1-5", "Europe/Madrid")
}

// TestWalkOfChannels looks at a number and its templates, and has the provider asked
// again.
func TestWalkOfChannels(t *testing.T) {
	t.Parallel()
	s, chrome := setStage(t), startChrome(t)
	w := newTab(chrome, t, s.url)
	w.logIn(operatorToken)
	w.click("Channels")
	w.arrives("/channels")
	w.shows("200/s")
	w.click("main")
	w.arrives("/channels/main")
	w.click("Templates")
	w.arrives("/templates")
	w.fill("Name", "weekend")
	w.click("Search")
	w.arrives("/templates?channel=main&q=weekend")
	w.lacks("order_update")
	w.click("Ask the provider again")
	w.arrives("/templates?channel=main")
	w.click("weekend_offer (en_US)")
	w.arrives("/templates/main/weekend_offer/en_US")
	w.shows("everything is a quarter off", "template: weekend_offer")

	viewer := newTab(chrome, t, s.url)
	viewer.logIn(viewerToken)
	viewer.open("/templates")
	if viewer.offers("Ask the provider again") || viewer.offers("New campaign") {
		t.Errorf("a viewer is offered what is not theirs:\n%s", viewer.text())
	}
	if status := s.post(t, "/templates/main/refresh", viewer.cookie()); status != http.StatusForbidden {
		t.Errorf("a viewer has the provider asked: %d", status)
	}
	viewer.open("/new")
	viewer.shows("needs the role operator")
}

// grayPicture is a picture for a header.
func grayPicture(t *testing.T) string {
	t.Helper()
	var content strings.Builder
	if err := png.Encode(&content, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return content.String()
}
