package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/whatsapp"
)

// report tells a webhook what became of the messages of so many rows.
func (f *fixture) report(id campaign.ID, first, last int, one func(row int, r *whatsapp.Receipt)) {
	f.t.Helper()
	var receipts []whatsapp.Receipt
	for row := first; row <= last; row++ {
		reference := id.Recipient(row).Message(0).Reference(1)
		r := whatsapp.Receipt{Number: "1001", ID: "wamid." + reference, Reference: reference, Status: campaign.Delivered}
		one(row, &r)
		receipts = append(receipts, r)
	}
	wantStatus(f.t, f.webhook("word", eventsBody(whatsapp.Events{Receipts: receipts})), http.StatusOK)
}

func (f *fixture) state(id campaign.ID) (campaign.State, string) {
	f.t.Helper()
	c, err := f.ledger.Campaign(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return c.State, c.Reason
}

func guarded(o *Options) {
	o.Tokens = threeTokens()
	for name, channel := range o.Channels {
		channel.Account = []string{"main", "second"}
		channel.Guard = campaign.GuardLimits{SameRefusal: 5, UnreachableShare: 0.3}
		o.Channels[name] = channel
	}
}

func TestAListThatReachesNobodyIsStopped(t *testing.T) {
	t.Parallel()
	f := start(t, guarded)
	many := "Phone,Name\n"
	for row := range 200 {
		many += fmt.Sprintf("+4915112345%03d,Ada\n", row)
	}
	bad, good := f.running(twoSteps, many, 150), f.running(twoSteps, many, 200)
	half := func(row int, r *whatsapp.Receipt) {
		if row%2 == 0 {
			r.Status = campaign.Failed
			r.Err = &whatsapp.Error{Class: whatsapp.Drop, Suppress: whatsapp.SuppressSoft, Reason: "undeliverable", Code: 131026, Hint: "Check the number."}
		}
	}
	f.report(bad, 1, 99, half)
	f.report(bad, 1, 99, func(_ int, r *whatsapp.Receipt) { r.Status = campaign.Read }) // of the same messages
	f.report(bad, 100, 150, func(_ int, r *whatsapp.Receipt) { r.Status = campaign.Sent })
	f.report(good, 1, 200, func(int, *whatsapp.Receipt) {})
	if state, reason := f.state(bad); state != campaign.Running {
		t.Fatalf("it is %s after 99 reports: %s", state, reason)
	}
	f.report(bad, 100, 100, half)
	const want = "50 of the last 100 messages reached nobody, more than 30 %; the last one: undeliverable (131026): Check the number."
	if state, reason := f.state(bad); state != campaign.Paused || !strings.HasPrefix(reason, want) {
		t.Errorf("it is %s: %s", state, reason)
	}
	if state, _ := f.state(good); state != campaign.Running {
		t.Errorf("the other one is %s", state)
	}
	f.wantLog("campaign paused")
}

func TestAReceiptStopsTheWholeAccount(t *testing.T) {
	t.Parallel()
	f := start(t, guarded)
	met := f.running(twoSteps, threePeople, 1)
	other := f.running(strings.Replace(twoSteps, "channel: main", "channel: second", 1), threePeople, 0)
	f.report(met, 1, 1, func(_ int, r *whatsapp.Receipt) {
		r.Status = campaign.Failed
		r.Err = &whatsapp.Error{Class: whatsapp.Pause, Scope: whatsapp.AccountScope, Reason: "payment_problem", Code: 131042, Message: "No\ncard", Hint: "Pay."}
	})
	const want = `payment_problem (131042), "No card": Pay.`
	if state, reason := f.state(met); state != campaign.Paused || reason != want {
		t.Errorf("it is %s: %s", state, reason)
	}
	if state, reason := f.state(other); state != campaign.Paused || reason != want+" (met by campaign "+met.String()+")" {
		t.Errorf("the other one is %s: %s", state, reason)
	}
}

// TestAReportedWindowPausesNothing: whoever gets no text any more gets the template.
func TestAReportedWindowPausesNothing(t *testing.T) {
	t.Parallel()
	f := start(t, guarded)
	const freely = `
name: thanks
channel: main
steps:
  - text: Thanks!
    otherwise_template: {template: thanks, language: en_US}
`
	people := "Phone,Name\n"
	var wrote []whatsapp.Inbound
	for row := range 5 {
		people += fmt.Sprintf("+4915112345%03d,Ada\n", row)
		wrote = append(wrote, whatsapp.Inbound{
			Number: "1001", ID: fmt.Sprint("wamid.in", row), From: whatsapp.Who{Phone: fmt.Sprintf("4915112345%03d", row)}, Type: "text", Text: "Hello",
		})
	}
	wantStatus(t, f.webhook("word", eventsBody(whatsapp.Events{Inbound: wrote})), http.StatusOK)
	id := f.running(freely, people, 5)
	shut := func(_ int, r *whatsapp.Receipt) {
		r.Status = campaign.Failed
		r.Err = &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "outside_window", Code: 131047, WindowShut: true}
	}
	f.report(id, 1, 5, shut)
	f.report(id, 1, 5, shut)
	if state, reason := f.state(id); state != campaign.Running {
		t.Errorf("it is %s: %s", state, reason)
	}
	c, err := f.ledger.Campaign(t.Context(), id)
	if err != nil || c.Counts[campaign.Pending] != 5 {
		t.Errorf("it has %v, %v", c.Counts, err)
	}
	metrics := f.do(call{path: "/metrics", token: adminToken}).body
	if want := `carillon_webhook_windows_shut_total{channel="main"} 10`; !strings.Contains(metrics, want+"\n") {
		t.Errorf("the metrics lack %s", want)
	}
}

func (f *fixture) wantLog(line string) {
	f.t.Helper()
	if !strings.Contains(f.log.String(), line) {
		f.t.Errorf("the log does not say %q", line)
	}
}
