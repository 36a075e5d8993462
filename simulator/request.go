package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"carillon/campaign"
)

// request asks for a message, whatever dialect it came in.
type request struct {
	// number is the sending number's id, to the recipient as the request writes it,
	// phone the same in E.164, or a user ID.
	number, to, phone string
	// reference is the sender's own word for the message, empty for none.
	reference          string
	template, language string
	// components are the template's parameters in the Cloud API's JSON.
	components json.RawMessage
	// marketing says that it came by the endpoint for marketing messages.
	marketing bool
	// free says that it is no template: template is then the freeName of its kind, and
	// components its content.
	free bool
	// read says that it asks for no message, but marks one of a person as read.
	read bool
}

// message serves a request for a message.
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
	m, no := s.options.Dialect.decode(r, s.options)
	if no == nil && m.read {
		s.book.read()
		return answer{status: http.StatusOK, kind: typeJSON, body: []byte(`{"success":true}`)}
	}
	inTime := s.book.arrive(begun, s.options.Rate)
	if no != nil {
		return s.options.Dialect.refuse(*no)
	}
	if !inTime {
		return s.options.Dialect.refuse(refusal{reason: overRate, coin: true})
	}
	if no := s.missing(m); no != nil {
		return s.options.Dialect.refuse(*no)
	}
	return s.take(m, begun)
}

// take draws the message's faults and accepts or refuses it.
func (s *Simulator) take(m request, begun time.Duration) answer {
	person := hash(hashStart, m.phone)
	key := hash(person, "\x00"+m.template)
	try := s.book.try(key)
	perTry := dice(s.options.Seed, key+uint64(try))
	faults := *s.faults.Load()
	if faults.SlowTemplate == m.template { // which is never empty
		return s.options.Dialect.refuse(refusal{reason: slowTemplate, wait: faults.SlowFor})
	}
	d := faults.decide(dice(s.options.Seed, person), perTry)
	if s.options.Suffixes {
		if by, found := decideBySuffix(Suffixes(), m.phone, try); found {
			d = by
		}
	}
	d.twin = d.twin || s.options.Twins
	if !campaign.IsNumber(m.phone) { // nobody learns the number of who is written to by a user ID
		d.twin, d.hidden = false, true
	}
	if m.free && !s.book.open(m.phone, begun) {
		d.fate, d.says = outsideWindow, noFault
	}
	if !d.accepted() {
		return s.options.Dialect.refuse(d.refused(m.phone))
	}
	receipts := s.options.Receipts.plan(d, s.options.Latency, perTry)
	index, id := s.book.accept(m, d, begun, receipts)
	early := s.outbox.schedule(index, begun, receipts)
	if d.says != noFault {
		s.converse(m, d, id, begun, receipts, perTry)
	}
	a := s.options.Dialect.accept(m, id, d)
	a.early = early
	switch d.answer {
	case lostAnswer:
		a.hangUp = true
	case badGateway:
		a.status, a.kind, a.body = http.StatusBadGateway, typeHTML, []byte(gatewayPage)
	case hang:
		a.wait = faults.hangFor()
	}
	return a
}

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
