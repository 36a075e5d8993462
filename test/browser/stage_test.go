package browser

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/client"
	"carillon/internal/cli"
	"carillon/internal/programtest"
)

// The tokens of those who look at pages.
const (
	adminToken    = "a-token-of-an-admin"
	operatorToken = "a-token-of-an-operator"
	viewerToken   = "a-token-of-a-viewer"
)

// stage is a running program with its provider.
type stage struct {
	folder string
	url    string
	client *client.Client // in the admin's name
}

const configuration = `ledger: sqlite:carillon.db
redis: embedded
http:
  listen: %s
  tokens:
    - {name: shop, token: %s, role: admin}
    - {name: desk, token: %s, role: operator}
    - {name: support, token: %s, role: viewer}
channels:
  main:
    base_url: %s
    phone_number_id: "106540352242922"
    waba_id: "102290129340398"
    access_token: the-access-token
    app_secret: the-app-secret
    rate: 200
    guard: {same_refusal: 0, refused_share: 0, unreachable_share: 0}
schedules:
  - {name: order-reminder, campaign: reminder.yaml, contacts: contacts.csv, cron: "0 9 * * 1-5", zone: Europe/Madrid}
`

// oneStep is a campaign of one message with its own rate, 0 for none.
func oneStep(name string, rate float64) string {
	return fmt.Sprintf(`name: %q
channel: main
rate: %g
steps:
  - template: order_update
    category: utility
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}", "{{Order ID}}", "{{Amount}}"]
`, name, rate)
}

// twoSteps adds a question to it, which waits for its delivery.
func twoSteps(name string, rate float64) string {
	return oneStep(name, rate) + `  - after: delivered
    template: order_feedback
    category: utility
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}"]
`
}

func TestMain(m *testing.M) { programtest.Main(m) }

// setStage starts the program and a provider in processes of their own.
func setStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{folder: t.TempDir()}
	program, address := programtest.Program(t), programtest.FreeAddress(t)
	simulate := programtest.Start(t, s.folder, "simulate", program, "simulate", "--listen", "127.0.0.1:0", "--suffixes", "--templates", s.write(t, "templates.json", templates(t)),
		"--delay", "50ms", "--webhook", "http://"+address+"/webhooks/main", "--app-secret", "the-app-secret")
	provider := simulate.Says(t, `listens at (http://\S+)`)
	s.write(t, "carillon.yaml", fmt.Sprintf(configuration, address, adminToken, operatorToken, viewerToken, provider))
	s.write(t, "reminder.yaml", oneStep("order-reminder", 0))
	s.write(t, "contacts.csv", string(contacts(t, 10)))
	serve := programtest.Start(t, s.folder, "serve", program, "serve", "-c", "carillon.yaml")
	s.url = serve.Says(t, `serves at (http://\S+)`)
	var err error
	if s.client, err = cli.NewClient(s.url, adminToken); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	return s
}

// templates are what the provider lists: those of the campaigns here, in all the
// languages of their readers, and one with a picture.
func templates(t *testing.T) string {
	t.Helper()
	type template struct {
		Name       string           `json:"name"`
		Language   string           `json:"language"`
		Category   string           `json:"category"`
		Components []map[string]any `json:"components"`
	}
	list := []template{{"weekend_offer", "en_US", "MARKETING", []map[string]any{
		{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "{{1}}, everything is a quarter off until Sunday."},
		{"type": "BUTTONS", "buttons": []map[string]any{{"type": "URL", "text": "Look around", "url": "https://example.com/{{1}}"}, {"type": "QUICK_REPLY", "text": "No more offers"}}},
	}}}
	languages := []string{"en_US"}
	for _, who := range readers() {
		languages = append(languages, who.language)
	}
	for _, language := range languages {
		list = append(list,
			template{"order_update", language, "UTILITY", []map[string]any{{"type": "BODY", "text": "Hello {{1}}, your order {{2}} of {{3}} is on its way."}}},
			template{"order_feedback", language, "UTILITY", []map[string]any{{"type": "BODY", "text": "Hello {{1}}, are you happy with your order?"}}})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *stage) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// launch uploads a campaign and starts it, at a time if one is given.
func (s *stage) launch(t *testing.T, definition string, list []byte, at time.Time) string {
	t.Helper()
	up := client.Upload{Campaign: client.Text("campaign.yaml", []byte(definition)), Contacts: client.Text("contacts.csv", list), At: at}
	c, err := s.client.Launch(t.Context(), up)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// reaches waits until a campaign is as it is wanted.
func (s *stage) reaches(t *testing.T, id, what string, wanted func(client.Campaign) bool) {
	t.Helper()
	programtest.Eventually(t, programtest.Patience, what, func() bool {
		c, err := s.client.Campaign(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return wanted(c)
	})
}

// post sends a form as a browser that is logged in does, and returns the status.
func (s *stage) post(t *testing.T, path, cookie string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "carillon", Value: cookie}) //nolint:gosec // it is sent, not set
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// reader is somebody on a list, without their number.
type reader struct{ name, language, prefix, city string }

// readers are names as lists have them: in several scripts, two of them written
// from right to left.
func readers() []reader {
	return []reader{
		{"Jürgen Groß", "de", "+491512", "DE"},
		{"Iñaki Peña", "es", "+34612", "ES"},
		{"نورا العلي", "ar", "+9715012", "AE"},
		{"Zoë Lefèvre", "fr", "+336124", "FR"},
		{"פנינה לוי", "he", "+9725022", "IL"},
		{"Siân O'Brien", "en_GB", "+447400", "GB"},
		{"Łucja Źródło", "pl_PL", "+48512", "PL"},
		{"田中 さくら", "ja", "+819012", "JP"},
	}
}

// numberOf completes a prefix to as many digits as its country has.
func numberOf(prefix string, n int) string {
	length := map[string]int{"+491512": 7, "+34612": 6, "+9715012": 5, "+336124": 5, "+9725022": 5, "+447400": 6, "+48512": 6, "+819012": 6}[prefix]
	return fmt.Sprintf("%s%0*d", prefix, length, n)
}

// contacts is a list of n people, of which nothing goes wrong, and more rows, of
// which it does: for each ending of a number the simulator has its fault.
func contacts(t *testing.T, n int, endings ...int) []byte {
	t.Helper()
	rows := [][]string{{"Full Name", "Phone Number", "Language", "Order ID", "Amount", "City"}}
	row := func(who reader, number string) {
		at := len(rows)
		rows = append(rows, []string{who.name, number, who.language, fmt.Sprintf("A-%04d", 1000+at), fmt.Sprintf("%d.%02d", 12+at%80, at*37%100), who.city})
	}
	all := readers()
	for i := range n {
		who := all[i%len(all)]
		row(who, numberOf(who.prefix, i+1))
	}
	for _, ending := range endings {
		row(all[0], fmt.Sprintf("+49151%d%d", 201+len(rows)%700, ending))
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// lines counts the lines of a file once it is complete.
func lines(t *testing.T, folder, name string) int {
	t.Helper()
	var text []byte
	programtest.Eventually(t, programtest.Patience, "the file "+name+" arrives", func() bool {
		files, err := filepath.Glob(filepath.Join(folder, name))
		if err != nil || len(files) != 1 {
			return false
		}
		text, err = os.ReadFile(files[0])
		return err == nil && bytes.HasSuffix(text, []byte("\n"))
	})
	return bytes.Count(text, []byte("\n"))
}
