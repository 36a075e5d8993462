package test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp"
)

// oracle is a provider that tells nothing by itself. It is its own settings, so
// that it stays the same where the program is started anew.
type oracle struct {
	mu    sync.Mutex
	sent  map[string]int            // by number
	told  map[string]int            // how often each message was asked about
	knows []campaign.Status         // what it tells of each message, one answer after the other
	about map[string]whatsapp.Error // what it says instead, the first time
}

func newOracle(knows ...campaign.Status) *oracle {
	return &oracle{sent: map[string]int{}, told: map[string]int{}, knows: knows, about: map[string]whatsapp.Error{}}
}

func (o *oracle) Check(*whatsapp.Report) {}

func (o *oracle) Identity() whatsapp.Identity { return whatsapp.Identity{} }

func (o *oracle) Open(whatsapp.Opening) (whatsapp.Provider, error) { return o, nil }

func (o *oracle) Close() {}

func (o *oracle) Send(_ context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	to := m.Template.Name + " " + m.To
	o.sent[to]++
	return whatsapp.Accepted{ID: fmt.Sprint("id of ", to, " ", o.sent[to])}, nil
}

func (o *oracle) Poll(_ context.Context, id string) (whatsapp.Receipt, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told[id]++
	if e, ok := o.about[id]; ok {
		delete(o.about, id)
		return whatsapp.Receipt{}, false, &e
	}
	status := o.knows[min(o.told[id], len(o.knows))-1]
	return whatsapp.Receipt{ID: id, Status: status}, status != 0, nil
}

// count is how many messages of a template were sent, and how many of those were
// asked about.
func (o *oracle) count(template string) (sent, asked int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for to, n := range o.sent {
		if strings.HasPrefix(to, template+" ") {
			sent += n
		}
	}
	for id := range o.told {
		if strings.HasPrefix(id, "id of "+template+" ") {
			asked++
		}
	}
	return sent, asked
}

// channel is one that has to be asked.
func (o *oracle) channel() configs.Channel {
	c := configs.NewChannel(whatsapp.Spec{
		Name: "oracle", Rate: 50, Traits: whatsapp.Traits{Polled: true, Requests: 1},
		Settings: func() whatsapp.Settings { return o },
		Supports: func(*campaign.Step) error { return nil },
		Hint:     func(string, int) string { return "" },
	})
	c.Pair, c.Guard, c.Timeout = configs.Pair{}, configs.Guard{}, configs.Duration(5*time.Second)
	return c
}

const polledSteps = `name: polled
channel: polled
steps:
  - {template: first, language: en, category: utility, body: ["{{Full Name|there}}"]}
  - {template: second, language: en, category: utility, body: ["{{Full Name|there}}"], after: delivered, patience: 1h, otherwise: stop}
`

// TestAProviderThatHasToBeAsked sends a series. The program is stopped, and what is
// in Redis wiped, while all of the first step is to be asked about: the second goes
// out by what the polls tell.
func TestAProviderThatHasToBeAsked(t *testing.T) {
	const n = 40
	provider := newOracle(campaign.Delivered)
	s := setup{redis: startRedis(t), rate: 50, more: map[string]configs.Channel{"polled": provider.channel()}}
	standIn, url := startProvider(t, simulator.Options{})
	config := config(t, s, url)
	h := startApp(t, config, s, standIn)
	c := h.launch(t, write(t, "campaign.yaml", polledSteps), people(t, n))
	programtest.Eventually(t, programtest.Patience, "the first step is sent", func() bool { sent, _ := provider.count("first"); return sent == n })
	h.shut()
	flush(t, s.redis)

	h = startApp(t, config, s, standIn)
	programtest.Eventually(t, programtest.Patience, "all of the first step is asked about", func() bool { _, asked := provider.count("first"); return asked == n })
	flush(t, s.redis)
	done := h.finish(t, c.ID)
	if sent, _ := provider.count("second"); sent != n {
		t.Errorf("%d of the second step were sent, want %d", sent, n)
	}
	if sent, _ := provider.count("first"); sent != n {
		t.Errorf("%d of the first step were sent, want %d", sent, n)
	}
	if done.Counts[campaign.Delivered] < n {
		t.Errorf("counts %v", done.Counts)
	}
	// The campaign has ended, and what became of its last step is asked all the same.
	programtest.Eventually(t, programtest.Patience, "the last step is known to be delivered", func() bool { return h.state(t, c.ID).Counts[campaign.Delivered] == 2*n })
	id, err := campaign.ParseID(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Ledger().Verify(t.Context(), id); err != nil {
		t.Error(err)
	}
}

// TestPollsOfACampaignThatWasCancelled go on, past an error, until the last that
// there is to know.
func TestPollsOfACampaignThatWasCancelled(t *testing.T) {
	const n = 5
	provider := newOracle(campaign.Read)
	provider.about["id of first +4915123000000 1"] = whatsapp.Error{Class: whatsapp.RetrySlow, Budget: whatsapp.NumberBudget, Reason: "rate"}
	s := setup{redis: startRedis(t), rate: 50, more: map[string]configs.Channel{"polled": provider.channel()}}
	h := startHouse(t, s)
	c := h.launch(t, write(t, "campaign.yaml", polledSteps), people(t, n))
	programtest.Eventually(t, programtest.Patience, "the first step is sent", func() bool { sent, _ := provider.count("first"); return sent == n })
	if _, err := h.client.Act(t.Context(), c.ID, "cancel"); err != nil {
		t.Fatal(err)
	}
	programtest.Eventually(t, programtest.Patience, "all are known to be read", func() bool { return h.state(t, c.ID).Counts[campaign.Read] == n })
	if sent, _ := provider.count("second"); sent != 0 {
		t.Errorf("%d of the second step were sent after the campaign was cancelled", sent)
	}
	polls, err := h.Ledger().DuePolls(t.Context(), "polled", 2*n, time.Now().Add(48*time.Hour))
	if err != nil || len(polls) != 0 {
		t.Errorf("still to be asked about: %v, %v", polls, err)
	}
}
