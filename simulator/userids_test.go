package simulator

import (
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
)

// toUserID is a message to a user ID.
func toUserID(id, reference string) string {
	return strings.Replace(template("+447700900123", "hello", reference), `"to":"+447700900123"`, `"recipient":"`+id+`"`, 1)
}

// Who is written to by a user ID is told by nothing else, failures included.
func TestUserIDsAreToldAlone(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]Faults{"delivered": {TwinWaID: 1}, "failed": {Undeliverable: 1}, "answers": {Reply: 1}} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dialect: cloudDialect{}, Faults: faults, Receipts: ReceiptOptions{Delay: time.Second}}
			simulate(t, o, func(s *Simulator, h *hook) {
				const id = "US.13491208655302741918"
				w := post(s, toUserID(id, "1.1"))
				if body := w.Body.String(); !strings.Contains(body, `{"input":"`+id+`","user_id":"`+id+`"}`) {
					t.Errorf("answer %s", body)
				}
				drain(t, s)
				told := h.events()
				if len(told.Receipts) == 0 {
					t.Error("no receipt came")
				}
				want := whatsapp.Who{UserID: id}
				for _, r := range told.Receipts {
					if r.Recipient != want {
						t.Errorf("a receipt for %s is of %+v", r.Status, r.Recipient)
					}
				}
				for _, said := range told.Inbound {
					if said.From != want {
						t.Errorf("%q is said by %+v", said.Text, said.From)
					}
				}
				if m := s.Truth().Messages[0]; m.To != id {
					t.Errorf("the message went to %s", m.To)
				}
			})
		})
	}
}

func TestWhoTakesUserIDs(t *testing.T) {
	t.Parallel()
	const id = "US.13491208655302741918"
	both := strings.Replace(template("+447700900123", "hello", "7.1"), `"to"`, `"recipient":"`+id+`","to"`, 1)
	for _, d := range []Dialect{cloudDialect{}, dialog360Dialect{}, service4uDialect{}} {
		want := 0
		if d.Name() == "service4u" {
			want = 100
		}
		s := New(Options{Dialect: d})
		if got := codeOf(t, post(s, toUserID(id, "7.1"))); got != want {
			t.Errorf("%s answers code %d, want %d", d.Name(), got, want)
		}
		if got := codeOf(t, post(s, toUserID("13491208655302741918", "7.1"))); got != 100 {
			t.Errorf("%s answers code %d to what is no user ID", d.Name(), got)
		}
		if got := codeOf(t, post(s, both)); got != 0 {
			t.Errorf("%s answers code %d to a number with a user ID", d.Name(), got)
		}
		messages := s.Truth().Messages
		if last := messages[len(messages)-1]; last.To != "+447700900123" {
			t.Errorf("%s sends to %s where there is a number", d.Name(), last.To)
		}
		s.Close()
	}
}

// A person who is written to under a number and a user ID is one.
func TestAuditKnowsUserIDs(t *testing.T) {
	t.Parallel()
	s := goodScene()
	ana := s.truth.Messages[0].To
	other := Message{ID: "x1", To: UserID("+447700900777"), Template: first, At: at(9)}
	s.truth.Messages = append(s.truth.Messages, other)
	s.records = append(s.records, Record{To: other.To, Template: first, Status: campaign.Accepted, MessageID: "x1", Admitted: true})
	if a := s.audit(); a.Duplicates+a.WrongPerson+a.Lost > 0 || a.Recipients != 4 {
		t.Errorf("a user ID of its own: %s", a)
	}
	s.truth.Messages = append(s.truth.Messages, Message{ID: "y1", To: UserID(ana), Template: first, At: at(10)})
	if a := s.audit(); a.Duplicates != 1 || a.Recipients != 4 {
		t.Errorf("another message to the same person: %s", a)
	}
	stopped(ana, Stop, 5)(s)
	s.truth.Messages[len(s.truth.Messages)-1].Template = second
	if a := s.audit(); a.AfterStop != 1 {
		t.Errorf("a message after the stop: %s", a)
	}
}
