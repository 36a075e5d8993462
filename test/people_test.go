package test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/programtest"
	"carillon/simulator"
)

const question = `name: question
channel: main
steps:
  - template: ask
    language: en
    category: utility
    buttons: [{index: 0, sub_type: quick_reply, payload: "yes"}]
  - {after: reply, when: {button: "yes"}, patience: 5s, otherwise: skip, template: glad, language: en, category: utility}
  - {after: reply, when: {any: true}, patience: 5s, otherwise: skip, template: sorry, language: en, category: utility}
  - {after: delivered, otherwise: stop, template: goodbye, language: en, category: utility}
`

// endings are the statuses of the steps of each person of a report.
func (h *house) endings(t *testing.T, id string) map[string][]string {
	t.Helper()
	var report bytes.Buffer
	if err := h.client.Report(t.Context(), id, &report); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&report).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	phone, status := slices.Index(lines[0], "phone"), slices.Index(lines[0], "status")
	all := map[string][]string{}
	for _, line := range lines[1:] {
		all[line[phone]] = append(all[line[phone]], line[status])
	}
	return all
}

// People who press, write, say nothing, or want to be left alone each get their
// own end of a series.
func TestAnswersChooseTheBranch(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), simulator: simulator.Options{
		Suffixes: true, Receipts: simulator.ReceiptOptions{Delay: 5 * time.Millisecond, Duplicate: 0.5},
	}})
	const pressed, written, silent, stopped, twin, hidden = "+4915123099914", "+4915123099913", "+4915123000001", "+4915123099915", "+5511961299916", "+4915123099920"
	list := "Phone\n" + strings.Join([]string{pressed, written, silent, stopped, twin, hidden}, "\n") + "\n"
	c := h.finish(t, h.launch(t, write(t, "campaign.yaml", question), write(t, "list.csv", list)).ID)
	want := map[string]string{
		pressed: "delivered delivered skipped delivered",
		written: "delivered skipped delivered delivered",
		silent:  "delivered skipped skipped delivered",
		stopped: "delivered skipped skipped skipped",
		twin:    "delivered skipped skipped skipped",
		hidden:  "delivered skipped skipped skipped",
	}
	got := h.endings(t, c.ID)
	for phone, steps := range want {
		if ended := strings.Join(got[phone], " "); ended != steps {
			t.Errorf("%s ended as %s, want %s", phone, ended, steps)
		}
	}
	h.audit(t, c.ID)
	plain := strings.ReplaceAll(oneStep, `, body: ["{{Full Name|there}}"]`, "")
	later := h.finish(t, h.launch(t, write(t, "campaign.yaml", plain), write(t, "list.csv", list)).ID)
	if later.Counts[campaign.Skipped] != 3 || later.Counts[campaign.Delivered] != 3 {
		t.Errorf("a later campaign ends as %v", later.Counts)
	}
}

// What a provider says of a template pauses what sends it, and nothing else.
func TestAPausedTemplatePausesItsCampaigns(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), rate: 50, pair: configs.Pair{Every: configs.Duration(time.Second), Burst: 100}})
	concerned := h.launch(t, write(t, "one.yaml", oneStep), people(t, 1000))
	other := h.launch(t, write(t, "two.yaml", strings.ReplaceAll(oneStep, "hello", "another")), people(t, 50))
	programtest.Eventually(t, programtest.Patience, "it is under way", func() bool { return h.provider.Counts().Accepted > 10 })
	if _, err := h.provider.Tell(t.Context(), simulator.Event{
		Kind: "template_status", Template: "hello", Language: "en", Event: "PAUSED", Title: "FIRST_PAUSE",
	}); err != nil {
		t.Fatal(err)
	}
	programtest.Eventually(t, programtest.Patience, "the campaign is paused", func() bool { return h.state(t, concerned.ID).State == "paused" })
	if c := h.state(t, concerned.ID); !strings.Contains(c.Reason, "template") {
		t.Errorf("it is paused because %q", c.Reason)
	}
	h.finish(t, other.ID)
	if _, err := h.client.Act(t.Context(), concerned.ID, "resume"); err != nil {
		t.Fatal(err)
	}
	if c := h.state(t, concerned.ID); c.State != "running" {
		t.Errorf("after the resume it is %s", c.State)
	}
}

// Nothing goes out before the hours begin, and everything once they have.
func TestHoursHoldACampaignBack(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t)})
	now := time.Now().UTC()
	closed := fmt.Sprintf("hours: {from: %q, to: %q, zone: UTC}\n", clock(now.Add(2*time.Hour)), "24:00")
	if now.Hour() >= 21 { // the hours were this morning
		closed = `hours: {from: "00:00", to: "01:00", zone: UTC}` + "\n"
	}
	asleep := h.launch(t, write(t, "asleep.yaml", oneStep+closed), people(t, 20))
	awake := h.launch(t, write(t, "awake.yaml", oneStep+`hours: {from: "00:00", to: "24:00", zone: recipient}`+"\n"), people(t, 20))
	h.finish(t, awake.ID)
	if c := h.state(t, asleep.ID); c.State != "running" || c.Counts[campaign.Pending] != 20 || c.Hours == nil || c.Hours.OpensAt == nil {
		t.Errorf("outside its hours the campaign is %s with %v and shows %+v", c.State, c.Counts, c.Hours)
	}
	if n := h.provider.Counts().Accepted; n != 20 {
		t.Errorf("%d messages were accepted, want the 20 of the other campaign", n)
	}
}

func clock(t time.Time) string { return t.Format("15:04") }

// A person who is erased is in no list of any campaign any more.
func TestAnErasedPersonIsNowhere(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t)})
	const phone = "+4915123000007" // of people
	c := h.finish(t, h.launch(t, write(t, "campaign.yaml", twoSteps), people(t, 20)).ID)
	done, err := h.client.Forget(t.Context(), phone)
	if err != nil || done != (api.Forgotten{Rows: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	ended := h.endings(t, c.ID)
	if len(ended[phone]) > 0 || len(ended["forgotten"]) != 2 {
		t.Errorf("the report has %v of the person, and %v", ended[phone], ended["forgotten"])
	}
	later := h.finish(t, h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 20)).ID)
	if later.Counts[campaign.Skipped] != 1 || later.Counts[campaign.Delivered] != 19 {
		t.Errorf("a later campaign ends as %v", later.Counts)
	}
}
