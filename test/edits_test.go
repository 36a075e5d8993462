package test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/programtest"
	"carillon/simulator"
)

const invitation = `name: invitation
channel: main
steps:
  - {template: ask, language: en, category: utility}
  - {after: reply, when: {text: "yes"}, patience: 1h, otherwise: stop, template: glad, language: en, category: utility}
`

// writes posts a message of a person to the webhook.
func (h *house) writes(t *testing.T, phone, message string) {
	t.Helper()
	h.posts(t, fmt.Sprintf(`"messages":[{"from":%q,%s}]`, strings.TrimPrefix(phone, "+"), message))
}

// posts posts what a change tells to the webhook, signed as the provider does.
func (h *house) posts(t *testing.T, told string) {
	t.Helper()
	body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{
		"metadata":{"phone_number_id":%q},%s}}]}]}`, number, told)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL()+"/webhooks/main", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", simulator.Sign(appSecret, body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the webhook is answered %s", answer.Status)
	}
}

// Who edits a message has said what it says then, once, and who deletes one has
// said it all the same.
func TestEditedAndDeletedMessages(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t)})
	const edits, marked, stops, deletes, late = "+4915123000001", "+4915123000002", "+4915123000003", "+4915123000004", "+4915123000005"
	list := write(t, "list.csv", "Phone\n"+strings.Join([]string{edits, marked, stops, deletes, late}, "\n")+"\n")
	c := h.launch(t, write(t, "campaign.yaml", invitation), list)
	programtest.Eventually(t, programtest.Patience, "the question has arrived", func() bool { return h.state(t, c.ID).Counts[campaign.Delivered] == 5 })

	text := func(id, body string) string {
		return fmt.Sprintf(`"id":%q,"timestamp":"%d","type":"text","text":{"body":%q}`, id, now(), body)
	}
	edit := func(id, of, body string) string {
		return fmt.Sprintf(`"id":%q,"timestamp":"%d","type":"edit","edit":{"original_message_id":%q,"message":{"type":"text","text":{"body":%q}}}`, id, now(), of, body)
	}
	h.writes(t, edits, text("wamid.1", "yse"))
	yes := edit("wamid.1e", "wamid.1", "yes")
	h.writes(t, edits, yes)
	h.writes(t, edits, yes) // as providers do
	h.writes(t, edits, text("wamid.1", "yse"))
	h.writes(t, marked, text("wamid.2", "perhaps"))
	h.writes(t, marked, text("wamid.2", "Yes!")+`,"edited":true`)
	h.writes(t, stops, text("wamid.3", "who is this?"))
	h.writes(t, stops, edit("wamid.3e", "wamid.3", "STOP ALL"))
	h.writes(t, deletes, text("wamid.4", "Opt-out, please"))
	h.writes(t, deletes, fmt.Sprintf(`"id":"wamid.4d","timestamp":"%d","type":"revoke","revoke":{"original_message_id":"wamid.4"}`, now()))
	h.writes(t, late, text("wamid.5", "yes"))
	h.writes(t, late, edit("wamid.5e", "wamid.5", "no")) // too late

	h.finish(t, c.ID)
	got := h.endings(t, c.ID)
	for phone, want := range map[string]string{
		edits: "delivered delivered", marked: "delivered delivered", late: "delivered delivered",
		stops: "delivered skipped", deletes: "delivered skipped",
	} {
		if ended := strings.Join(got[phone], " "); ended != want {
			t.Errorf("%s ended as %s, want %s", phone, ended, want)
		}
	}
	h.audit(t, c.ID)
	later := h.finish(t, h.launch(t, write(t, "campaign.yaml", strings.ReplaceAll(oneStep, `, body: ["{{Full Name|there}}"]`, "")), list).ID)
	if later.Counts[campaign.Skipped] != 2 || later.Counts[campaign.Delivered] != 3 {
		t.Errorf("a later campaign ends as %v", later.Counts)
	}
}

// now is a webhook's timestamp.
func now() int64 { return time.Now().Unix() }
