package test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// oddAnswer is what a provider answers to a message, or tells of it later. TO and
// NAME stand for the recipient's number and name, N for a number that is another
// one each time.
type oddAnswer struct {
	status  int
	body    string
	receipt string // the errors of a receipt that says failed; the answer is a yes
	// What is to be seen of it.
	code, reason, said string
}

var oddAnswers = []oddAnswer{
	{400, `{"error":{"message":"(#132000) Number of parameters","code":132000,"error_data":{"details":"buttons (N) of NAME"},"error_user_title":"Count","error_user_msg":"Look at TO."}}`, "",
		"132000", "parameter_count", "(#132000) Number of parameters: buttons (N) of NAME: Count: Look at TO."},
	{400, `{"error":{"message":"=HYPERLINK(\"http://x\")\u0000\u001b[31m\r\nNAME","code":"131009"}}`, "", "131009", "invalid_parameter", "=HYPERLINK(\"http://x\") [31m NAME"},
	{404, "<html><head><title>404</title></head><body>No page for TO</body></html>", "", "", "refused_by_proxy", "404 No page for TO"},
	{400, `{"error":{"message":"+N is no order of NAME","code":987654}}`, "", "987654", "unknown_code", "+N is no order of NAME"},
	{400, `{"error":{"message":"Nothing of NAME","code":98765432109}}`, "", "", "refused_by_proxy", "98765432109: Nothing of NAME"},
	{0, "", `[{"code":131026,"title":"Not there","message":"Message undeliverable","error_data":{"details":"TO, NAME, order N"}}]`, "131026", "undeliverable", "Message undeliverable: Not there: TO, NAME, order N"},
	{0, "", `[{"code":98765432109,"title":"a\u0000b NAME N"}]`, "", "unknown_code", "98765432109: ab NAME N"},
	{0, "", `[{"code":131053,"title":"` + strings.Repeat("long ", 2000) + `"}]`, "131053", "media_upload", "long long"},
	{0, "", `[]`, "", "unexplained", ""},
}

// oddProvider answers the nth message with the nth of oddAnswers, and so on anew.
type oddProvider struct {
	t       *testing.T
	webhook atomic.Value
	n       atomic.Int64
}

