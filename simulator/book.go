package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"carillon/campaign"
)

const (
	// pageSize is how many messages are stored, and exported, at a time.
	pageSize = 1024
	// kinds is how many kinds of receipts there are: sent to failed.
	kinds = int(campaign.Failed-campaign.Sent) + 1
)

// message is an accepted message as the book keeps it: some 150 bytes and its
// texts. Times count from the book's start.
type message struct {
	// text is the recipient's number or user ID, the reference and the components.
	text                       []byte
	at                         time.Duration
	posted, answered           [kinds]time.Duration
	happens                    [kinds]uint32 // milliseconds after at
	number, template, language uint32
	phone, reference           uint16 // lengths
	planned, lost              uint8  // bits by kind
	answer, fate               fault
	twin, hidden, marketing    bool
}

// kind is the place of a receipt's status in the arrays of a message.
func kind(s campaign.Status) int { return int(s - campaign.Sent) }

// book keeps what was requested, accepted and reported.
type book struct {
	start time.Time
	nonce uint64
	// code is what the provider calls the way in which a message failed.
	code func(fault) int

	mu       sync.Mutex
	pages    []*[pageSize]message
	accepted int
	said     []*saying                  // by people
	words    map[string][]time.Duration // when people said something, by their number
	reads    int
	refused  map[int]int
	arrivals []time.Duration
	polls    int // of the arrivals
	// full is when the rate's bucket would be full again.
	full  time.Duration
	tries map[uint64]uint32
	names []string
	index map[string]uint32
}

func newBook(code func(fault) int) *book {
	return &book{
		start: time.Now(), nonce: rand.Uint64(), code: code,
		refused: map[int]int{}, words: map[string][]time.Duration{}, tries: map[uint64]uint32{}, index: map[string]uint32{},
	}
}

// now is the time since just before the start: never 0, which stands for never.
func (b *book) now() time.Duration { return time.Since(b.start) + 1 }

// arrive books a request and reports whether the rate allows it.
func (b *book) arrive(now time.Duration, rate float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arrivals = append(b.arrivals, now)
	if rate <= 0 {
		return true
	}
	const headroom, burst = 1.02, 0.05 // see Options.Rate
	each := float64(time.Second) / (rate * headroom)
	full := max(b.full, now)
	if float64(full-now) > each*max(1, rate*burst) {
		return false
	}
	b.full = full + time.Duration(each)
	return true
}

// try counts the tries of a recipient and template; the first is 1.
func (b *book) try(key uint64) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries[key]++
	return int(b.tries[key])
}

// refuse counts a refusal by its code.
func (b *book) refuse(code int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused[code]++
}

