package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"carillon/campaign"
)

// asked is the dialect of a provider that is asked what became of a message.
type asked interface {
	Dialect
	// asks are the patterns under which it is asked.
	asks() []string
	// question reads which message is asked for.
	question(r *http.Request, o Options) (id string, no *refusal)
	// tell is the answer about a message. Its status is Accepted where nothing has
	// become of it yet.
	tell(t telling) answer
}

// Posts reports whether the provider posts webhooks at all. One that is asked does
// with AlsoPosts alone.
func (o Options) Posts() bool {
	_, isAsked := o.Dialect.(asked)
	return o.AlsoPosts || !isAsked
}

// poll serves a question of what became of a message. It counts for the rate as a
// message does.
func (s *Simulator) poll(w http.ResponseWriter, r *http.Request) {
	begun := s.book.now()
	a, place, told := s.askedFor(r, begun)
	s.pause(r.Context(), s.options.Latency-(s.book.now()-begun))
	a.write(w)
	if told > campaign.Accepted {
		s.book.tell(place, told, begun)
	}
}

// askedFor is the answer to a question, with the message and the status that it
// tells.
func (s *Simulator) askedFor(r *http.Request, begun time.Duration) (a answer, place int, told campaign.Status) {
	d := s.options.Dialect.(asked)
	inTime := s.book.arriveAsking(begun, s.options.Rate)
	id, no := d.question(r, s.options)
	switch {
	case no != nil:
		return d.refuse(*no), 0, 0
	case !inTime:
		return d.refuse(refusal{reason: overRate, coin: true}), 0, 0
	}
	t, place, known := s.book.became(id, begun)
	if !known {
		return d.refuse(refusal{reason: noSuchPath, details: "There is no message with this id."}), 0, 0
	}
	return d.tell(t), place, t.status
}

// arriveAsking books a request that asks, and reports whether the rate allows it.
func (b *book) arriveAsking(now time.Duration, rate float64) bool {
	inTime := b.arrive(now, rate)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.polls++
	return inTime
}

// became is what has become of a message by now: the last of its receipts that has
// happened and is not lost.
func (b *book) became(id string, now time.Duration) (t telling, place int, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	place, known = b.placeOf(id)
	if !known {
		return telling{}, 0, false
	}
	m := b.at(place)
	phone, reference := m.texts()
	t = telling{
		id: id, phone: string(phone), reference: string(reference), number: b.names[m.number],
		twin: m.twin, hidden: m.hidden, status: campaign.Accepted, at: b.start.Add(m.at),
	}
	for k := range kinds {
		happens := m.at + time.Duration(m.happens[k])*time.Millisecond
		if m.planned>>k&1 == 1 && m.lost>>k&1 == 0 && happens <= now {
			t.status, t.at = campaign.Sent+campaign.Status(k), b.start.Add(happens)
		}
	}
	if t.status == campaign.Failed {
		t.code = b.code(m.fate)
	}
	return t, place, true
}

// placeOf finds a message by its identifier.
func (b *book) placeOf(id string) (place int, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(id, "wamid."))
	if err != nil || len(raw) < 8 {
		return 0, false
	}
	n := unmix(binary.BigEndian.Uint64(raw[len(raw)-8:])) ^ b.nonce
	if n >= uint64(b.accepted) || b.id(int(n)) != id {
		return 0, false
	}
	return int(n), true
}

// unmix is the inverse of mix.
func unmix(x uint64) uint64 {
	x = (x ^ x>>31 ^ x>>62) * 0x319642b2d24d8ec3
	x = (x ^ x>>27 ^ x>>54) * 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}

// tell notes that a status was told to who asked at begun, unless it had been told
// before.
func (b *book) tell(place int, status campaign.Status, begun time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, k := b.at(place), kind(status)
	for _, when := range []*time.Duration{&m.posted[k], &m.answered[k]} {
		if *when == 0 {
			*when = begun
		}
	}
}