func (p *oddProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost { // it tells nothing of numbers and templates
		http.NotFound(w, r)
		return
	}
	var m struct {
		To        string `json:"to"`
		Reference string `json:"biz_opaque_callback_data"`
		Template  struct {
			Components []struct {
				Parameters []struct {
					Text string `json:"text"`
				} `json:"parameters"`
			} `json:"components"`
		} `json:"template"`
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || len(m.Template.Components) != 1 {
		p.t.Errorf("%v: %+v", err, m)
		return
	}
	name := m.Template.Components[0].Parameters[0].Text
	row := 0
	if _, err := fmt.Sscanf(name, "Ana %d", &row); err != nil {
		p.t.Error(err)
	}
	odd := oddAnswers[row%len(oddAnswers)]
	fill := strings.NewReplacer("TO", m.To, "NAME", name, "N", fmt.Sprint(1000+p.n.Add(1)))
	if odd.receipt == "" {
		w.WriteHeader(odd.status)
		_, _ = io.WriteString(w, fill.Replace(odd.body))
		return
	}
	fmt.Fprintf(w, `{"messages":[{"id":"wamid.%d"}]}`, row)
	p.tell(fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%q},"statuses":[{"id":"wamid.%d","status":"failed","timestamp":"1767000009","biz_opaque_callback_data":%q,"errors":%s}]}}]}]}`,
		number, row, m.Reference, fill.Replace(odd.receipt)))
}

func (p *oddProvider) tell(body string) {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(body))
	request, err := http.NewRequest(http.MethodPost, p.webhook.Load().(string), strings.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return
	}
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		p.t.Errorf("the webhook answers %s", answer.Status)
	}
}

// TestOddRefusalsAreTold has a provider refuse in every way it can think of, the
// program be started anew meanwhile and, on PostgreSQL, run twice.
func TestOddRefusalsAreTold(t *testing.T) {
	for engine, processes := range map[string]int{"sqlite": 1, "postgres": 2} {
		t.Run(engine, func(t *testing.T) { oddRefusals(t, engine, processes) })
	}
}

func oddRefusals(t *testing.T, engine string, processes int) {
	rounds := 5
	listed := rounds * len(oddAnswers)
	log := &locked{}
	provider := &oddProvider{t: t}
	server := httptest.NewServer(provider)
	defer server.Close()
	unused, _ := startProvider(t, simulator.Options{})
	s := setup{redis: startRedis(t), rate: 40, log: log}
	c := config(t, s, server.URL)
	if engine == "postgres" {
		c.Ledger = postgrestest.Start(t).Database(t)
	}
	start := func() (houses []*house) {
		for range processes {
			h := startApp(t, c, s, unused)
			provider.webhook.Store(h.URL() + "/webhooks/main")
			houses = append(houses, h)
		}
		return houses
	}
	houses := start()
	id := houses[0].launch(t, campaignOf(t, ""), people(t, listed)).ID
	programtest.Eventually(t, programtest.Patience, "some have failed", func() bool { return houses[0].state(t, id).Counts[campaign.Failed] > int64(listed)/3 })
	for _, h := range houses {
		h.shut()
	}
	h := start()[0]
	var told client.Campaign
	programtest.Eventually(t, programtest.Patience, "all have failed", func() bool { told = h.state(t, id); return told.Counts[campaign.Failed] == int64(listed) })
	oddStatus(t, told, rounds)
	h.oddReport(t, id)
	text := log.String()
	if n := strings.Count(text, "a message was refused, the first"); n != len(oddAnswers)-1 { // two are of one kind
		t.Errorf("%d lines about refusals", n)
	}
	if strings.Contains(text, "4915123") || strings.Contains(text, "Ana ") {
		t.Errorf("somebody's values are in the log:\n%s", text)
	}
}

// oddStatus looks for each kind in what the status shows.
func oddStatus(t *testing.T, c client.Campaign, rounds int) {
	t.Helper()
	if len(c.Failures) != len(oddAnswers)-1 {
		t.Errorf("%d kinds: %+v", len(c.Failures), c.Failures)
	}
	var status strings.Builder
	if err := cli.WriteCampaign(&status, c.Campaign); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Failures {
		if f.Count%int64(rounds) != 0 || f.Hint == "" || len(f.Said) > 600 || !strings.Contains(status.String(), f.Hint) {
			t.Errorf("%+v", f)
		}
	}
	odd := func(r rune) bool { return r != '\n' && unicode.IsControl(r) }
	if strings.ContainsFunc(status.String(), odd) {
		t.Errorf("the status has control characters: %q", status.String())
	}
}

// oddReport looks for the words of each row in the report.
func (h *house) oddReport(t *testing.T, id string) {
	t.Helper()
	var report bytes.Buffer
	if err := h.client.Report(t.Context(), id, &report); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&report).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(line []string, name string) string { return line[slices.Index(lines[0], name)] }
	for i, line := range lines[1:] {
		want := oddAnswers[i%len(oddAnswers)]
		detail := strings.TrimPrefix(column(line, "detail"), "'")
		before, _, _ := strings.Cut(want.said, "N ")
		before = strings.NewReplacer("TO", column(line, "phone"), "NAME", fmt.Sprint("Ana ", i)).Replace(before)
		if column(line, "error_code") != want.code || column(line, "reason") != want.reason || !strings.Contains(detail, strings.Split(before, "N")[0]) {
			t.Errorf("row %d: %q, want %+v", i+1, line, want)
		}
		if strings.ContainsRune("=+-@", rune(column(line, "detail")[0])) {
			t.Errorf("row %d: the detail is a formula: %q", i+1, column(line, "detail"))
		}
	}
}
