package test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/ledger"
	"carillon/simulator"
)

// locked is a log that many write to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestWhatARefusalSaidIsShown has a provider refuse everybody, and looks for its
// words wherever an operator would.
func TestWhatARefusalSaidIsShown(t *testing.T) {
	const refused = 20
	log := &locked{}
	h := startHouse(t, setup{redis: startRedis(t), log: log, simulator: simulator.Options{Faults: simulator.Faults{Invalid: 1}, Seed: 1}})
	c := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, refused)).ID)
	var counted int64
	for _, f := range c.Failures {
		counted += f.Count
		if !strings.Contains(f.Said, "The recipient +4915123") || f.Hint == "" || f.Code == 0 {
			t.Errorf("the status has %+v", f)
		}
	}
	if counted != refused || c.Counts[campaign.Failed] != refused || len(c.Failures) != 2 { // with one code or the other
		t.Errorf("%d failed, %d are told in %d kinds", c.Counts[campaign.Failed], counted, len(c.Failures))
	}
	var status strings.Builder
	if err := cli.WriteCampaign(&status, c.Campaign); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Failures {
		if !strings.Contains(status.String(), f.Said) || !strings.Contains(status.String(), f.Hint) {
			t.Errorf("%q is missing in\n%s", f.Said, status.String())
		}
	}
	h.wordsInReport(t, c.ID)
	h.wordsInLog(t, log.String(), c)
}

// wordsInReport looks for the words of each recipient in the report.
func (h *house) wordsInReport(t *testing.T, id string) {
	t.Helper()
	var report bytes.Buffer
	if err := h.client.Report(t.Context(), id, &report); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&report).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := len(lines[0]) - 1
	if lines[0][last] != "detail" {
		t.Errorf("the last column is %q", lines[0][last])
	}
	for _, line := range lines[1:] {
		if detail := line[last]; !strings.Contains(detail, "The recipient "+line[1]+" is never valid here.") || !strings.HasSuffix(detail, ".") {
			t.Errorf("row %s: %q", line[0], detail)
		}
	}
}

// wordsInLog looks for one line of each kind of refusal, without anybody's number.
func (h *house) wordsInLog(t *testing.T, log string, c client.Campaign) {
	t.Helper()
	if n := strings.Count(log, "a message was refused, the first"); n != len(c.Failures) {
		t.Errorf("%d lines about refusals for %d kinds:\n%s", n, len(c.Failures), log)
	}
	if !strings.Contains(log, "The recipient *** is never valid here.") || strings.Contains(log, "4915123") {
		t.Errorf("the log has\n%s", log)
	}
}

// offers is a campaign of one template under a name of its own.
const offers = `name: offers
channel: main
steps:
  - {template: offer, language: LANGUAGE, category: utility, body: ["{{Full Name|there}}"]}
`

// offersIn is that campaign in a language, with one more line.
func offersIn(t *testing.T, language, line string) string {
	t.Helper()
	return write(t, "offers.yaml", strings.Replace(offers, "LANGUAGE", language, 1)+line+"\n")
}

// abroad is a list of n people with a column that is empty for all.
func abroad(t *testing.T, n int) string {
	t.Helper()
	text := []byte("Full Name,Phone,Country\n")
	for i := range n {
		text = fmt.Appendf(text, "Ana %d,+4915123%06d,\n", i, i)
	}
	return write(t, "abroad.csv", string(text))
}

// throttledRequests is how many requests of the slowed template were made.
func (h *house) throttledRequests() int { return h.provider.Counts().Refused[132069] }

// TestAThrottledTemplateWaitsAlone has a provider refuse one template for some
// time. It gets a request each time the wait is over, the other template of the
// number goes on, and in the end all is delivered.
func TestAThrottledTemplateWaitsAlone(t *testing.T) {
	const people500, wait = 500, 2 * time.Second
	h := startHouse(t, setup{redis: startRedis(t), rate: 100, simulator: simulator.Options{
		Latency: 20 * time.Millisecond, Faults: simulator.Faults{SlowTemplate: "offer", SlowFor: wait},
	}})
	slow := h.launch(t, offersIn(t, "en", ""), people(t, people500))
	programtest.Eventually(t, programtest.Patience, "the template is slowed down", func() bool { return len(h.state(t, slow.ID).Slowed) == 1 })
	first := h.throttledRequests()
	if first > 30 { // a hundred a second leave, and an answer takes a moment to come and to be written down
		t.Errorf("%d requests were refused before the template waited", first)
	}
	other := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, 200)).ID)
	if other.Counts[campaign.Delivered] != 200 {
		t.Errorf("the other template ended with %v", other.Counts)
	}
	begun, before := time.Now(), h.throttledRequests()
	programtest.Eventually(t, programtest.Patience, "it was tried some times", func() bool { return h.throttledRequests() >= before+4 })
	if took := time.Since(begun); took < 3*wait {
		t.Errorf("tried four times within %s, want once in %s", took, wait)
	}
	if c := h.state(t, slow.ID); c.Counts[campaign.Pending]+c.Counts[campaign.Posting] != people500 || len(c.Failures) != 0 || c.Slowed[0].Code != 132069 {
		t.Errorf("%v, failures %v, slowed %v", c.Counts, c.Failures, c.Slowed)
	}
	programtest.Eventually(t, programtest.Patience, "recipients show why they wait", func() bool { return h.waitingFor(t, slow.ID, "the template is slowed down until ") > people500/2 })
	h.provider.SetFaults(simulator.Faults{})
	slow = h.finish(t, slow.ID)
	if slow.Counts[campaign.Delivered] != people500 || len(slow.Slowed) != 0 {
		t.Errorf("ended with %v, slowed %v", slow.Counts, slow.Slowed)
	}
	if n := h.provider.Counts().Accepted; n != people500+200 {
		t.Errorf("%d messages were accepted for %d people", n, people500+200)
	}
}

