package test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp/cloud"
)

// The second number is of another app, and of another account.
const (
	secondNumber  = "206540352242922"
	secondSecret  = "the-secret-of-another-app"
	secondAccount = "another"
)

// strangers is a house with two numbers of two apps. Of the second one nothing is
// told but what a test tells.
type strangers struct {
	*house
	second *simulator.Simulator
}

// onBothEngines runs a test in a house of strangers on each engine of the ledger.
func onBothEngines(t *testing.T, test func(*testing.T, *strangers)) {
	t.Helper()
	for engine, ledger := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			provider := simulator.New(simulator.Options{AppSecret: secondSecret, PhoneNumberID: secondNumber})
			server := httptest.NewServer(provider)
			t.Cleanup(func() {
				provider.Close()
				server.Close()
			})
			other := channel(secondNumber, server.URL, 100)
			settings := other.Settings.(*cloud.Settings)
			settings.WABAID, settings.AppSecret = secondAccount, secondSecret
			h := startHouse(t, setup{redis: startRedis(t), ledger: ledger(t), rate: 100, more: map[string]configs.Channel{"second": other}})
			test(t, &strangers{h, provider})
		})
	}
}

// tell posts a webhook's changes to a channel, signed with a secret; with none it is
// not signed.
func (h *house) tell(t *testing.T, channel, secret, entry string) (status int) {
	t.Helper()
	body := []byte(`{"object":"whatsapp_business_account","entry":[` + entry + `]}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL()+"/webhooks/"+channel, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("X-Hub-Signature-256", simulator.Sign(secret, body))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode
}

// change is an entry with one change about a number; without one it tells none.
func change(field, number, value string) string {
	metadata := ""
	if number != "" {
		metadata = fmt.Sprintf(`"metadata":{"phone_number_id":%q},`, number)
	}
	return fmt.Sprintf(`{"id":%q,"changes":[{"field":%q,"value":{%s%s}}]}`, secondAccount, field, metadata, value)
}

// sent are the messages that the second number has sent, by the person.
func (s *strangers) sent(t *testing.T, id string, people int) map[string]simulator.Message {
	t.Helper()
	programtest.Eventually(t, programtest.Patience, "all are accepted", func() bool { return s.state(t, id).Counts[campaign.Accepted] == int64(people) })
	sent := map[string]simulator.Message{}
	for _, m := range s.second.Truth().Messages {
		sent[m.To] = m
	}
	return sent
}

const onSecond = `name: second
channel: second
steps:
  - {template: ask, language: en, category: utility}
  - {after: reply, when: {text: "yes"}, patience: 24h, otherwise: stop, template: glad, language: en, category: utility}
`

// Whatever one app signs, it moves nothing of another's, wherever it sends it.
func TestAnAppSpeaksForItsOwnNumbers(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *strangers) {
		c := s.launch(t, write(t, "campaign.yaml", onSecond), write(t, "list.csv", "Phone\n+4915123000001\n+4915123000002\n"))
		sent := s.sent(t, c.ID, 2)
		one, two := sent["+4915123000001"], sent["+4915123000002"]
		at := now()
		yes := fmt.Sprintf(`"messages":[{"from":"4915123000001","id":"wamid.yes","timestamp":"%d","type":"text","text":{"body":"yes"},"context":{"id":%q}}]`, at, one.ID)
		status := func(status string) string {
			return fmt.Sprintf(`"statuses":[
				{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"4915123000001","biz_opaque_callback_data":%q,"errors":[{"code":131031,"title":"locked"}]},
				{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"4915123000002"}]`, one.ID, status, at, one.Reference, two.ID, status, at)
		}
		forged := map[string]string{
			"template": change("message_template_status_update", "", `"event":"PAUSED","message_template_name":"ask","message_template_language":"en"`),
			"account":  change("account_update", "", `"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"}`),
		}
		for _, told := range []string{number, secondNumber, ""} {
			forged["delivered for "+told] = change("messages", told, status("delivered"))
			forged["failed for "+told] = change("messages", told, status("failed"))
			forged["a reply to "+told] = change("messages", told, yes)
		}
		forged["errors"] = change("messages", secondNumber, `"errors":[{"code":131031,"title":"locked"}]`)
		unmoved := func(what string) {
			t.Helper()
			if now := s.state(t, c.ID); now.State != "running" || now.Counts[campaign.Accepted] != 2 || now.Counts[campaign.Waiting] != 2 {
				t.Fatalf("%s: the campaign is %s (%s) with %v", what, now.State, now.Reason, now.Counts)
			}
		}
		for what, entry := range forged {
			if got := s.tell(t, "main", appSecret, entry); got != http.StatusOK {
				t.Errorf("%s is answered %d", what, got)
			}
			unmoved(what)
			for _, secret := range []string{appSecret, ""} {
				if got := s.tell(t, "second", secret, entry); got != http.StatusUnauthorized {
					t.Errorf("%s, signed with %q, is answered %d", what, secret, got)
				}
			}
			unmoved(what)
		}
		for _, value := range []string{status("delivered"), yes} {
			if got := s.tell(t, "second", secondSecret, change("messages", secondNumber, value)); got != http.StatusOK {
				t.Errorf("its own app is answered %d", got)
			}
		}
		programtest.Eventually(t, programtest.Patience, "its own app is believed", func() bool {
			now := s.state(t, c.ID)
			return now.Counts[campaign.Delivered] == 2 && now.Counts[campaign.Accepted] == 1 && now.Counts[campaign.Waiting] == 1
		})
	})
}

// learnt are the ways in which a webhook tells that a number and a user ID are one
// person's; m is a message that the person got.
var learnt = []struct {
	how   string
	entry func(m simulator.Message, waID, userID string) string
}{
	{"a receipt with both", func(m simulator.Message, waID, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"statuses":[{"id":"wamid.x%[1]s","status":"sent","recipient_id":%[1]q,"recipient_user_id":%[2]q}]`, waID, userID))
	}},
	{"a receipt of a message to them", func(m simulator.Message, _, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"statuses":[{"id":%q,"status":"sent","recipient_user_id":%q}]`, m.ID, userID))
	}},
	{"a receipt with our reference", func(m simulator.Message, _, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"statuses":[{"id":"wamid.y%[1]s","status":"sent","recipient_user_id":%[1]q,"biz_opaque_callback_data":%[2]q}]`, userID, m.Reference))
	}},
	{"a contact beside a receipt", func(m simulator.Message, waID, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"contacts":[{"wa_id":%[1]q,"user_id":%[2]q}],"statuses":[{"id":%[3]q,"status":"read","recipient_id":%[1]q}]`, waID, userID, m.ID))
	}},
	{"the only contact beside a receipt that names nobody", func(m simulator.Message, _, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"contacts":[{"user_id":%q}],"statuses":[{"id":%q,"status":"delivered"}]`, userID, m.ID))
	}},
	{"a message from both", func(_ simulator.Message, waID, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"messages":[{"from":%[1]q,"from_user_id":%[2]q,"id":"in.%[1]s","type":"text","text":{"body":"hello"}}]`, waID, userID))
	}},
	{"one contact of two", func(_ simulator.Message, waID, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"contacts":[{"wa_id":"4915129999999","user_id":"DE.other"},{"wa_id":%[1]q,"user_id":%[2]q}],
			"messages":[{"from":%[1]q,"id":"in.%[1]s","type":"image"},{"from":"4915129999999","id":"in.9","type":"image"}]`, waID, userID))
	}},
	{"a reply that hides the number", func(m simulator.Message, _, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"messages":[{"from_user_id":%[1]q,"id":"in.%[1]s","type":"text","text":{"body":"who is this?"},"context":{"id":%[2]q}}]`, userID, m.ID))
	}},
	{"a reaction", func(m simulator.Message, _, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"messages":[{"from_user_id":%[1]q,"id":"in.%[1]s","type":"reaction","reaction":{"message_id":%[2]q,"emoji":"👍"}}]`, userID, m.ID))
	}},
	{"a preference", func(_ simulator.Message, waID, userID string) string {
		return change("user_preferences", secondNumber, fmt.Sprintf(`"user_preferences":[{"wa_id":%q,"user_id":%q,"category":"marketing_messages","value":"stop","timestamp":1767001100}]`, waID, userID))
	}},
	{"a preference and its contact", func(_ simulator.Message, waID, userID string) string {
		return change("user_preferences", secondNumber, fmt.Sprintf(`"contacts":[{"wa_id":%[1]q,"user_id":%[2]q}],"user_preferences":[{"wa_id":%[1]q,"category":"marketing_messages","value":"resume"}]`, waID, userID))
	}},
	{"a new user ID", func(_ simulator.Message, waID, userID string) string {
		return change("user_id_update", secondNumber, fmt.Sprintf(`"user_id_update":[{"wa_id":%[1]q,"user_id":{"previous":%[2]q,"current":"DE.new%[3]s"}}]`, waID, userID, userID[3:]))
	}},
	{"a new number", func(_ simulator.Message, waID, userID string) string {
		return change("messages", secondNumber, fmt.Sprintf(`"messages":[{"from_user_id":%q,"id":"in.s","type":"system","system":{"type":"user_changed_number","wa_id":%q}}]`, userID, waID))
	}},
	{"a parent, in two changes", func(_ simulator.Message, waID, userID string) string {
		const receipt = `"statuses":[{"id":"p%[3]s","status":"sent",%[1]q:%[2]q,"recipient_parent_user_id":"DE.ENT.%[3]s"}]`
		return change("messages", secondNumber, fmt.Sprintf(receipt, "recipient_user_id", userID, userID[3:])) + "," +
			change("messages", secondNumber, fmt.Sprintf(receipt, "recipient_id", waID, userID[3:]))
	}},
}

