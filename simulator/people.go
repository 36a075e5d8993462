package simulator

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"
)

// Kind is what a person says or does.
type Kind string

const (
	// Answer: writes some words.
	Answer Kind = "text"
	// Press: presses a quick-reply button.
	Press Kind = "button"
	// Stop: writes STOP, and nothing else.
	Stop Kind = "stop"
	// Start: writes START, and nothing else.
	Start Kind = "start"
	// StopMarketing: chooses in the app's menu to get no more offers.
	StopMarketing Kind = "preference_stop"
	// WantMarketing: chooses there to get them again.
	WantMarketing Kind = "preference_resume"
	// ChangeNumber: has a new number from now on.
	ChangeNumber Kind = "number_change"
)

// changeOfMind is how long after a STOP a START comes at least: enough for
// timestamps in seconds to differ.
const changeOfMind = 2 * time.Second

// saying is something that is told by webhook besides receipts: what a person
// said, or news of an account. All but the times of the Inbound stays as it is;
// those belong to the book's lock.
type saying struct {
	Inbound
	// text and payload are the words, to is the new number in digits.
	text, payload, to string
	// quotes: the message is named as the one that is answered.
	quotes bool
	// account stands for Options.WABAID where it is not empty.
	account string
	// notice is the news, nil for what a person said.
	notice *Event
}

// converse has the recipient of a message say what the decision tells, once
// the message has arrived. One that fails is not answered.
func (s *Simulator) converse(m request, d decision, id string, begun time.Duration, receipts []planned, dice *rand.Rand) {
	arrived := time.Duration(-1)
	for _, p := range receipts {
		if p.status.Arrived() {
			arrived = max(arrived, p.happens)
		}
	}
	if arrived < 0 {
		return
	}
	o := s.options.Receipts
	at := begun + arrived + o.step(dice)
	about := saying{quotes: d.says == presses || d.says == replies && d.quotes, Inbound: Inbound{
		Person: m.phone, From: waID(m.phone, d.twin), Hidden: d.hidden, Number: m.number, Message: id, At: at,
	}}
	say := func(kind Kind, text, payload string) {
		if s.options.untold(kind) {
			return
		}
		one := about
		one.Kind, one.text, one.payload = kind, text, payload
		i := item{due: one.At, happens: one.At, said: s.book.say(&one)}
		s.outbox.add(i)
		if dice.Float64() < o.Duplicate {
			i.due += o.step(dice)
			s.outbox.add(i)
		}
	}
	switch d.says {
	case replies:
		say(Answer, "Sí, gracias 👍", "")
	case presses:
		if payload, found := quickReply(m.components); found {
			say(Press, payload, payload)
		}
	case stops:
		say(Stop, "STOP", "")
	case stopsAsTwin:
		about.From = twin(about.From)
		say(Stop, "STOP", "")
	case stopsAndStarts:
		say(Stop, "STOP", "")
		about.At += changeOfMind + o.step(dice)
		say(Start, "START", "")
	case stopsMarketing:
		say(StopMarketing, "", "")
	}
}

// quickReply is the payload of the first quick-reply button that a request
// names. A button without one cannot be pressed here: only its template knows
// what it says.
func quickReply(components json.RawMessage) (payload string, found bool) {
	var list []struct {
		Type       string `json:"type"`
		SubType    string `json:"sub_type"`
		Parameters []struct {
			Payload string `json:"payload"`
		} `json:"parameters"`
	}
	if len(components) == 0 || json.Unmarshal(components, &list) != nil {
		return "", false
	}
	for _, c := range list {
		if strings.EqualFold(c.Type, "button") && strings.EqualFold(c.SubType, "quick_reply") && len(c.Parameters) > 0 {
			return c.Parameters[0].Payload, true
		}
	}
	return "", false
}

// say books what a person says, and gives it its identifier.
func (b *book) say(s *saying) *saying {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.Kind != StopMarketing && s.Kind != WantMarketing { // those have none
		s.ID = b.id(-1 - len(b.said)) // messages have the places from 0 on
		if s.notice == nil && s.Kind != ChangeNumber {
			b.heard(s.Person, s.At)
		}
	}
	b.said = append(b.said, s)
	return s
}

// profileName makes up a name; most need escapes, which is what signatures
// break on.
func profileName(phone string) string {
	names := [...]string{"Ana", "Zoë", "José / Café", "山田", "سارة", "Ola 🎉"}
	return names[hash(hashStart, phone)%uint64(len(names))]
}