// waitingFor counts the messages that are pending for a reason.
func (h *house) waitingFor(t *testing.T, id, reason string) (n int) {
	t.Helper()
	parsed, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.Ledger().Report(t.Context(), ledger.ReportQuery{Campaign: parsed, Recipients: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Rows {
		if row.Status == campaign.Pending && strings.HasPrefix(row.Reason, reason) {
			n++
		}
	}
	return n
}

// TestTwoWorkersShareASlowedTemplate has two processes send one campaign. Together
// they ask twice a period at most, and tell of the refusal once.
func TestTwoWorkersShareASlowedTemplate(t *testing.T) {
	const listed, wait = 200, 2 * time.Second
	log := &locked{}
	provider, url := startProvider(t, simulator.Options{Faults: simulator.Faults{SlowTemplate: "offer", SlowFor: wait}})
	s := setup{redis: startRedis(t), rate: 100, log: log}
	c := config(t, s, url)
	c.Ledger = postgrestest.Start(t).Database(t)
	h := startApp(t, c, s, provider)
	startApp(t, c, s, provider)
	slow := h.launch(t, offersIn(t, "en", ""), people(t, listed))
	programtest.Eventually(t, programtest.Patience, "the list waits", func() bool { return h.waitingFor(t, slow.ID, "the template is slowed down until ") > listed/2 })
	begun, before := time.Now(), h.throttledRequests()
	programtest.Eventually(t, programtest.Patience, "it was tried some times", func() bool { return h.throttledRequests() >= before+7 })
	if took := time.Since(begun); took < 2*wait {
		t.Errorf("tried seven times within %s, want twice in %s at most", took, wait)
	}
	provider.SetFaults(simulator.Faults{})
	if slow = h.finish(t, slow.ID); slow.Counts[campaign.Delivered] != listed {
		t.Errorf("ended with %v", slow.Counts)
	}
	if n := provider.Counts().Accepted; n != listed {
		t.Errorf("%d messages for %d people", n, listed)
	}
	if n := strings.Count(log.String(), "a message was refused, the first"); n != 1 {
		t.Errorf("%d lines about the refusal:\n%s", n, log.String())
	}
}

// TestASlowedTemplateOutlivesTheProgram stops the program while a template waits
// for an hour: the next one asks for it no sooner, and what a person does to the
// campaign meanwhile holds.
func TestASlowedTemplateOutlivesTheProgram(t *testing.T) {
	const listed = 100
	provider, url := startProvider(t, simulator.Options{Faults: simulator.Faults{SlowTemplate: "offer", SlowFor: time.Hour}})
	s := setup{redis: startRedis(t), rate: 50}
	c := config(t, s, url)
	h := startApp(t, c, s, provider)
	// The list has the language, which is the same for all.
	cancelled, expires := h.launch(t, offersIn(t, `"{{Country|en}}"`, ""), abroad(t, listed)), offersIn(t, `"{{Country|en}}"`, "expires: 15s")
	programtest.Eventually(t, programtest.Patience, "the template is slowed down", func() bool { return h.waitingFor(t, cancelled.ID, "the template is slowed down until ") > listed/2 })
	h.shut()
	before := h.throttledRequests()

	h = startApp(t, c, s, provider)
	expired := h.launch(t, expires, abroad(t, listed))
	for _, action := range []string{"pause", "resume"} {
		if _, err := h.client.Act(t.Context(), cancelled.ID, action); err != nil {
			t.Fatal(err)
		}
	}
	other := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, listed)).ID)
	if other.Counts[campaign.Delivered] != listed {
		t.Errorf("the other template ended with %v", other.Counts)
	}
	programtest.Eventually(t, programtest.Patience, "a later campaign waits, too", func() bool { return h.waitingFor(t, expired.ID, "the template is slowed down until ") == listed })
	if _, err := h.client.Act(t.Context(), cancelled.ID, "cancel"); err != nil {
		t.Fatal(err)
	}
	programtest.Eventually(t, programtest.Patience, "it is cancelled", func() bool { return h.state(t, cancelled.ID).Counts[campaign.Skipped] == listed })
	if got := h.finish(t, expired.ID); got.Counts[campaign.Expired] != listed {
		t.Errorf("the campaign that expires ended with %v", got.Counts)
	}
	if n := h.throttledRequests() - before; n != 0 {
		t.Errorf("%d more requests of the template within its hour", n)
	}
}
