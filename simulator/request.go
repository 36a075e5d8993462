package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRequest is the longest message that is read, in bytes.
const maxRequest = 1 << 20

// request is the part of a message's body that matters here (Meta,
// send-messages page).
type request struct {
	Product   string `json:"messaging_product"`
	To        string `json:"to"`
	Type      string `json:"type"`
	Reference string `json:"biz_opaque_callback_data"`
	Template  struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components json.RawMessage `json:"components"`
	} `json:"template"`

	// number is the sending number's id, phone the recipient in E.164.
	number, phone string
}

// message serves POST /{version}/{phone_number_id}/messages.
func (s *Simulator) message(w http.ResponseWriter, r *http.Request) {
	begun := s.book.now()
	a := s.answer(r, begun)
	if a.code != 0 {
		s.book.refuse(a.code)
	}
	if a.early != nil {
		select {
		case <-a.early:
		case <-r.Context().Done():
		case <-s.closing.Done():
		}
	}
	s.pause(r.Context(), a.wait+s.options.Latency-(s.book.now()-begun))
	a.write(w)
}

// answer decides about a request and books what was accepted.
func (s *Simulator) answer(r *http.Request, begun time.Duration) answer {
	inTime := s.book.arrive(begun, s.options.Rate)
	if token := s.options.AccessToken; token != "" && r.Header.Get("Authorization") != "Bearer "+token {
		return badToken().answer()
	}
	number := r.PathValue("number")
	if only := s.options.PhoneNumberID; only != "" && number != only {
		return noSuchObject().answer()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return invalidParameter("The body ended too soon: " + err.Error()).answer()
	}
	m := request{number: number}
	if wrong := m.read(body); wrong != nil {
		return wrong.answer()
	}
	if !inTime {
		return rateLimited(http.StatusTooManyRequests).answer()
	}
	return s.take(m, begun)
}

// take draws the message's faults and accepts or refuses it.
func (s *Simulator) take(m request, begun time.Duration) answer {
	person := hash(hashStart, m.phone)
	key := hash(person, "\x00"+m.Template.Name)
	try := s.book.try(key)
	turn := dice(s.options.Seed, key+uint64(try))
	faults := *s.faults.Load()
	if faults.SlowTemplate == m.Template.Name { // which is never empty
		return slowed(faults.SlowFor)
	}
	d := faults.decide(dice(s.options.Seed, person), turn)
	if s.options.Suffixes {
		if by, found := decideBySuffix(Suffixes(), m.phone, try); found {
			d = by
		}
	}
	d.twin = d.twin || s.options.Twins
	if !d.accepted() {
		return refusalFor(d, m.phone)
	}
	receipts := s.options.Receipts.plan(d, s.options.Latency, turn)
	index, id := s.book.accept(m, d, begun, receipts)
	early := s.outbox.schedule(index, begun, receipts)
	if d.says != noFault {
		s.converse(m, d, id, begun, receipts, turn)
	}
	a := answer{status: http.StatusOK, kind: typeJSON, body: s.acceptance(m, id, d), early: early}
	switch d.answer {
	case lostAnswer:
		a.hangUp = true
	case badGateway:
		a.status, a.kind, a.body = http.StatusBadGateway, "text/html", []byte(gatewayPage)
	case hang:
		a.wait = faults.hangFor()
	}
	return a
}

// acceptance is the body of a success (Meta, send-messages page).
func (s *Simulator) acceptance(m request, id string, d decision) []byte {
	status := "accepted"
	if d.answer == held {
		status = "held_for_quality_assessment"
	}
	b := make([]byte, 0, 256)
	b = append(b, `{"messaging_product":"whatsapp","contacts":[{"input":`...)
	b = appendEscaped(b, m.To)
	b = append(b, `,"wa_id":"`...)
	b = append(b, waID(m.phone, d.twin)...)
	b = append(b, `"}],"messages":[{"id":`...)
	b = appendEscaped(b, id)
	b = append(b, `,"message_status":"`...)
	b = append(b, status...)
	return append(b, `"}]}`...)
}

// read decodes and checks a body. It returns nil or why it is refused.
func (m *request) read(body []byte) *refusal {
	if err := json.Unmarshal(body, m); err != nil {
		return invalidParameter("The body is not a message in JSON: " + err.Error())
	}
	switch {
	case m.Product != "whatsapp":
		return invalidParameter("The parameter messaging_product is required and must be whatsapp.")
	case m.To == "":
		return invalidParameter("The parameter to is required.")
	case m.Type != "template":
		return unsupportedType(m.Type)
	case m.Template.Name == "":
		return invalidParameter("The parameter template['name'] is required.")
	case m.Template.Language.Code == "":
		return invalidParameter("The parameter template['language']['code'] is required.")
	case len(m.Reference) > maxReference:
		return invalidParameter("Param biz_opaque_callback_data must be at most 512 characters long.")
	}
	phone, ok := international(m.To)
	if !ok {
		return invalidParameter("The parameter to must be a phone number with a plus sign and the country code.")
	}
	m.phone = phone
	return checkComponents(m.Template.Components)
}

// maxReference is the longest reference, in characters (Meta, calls API).
const maxReference = 512

// international reads a number as the real API does: spaces, hyphens, dots and
// parentheses do not count. One without a plus would there get the sender's
// country in front and reach a stranger; here it is refused.
func international(to string) (e164 string, ok bool) {
	rest, plus := strings.CutPrefix(to, "+")
	if !plus {
		return "", false
	}
	phone := make([]byte, 1, 16)
	phone[0] = '+'
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			phone = append(phone, c)
		case !strings.ContainsRune(" -.()", rune(c)):
			return "", false
		}
	}
	if len(phone) < 1+8 || len(phone) > 1+15 || phone[1] == '0' {
		return "", false
	}
	return string(phone), true
}

// checkComponents refuses what Meta refuses of a parameter's text: newlines,
// tabs, more than four spaces in a row, nothing at all.
func checkComponents(raw json.RawMessage) *refusal {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	var components []struct {
		Type       string `json:"type"`
		Parameters []struct {
			Type string  `json:"type"`
			Text *string `json:"text"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(raw, &components); err != nil {
		return invalidParameter("The parameter template['components'] is malformed: " + err.Error())
	}
	for i, c := range components {
		if c.Type == "" {
			return invalidParameter("The parameter template['components'][" + strconv.Itoa(i) + "]['type'] is required.")
		}
		for _, p := range c.Parameters {
			switch {
			case p.Type != "text":
			case p.Text == nil || *p.Text == "":
				return missingText(c.Type)
			case c.Type != "button" && badText(*p.Text):
				return forbiddenText(c.Type)
			}
		}
	}
	return nil
}

func badText(text string) bool {
	return strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, "     ")
}
