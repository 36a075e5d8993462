package test

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/internal/app"
	"carillon/internal/programtest"
	"carillon/simulator"
)

const oneStep = `name: one
channel: main
steps:
  - {template: hello, language: en, category: utility, body: ["{{Full Name|there}}"]}
`

// audit fails the test where the provider's truth and our report differ.
func (h *house) audit(t *testing.T, id string) {
	t.Helper()
	parsed, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	audit, err := app.Audit(t.Context(), h.Ledger(), parsed, h.provider.Truth(), h.rate)
	if err != nil {
		t.Fatal(err)
	}
	// The rate is not judged here: on a busy machine the provider's own clock
	// stands still for longer than the allowance.
	audit.OverRate = 0
	if !audit.OK() {
		t.Errorf("the audit found something:\n%s", audit)
	}
	if err := h.Ledger().Verify(t.Context(), parsed); err != nil {
		t.Error(err)
	}
}

// The list as people upload it: every right person gets the template exactly
// once, and every row is in the report.
func TestTheSampleList(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), simulator: simulator.Options{Receipts: simulator.ReceiptOptions{Read: 0.5}}})
	c := h.launch(t, write(t, "campaign.yaml", oneStep), "../contacts/testdata/contacts.csv")
	verdicts := map[campaign.Verdict]int64{
		"ok": 4684, "not_mobile": 37, "duplicate": 100, "missing_phone": 64, "invalid": 63, "forbidden_country": 52,
	}
	if diff := cmp.Diff(verdicts, c.Verdicts); diff != "" {
		t.Error(diff)
	}
	c = h.finish(t, c.ID)
	if sent := c.Counts[campaign.Delivered] + c.Counts[campaign.Read]; sent != 4721 || c.Counts[campaign.Rejected] != 279 || sent+c.Counts[campaign.Rejected] != 5000 {
		t.Errorf("counts %v; want 4721 delivered or read and 279 rejected", c.Counts)
	}
	h.audit(t, c.ID)

	var report bytes.Buffer
	if err := h.client.Report(t.Context(), c.ID, &report); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&report).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 5001 {
		t.Errorf("%d lines in the report, want 5000 and a header", len(lines))
	}
	for _, line := range lines[1:] {
		if status, reason := line[4], line[8]; status == "rejected" && reason == "" {
			t.Errorf("row %s was rejected without a reason", line[0])
		}
	}
}

const twoSteps = `name: two
channel: main
steps:
  - {template: first, language: en, category: utility, body: ["{{Full Name}}"]}
  - {after: delivered, template: second, language: en, category: utility, body: ["{{Full Name}}"]}
`

// Every fault a provider has, and receipts as they come.
func TestASeriesThroughFaults(t *testing.T) {
	for name, redis := range map[string]func(testing.TB) string{
		"redis":    startRedis,
		"embedded": func(testing.TB) string { return configuredEmbedded },
	} {
		t.Run(name, func(t *testing.T) {
			h := startHouse(t, setup{redis: redis(t), simulator: simulator.Options{
				Latency: time.Millisecond,
				Faults: simulator.Faults{
					Throttle: 0.002, Timeout408: 0.02, Unavailable: 0.02, Invalid: 0.02,
					Undeliverable: 0.02, FailLater408: 0.01, LostAnswer: 0.02, Held: 0.02, BadGateway: 0,
				},
				Receipts: simulator.ReceiptOptions{
					Delay: 5 * time.Millisecond, Jitter: 20 * time.Millisecond, Read: 0.3, HeldFor: 300 * time.Millisecond,
					Duplicate: 0.1, Reorder: 0.2, Early: 0.2, ReadWithoutDelivered: 0.1, DeliveredWithoutSent: 0.1,
				},
				Twins: true, Seed: 7,
			}})
			c := h.launch(t, write(t, "campaign.yaml", twoSteps), people(t, 500))
			c = h.finish(t, c.ID)
			h.audit(t, c.ID)
			var total int64
			for _, n := range c.Counts {
				total += n
			}
			if total != 1000 {
				t.Errorf("the statuses add up to %d, want 1000: %v", total, c.Counts)
			}
		})
	}
}

const configuredEmbedded = "embedded"

// Pausing stops, resuming goes on where it stopped, cancelling ends the rest.
func TestPauseResumeCancel(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), rate: 100})
	first := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 400))
	act := func(id, action string) {
		t.Helper()
		if _, err := h.client.Act(t.Context(), id, action); err != nil {
			t.Fatal(err)
		}
	}
	programtest.Eventually(t, programtest.Patience, "the first messages are out", func() bool { return h.provider.Counts().Accepted > 20 })
	for range 5 {
		act(first.ID, "pause")
		act(first.ID, "resume")
	}
	h.finish(t, first.ID)
	h.audit(t, first.ID)

	second := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 1000))
	programtest.Eventually(t, programtest.Patience, "the second campaign is under way", func() bool { return h.provider.Counts().Accepted > 420 })
	act(second.ID, "cancel")
	programtest.Eventually(t, programtest.Patience, "the rest is skipped", func() bool {
		c := h.state(t, second.ID)
		return c.Counts[campaign.Pending]+c.Counts[campaign.Posting] == 0 && c.FinishedAt != nil
	})
	c := h.state(t, second.ID)
	// What was claimed and not sent has failed.
	ended := c.Counts[campaign.Skipped] + c.Counts[campaign.Failed] + c.Counts[campaign.Accepted] + c.Counts[campaign.Delivered] + c.Counts[campaign.Sent]
	if c.State != "cancelled" || c.Counts[campaign.Skipped] == 0 || ended != 1000 {
		t.Errorf("%s with %v", c.State, c.Counts)
	}
}

// A wipe of Redis in mid-campaign costs nothing.
func TestRedisIsWiped(t *testing.T) {
	address := startRedis(t)
	h := startHouse(t, setup{redis: address, rate: 200})
	c := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 600))
	programtest.Eventually(t, programtest.Patience, "the first messages are out", func() bool { return h.provider.Counts().Accepted > 50 })
	flush(t, address)
	h.finish(t, c.ID)
	h.audit(t, c.ID)
}

// A campaign that starts while another one is under way gets its share of the
// number, and is done long before it.
func TestTwoCampaignsShareANumber(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), rate: 200})
	large := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 6000))
	programtest.Eventually(t, programtest.Patience, "the large one is under way", func() bool { return h.provider.Counts().Accepted > 20 })
	small := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 50))
	programtest.Eventually(t, programtest.Patience, "the small one ends", func() bool { return h.state(t, small.ID).State == "finished" })
	if c := h.state(t, large.ID); c.State != "running" || c.Counts[campaign.Pending] == 0 {
		t.Errorf("the large campaign is %s with %v before the small one is done", c.State, c.Counts)
	}
	if _, err := h.client.Act(t.Context(), large.ID, "cancel"); err != nil {
		t.Fatal(err)
	}
}