// accept stores a message and gives it its place and its id.
func (b *book) accept(r request, d decision, at time.Duration, receipts []planned) (int, string) {
	text := make([]byte, 0, len(r.phone)+len(r.reference)+len(r.components))
	text = append(append(append(text, r.phone...), r.reference...), r.components...)
	m := message{
		text: text, at: at, answer: d.answer, fate: d.fate, twin: d.twin, hidden: d.hidden, marketing: r.marketing,
		phone: uint16(len(r.phone)), reference: uint16(len(r.reference)),
	}
	for _, p := range receipts {
		m.planned |= 1 << kind(p.status)
		m.happens[kind(p.status)] = uint32((p.happens + time.Millisecond - 1) / time.Millisecond)
		if p.lost {
			m.lost |= 1 << kind(p.status)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m.number, m.template, m.language = b.intern(r.number), b.intern(r.template), b.intern(r.language)
	place := b.accepted
	if place%pageSize == 0 {
		b.pages = append(b.pages, new([pageSize]message))
	}
	b.accepted++
	*b.at(place) = m
	return place, b.id(place)
}

// at is the message at a place.
func (b *book) at(place int) *message { return &b.pages[place/pageSize][place%pageSize] }

// intern numbers the few texts that many messages share.
func (b *book) intern(name string) uint32 {
	n, known := b.index[name]
	if !known {
		n = uint32(len(b.names))
		b.names = append(b.names, name)
		b.index[name] = n
	}
	return n
}

// lastNumber is the number that sent the last message, empty for none.
func (b *book) lastNumber() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.accepted == 0 {
		return ""
	}
	return b.names[b.at(b.accepted-1).number]
}

// id is a message's identifier: unlike any other of this book, and of another
// one but for a chance of one in 2^64.
func (b *book) id(place int) string {
	raw := binary.BigEndian.AppendUint64([]byte{0x1c, 0x18, 0x0b, 0x15, 0x02}, b.nonce)
	raw = binary.BigEndian.AppendUint64(raw, mix(uint64(place)^b.nonce))
	return "wamid." + base64.StdEncoding.EncodeToString(raw)
}

// telling is one thing that a webhook tells: a receipt, or what somebody said.
type telling struct {
	// at is when it happened.
	at time.Time
	// number is the id of the number that it is told to, display how that number
	// is shown; empty for displayNumber.
	number, display string
	// said is what somebody said, nil for a receipt; the rest is the receipt's.
	said                 *saying
	status               campaign.Status
	id, phone, reference string
	// code is why a message failed.
	code                    int
	twin, hidden, marketing bool
}

// tellings are what items tell.
func (b *book) tellings(items []item) []telling {
	list := make([]telling, len(items))
	b.mu.Lock()
	defer b.mu.Unlock()
	for n, i := range items {
		list[n] = telling{at: b.start.Add(i.happens), said: i.said, status: i.status}
		if i.said != nil {
			list[n].number = i.said.Number
			continue
		}
		m, t := b.at(i.message), &list[n]
		phone, reference := m.texts()
		t.id, t.phone, t.reference, t.number = b.id(i.message), string(phone), string(reference), b.names[m.number]
		t.twin, t.hidden, t.marketing = m.twin, m.hidden, m.marketing
		if i.status == campaign.Failed {
			t.code = b.code(m.fate)
		}
	}
	return list
}

// texts are the message's number and reference.
func (m *message) texts() (phone, reference []byte) {
	return m.text[:m.phone], m.text[m.phone:][:m.reference]
}

// event is what is marked of items.
type event int8

const (
	posted event = iota
	answered
)

// mark notes an event of items whose POST began at begun, unless it had happened
// before. Sayings are answered when the answer came: from then on the receiver
// has to heed them.
func (b *book) mark(items []item, e event, begun time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range items {
		at, when := b.clock(&items[i], e), begun
		if e == answered && items[i].said != nil {
			when = b.now()
		}
		if *at == 0 {
			*at = when
		}
	}
}

// clock is where the time of an event is kept.
func (b *book) clock(i *item, e event) *time.Duration {
	if s := i.said; s != nil {
		if e == posted {
			return &s.Posted
		}
		return &s.Answered
	}
	m := b.at(i.message)
	if e == posted {
		return &m.posted[kind(i.status)]
	}
	return &m.answered[kind(i.status)]
}

// counts must be called under the lock.
func (b *book) counts() Counts {
	c := Counts{Requests: len(b.arrivals) - b.polls, Polls: b.polls, Reads: b.reads, Accepted: b.accepted, Refused: map[int]int{}}
	for code, n := range b.refused {
		c.Refused[code] = n
	}
	return c
}

// snapshot tells what is known now but for the messages, and reads those page
// by page.
func (b *book) snapshot() (Truth, iter.Seq[Message]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := Truth{Started: b.start, Counts: b.counts(), Arrivals: slices.Clone(b.arrivals)}
	slices.Sort(t.Arrivals)
	for _, s := range b.said {
		t.Inbound = append(t.Inbound, s.Inbound)
	}
	return t, func(yield func(Message) bool) {
		page := make([]Message, 0, pageSize)
		for from := 0; from < t.Counts.Accepted; from += pageSize {
			page = b.export(page[:0], from, min(from+pageSize, t.Counts.Accepted))
			for _, m := range page {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// export appends the messages from one place up to another.
func (b *book) export(page []Message, from, to int) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	for place := from; place < to; place++ {
		m := b.at(place)
		phone, reference := m.texts()
		out := Message{
			ID: b.id(place), To: string(phone), Reference: string(reference),
			Number: b.names[m.number], Template: b.names[m.template], Language: b.names[m.language],
			Marketing: m.marketing, At: m.at, Fault: m.fault(), Receipts: m.receipts(b.code),
		}
		if components := m.text[len(phone)+len(reference):]; len(components) > 0 {
			out.Components = json.RawMessage(components)
		}
		page = append(page, out)
	}
	return page
}

// fault names what went wrong with an accepted message.
func (m *message) fault() string {
	names := m.answer.String()
	if m.fate != noFault {
		if names != "" {
			names += " "
		}
		names += m.fate.String()
	}
	return names
}

// receipts lists what the message was planned to get.
func (m *message) receipts(code func(fault) int) []Receipt {
	var list []Receipt
	for k := range kinds {
		if m.planned>>k&1 == 0 {
			continue
		}
		r := Receipt{Status: campaign.Sent + campaign.Status(k), Lost: m.lost>>k&1 == 1, Posted: m.posted[k], Answered: m.answered[k]}
		if r.Status == campaign.Failed {
			r.Code = code(m.fate)
		}
		list = append(list, r)
	}
	return list
}
