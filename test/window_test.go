package test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/simulator"
)

const conversation = `name: conversation
channel: main
steps:
  - template: ask
    language: en
    category: utility
    buttons: [{index: 0, sub_type: quick_reply, payload: "yes"}]
  - after: reply
    patience: 5s
    otherwise: skip
    text: "Thank you, {{Name|dear}}!"
    reply: true
    read: true
  - {after: delivered, otherwise: stop, template: goodbye, language: en, category: utility}
`

const greeting = `name: greeting
channel: main
steps:
  - text: "Hello again!"
    category: utility
`

// instead is what greeting sends where the window is shut.
const instead = `    otherwise_template: {template: hello, language: en}
`

// sentTo are the templates and kinds of what was accepted for a person, in order.
func (h *house) sentTo(phone string) []string {
	var all []string
	for _, m := range h.provider.Truth().Messages {
		if m.To == phone {
			all = append(all, m.Template)
		}
	}
	return all
}

// Whoever answers is thanked without a template, and later greeted without one.
// Whoever did not is sent the template, or nothing where there is none.
func TestWhatIsNoTemplateStaysInTheWindow(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), simulator: simulator.Options{
		Suffixes: true, Receipts: simulator.ReceiptOptions{Delay: 5 * time.Millisecond, Duplicate: 0.5},
	}})
	const written, pressed, silent = "+4915123099913", "+4915123099914", "+4915123000001"
	list := write(t, "list.csv", "Name,Phone\n,"+strings.Join([]string{written, pressed, silent}, "\n,")+"\n")
	c := h.finish(t, h.launch(t, write(t, "conversation.yaml", conversation), list).ID)
	ended := h.endings(t, c.ID)
	for phone, want := range map[string]string{
		written: "delivered delivered delivered", pressed: "delivered delivered delivered", silent: "delivered skipped delivered",
	} {
		if got := strings.Join(ended[phone], " "); got != want {
			t.Errorf("%s ended as %s, want %s", phone, got, want)
		}
	}
	h.audit(t, c.ID)
	if reads := h.provider.Counts().Reads; reads != 2 {
		t.Errorf("%d messages of people were marked as read, want 2", reads)
	}
	for _, m := range h.provider.Truth().Messages {
		var text struct{ Body string }
		if m.Template == "(text)" && (json.Unmarshal(m.Components, &text) != nil || text.Body != "Thank you, dear!") {
			t.Errorf("%s was thanked by %s", m.To, m.Components)
		}
	}
	for _, definition := range []string{greeting + instead, greeting} {
		c = h.finish(t, h.launch(t, write(t, "greeting.yaml", definition), list).ID)
	}
	for phone, want := range map[string]string{
		written: "ask (text) goodbye (text) (text)", pressed: "ask (text) goodbye (text) (text)", silent: "ask goodbye hello",
	} {
		if got := strings.Join(h.sentTo(phone), " "); got != want {
			t.Errorf("%s was sent %s, want %s", phone, got, want)
		}
	}
	if c.Counts[campaign.Skipped] != 1 || c.Counts[campaign.Delivered] != 2 {
		t.Errorf("without a template it ends as %v", c.Counts)
	}
}

// What the provider knows better is sent as a template, and fails nobody.
func TestTheProvidersWordShutsTheWindow(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t)})
	const phone = "+4915123000001"
	now := time.Now()
	_, err := h.Ledger().Hear(t.Context(), []ledger.InboundEvent{{
		ID: "wamid.misheard", Channel: "main", Peers: []string{"main"}, Person: phone, At: now, Message: true, Opens: true, Source: ledger.SourcePerson,
	}}, now)
	if err != nil {
		t.Fatal(err)
	}
	c := h.finish(t, h.launch(t, write(t, "greeting.yaml", greeting+instead), write(t, "list.csv", "Phone\n"+phone+"\n")).ID)
	if c.Counts[campaign.Delivered] != 1 {
		t.Errorf("it ends as %v", c.Counts)
	}
	if got := strings.Join(h.sentTo(phone), " "); got != "(text) hello" { // the text was reported failed
		t.Errorf("%s was sent %s", phone, got)
	}
	h.audit(t, c.ID)
}