// A STOP of a user ID holds for the number, whether that is told before, after or in
// the same request, and however.
func TestAStopByUserIDFindsItsNumber(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *strangers) {
		const orders = 3
		var phones, ids []string
		for n := range orders * len(learnt) {
			phones, ids = append(phones, fmt.Sprintf("+49151230%05d", n)), append(ids, fmt.Sprintf("DE.%d", 7000+n))
		}
		phones = append(phones, "+4915123099999") // who says nothing
		list := write(t, "list.csv", "Phone\n"+strings.Join(phones, "\n")+"\n")
		c := s.launch(t, write(t, "campaign.yaml", onSecond), list)
		sent := s.sent(t, c.ID, len(phones))
		tell := func(entry string) {
			t.Helper()
			if got := s.tell(t, "second", secondSecret, entry); got != http.StatusOK {
				t.Fatalf("%s is answered %d", entry, got)
			}
		}
		for n, id := range ids {
			stop := change("messages", secondNumber, fmt.Sprintf(`"messages":[{"from_user_id":%q,"id":"stop.%d","timestamp":"%d","type":"text","text":{"body":"Stop, please."}}]`, id, n, now()))
			meet := learnt[n/orders].entry(sent[phones[n]], strings.TrimPrefix(phones[n], "+"), id)
			switch n % orders {
			case 0:
				tell(stop)
				tell(meet)
			case 1:
				tell(meet)
				tell(stop)
			case 2:
				tell(stop + "," + meet)
			}
			tell(meet) // as providers do
		}
		ended := s.endings(t, c.ID)
		for n, phone := range phones[:len(ids)] {
			if got := ended[phone]; got[1] != "skipped" {
				t.Errorf("%s, order %d: ended as %v", learnt[n/orders].how, n%orders, got)
			}
		}
		if got := ended[phones[len(ids)]]; got[1] != "waiting" {
			t.Errorf("who said nothing ended as %v", got)
		}
		later := s.launch(t, write(t, "later.yaml", strings.ReplaceAll(oneStep, `, body: ["{{Full Name|there}}"]`, "")), list)
		if got := s.finish(t, later.ID); got.Counts[campaign.Skipped] != int64(len(ids)) {
			t.Errorf("a later campaign ends as %v", got.Counts)
		}
	})
}
