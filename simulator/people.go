package simulator

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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
	// change is the webhook's change in JSON.
	change []byte
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
		one := about
		one.Kind, one.text, one.payload = kind, text, payload
		i := item{due: one.At, happens: one.At, said: s.book.say(&one, s.change)}
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
		if payload, found := quickReply(m.Template.Components); found {
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

// object is JSON in the making.
type object map[string]any

// change is the webhook's change that tells the saying (Meta, webhooks
// reference, messages and user_preferences).
func (s *Simulator) change(say *saying) []byte {
	at := s.book.start.Add(say.At).Unix()
	value := object{"messaging_product": "whatsapp", "metadata": metadata(say.Number)}
	if say.Kind != ChangeNumber { // that one comes without a contact
		value["contacts"] = []object{say.named(object{"profile": object{"name": profileName(say.Person)}}, "wa_id", "user_id")}
	}
	if say.Kind == StopMarketing || say.Kind == WantMarketing {
		wish := "stop"
		if say.Kind == WantMarketing {
			wish = "resume"
		}
		value["user_preferences"] = []object{say.named(object{
			"detail":   "User requested to " + wish + " marketing messages",
			"category": "marketing_messages", "value": wish, "timestamp": at,
		}, "wa_id", "user_id")}
		return changeOf("user_preferences", value)
	}
	message := say.named(object{"id": say.ID, "timestamp": strconv.FormatInt(at, 10)}, "from", "from_user_id")
	switch say.Kind {
	case Press:
		message["type"], message["button"] = "button", object{"payload": say.payload, "text": say.text}
	case ChangeNumber:
		message["type"] = "system"
		message["system"] = object{
			"type": "user_changed_number", "wa_id": say.to, "user_id": userID("+" + say.to), "body": "The person has a new number.",
		}
	default:
		message["type"], message["text"] = "text", object{"body": say.text}
	}
	if say.Message != "" && say.quotes {
		message["context"] = object{"from": displayNumber, "id": say.Message}
	}
	value["messages"] = []object{message}
	return changeOf("messages", value)
}

// named adds who the person is, under the names that number and user ID have
// there.
func (s *saying) named(to object, number, id string) object {
	if !s.Hidden {
		to[number] = s.From
	}
	to[id] = userID(s.Person)
	return to
}

func metadata(number string) object {
	return object{"display_phone_number": displayNumber, "phone_number_id": number}
}

// changeOf is a change in the form in which Meta signs it, see appendEscaped.
func changeOf(field string, value object) []byte {
	plain, err := json.Marshal(object{"field": field, "value": value})
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	escaped := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); { // what has to be escaped stands in strings alone
		if c := plain[i]; c < utf8.RuneSelf {
			if c == '/' {
				escaped = append(escaped, '\\')
			}
			escaped = append(escaped, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(plain[i:])
		escaped = appendRune(escaped, r)
		i += size
	}
	return escaped
}

// say books what a person says, with the change that render makes of it once
// it has its identifier.
func (b *book) say(s *saying, render func(*saying) []byte) *saying {
	b.mu.Lock()
	if s.Kind != StopMarketing && s.Kind != WantMarketing { // those have none
		s.ID = b.id(-1 - len(b.said)) // messages have the places from 0 on
	}
	b.said = append(b.said, s)
	b.mu.Unlock()
	s.change = render(s)
	return s
}
