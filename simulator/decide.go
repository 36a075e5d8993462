package simulator

import (
	"math/rand/v2"
	"strings"
)

// decision is what happens to one try.
type decision struct {
	// refusal keeps it from being accepted, answer spoils the answer to it,
	// and fate is what its receipts tell in the end.
	refusal, answer, fate fault
	// coin chooses between the two forms that some faults have. It falls once
	// for a recipient in the faults that stay, else once for a try.
	coin bool

	// says is what the recipient does once the message has arrived; quotes has
	// them name the message where that is left to them.
	says   fault
	quotes bool
	// twin answers with the twin of the recipient's number.
	twin bool
	// hidden keeps the recipient's number out of the webhooks.
	hidden bool
}

// accepted reports whether the message is taken.
func (d decision) accepted() bool {
	return d.refusal == noFault && (d.answer != badGateway || d.coin)
}

// decide draws the faults of one try (1 is the first). person and perTry must be
// dice of the recipient and of the try. Each share draws exactly once, so that
// changing one leaves the others' victims as they are. New shares draw last.
func (f Faults) decide(person, perTry *rand.Rand) decision {
	d := decision{coin: perTry.Float64() < 0.5}
	personCoin := person.Float64() < 0.5
	first := func(into *fault, s share, dice *rand.Rand) {
		if dice.Float64() < *s.value && *into == noFault {
			*into = s.fault
		}
	}
	for _, s := range f.shares() {
		switch s.fault {
		case invalid:
			first(&d.refusal, s, person)
		case throttled, timeout408, unavailable:
			first(&d.refusal, s, perTry)
		case undeliverable:
			first(&d.fate, s, person)
		case failLater408, marketingCap:
			first(&d.fate, s, perTry)
		case replies, presses, stops, stopsAsTwin, stopsAndStarts, stopsMarketing:
			first(&d.says, s, person)
		case twinWaID:
			d.twin = person.Float64() < *s.value
		case hiddenNumber:
			d.hidden = person.Float64() < *s.value
		default:
			first(&d.answer, s, perTry)
		}
	}
	if d.refusal == invalid {
		d.coin = personCoin
	}
	d.quotes = personCoin
	return d
}

// dice are deterministic in the seed and the words.
func dice(seed, word uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, mix(word))) }

// mix scatters a number over all numbers, each to one of its own (the
// finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash is 64-bit FNV-1a, begun at h.
func hash(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	return h
}

// hashStart is the offset basis of FNV-1a.
const hashStart = 0xcbf29ce484222325

// Suffix says how recipients behave whose numbers end in certain digits.
type Suffix struct {
	// Digits are the last digits of the number.
	Digits string
	// Does tells people what happens.
	Does string

	fault fault
	// once: only the first try of each template meets the fault.
	once bool
}

// Suffixes is the table that Options.Suffixes puts in force.
func Suffixes() []Suffix {
	return []Suffix{
		{"99901", "refused with 131009, always", invalid, false},
		{"99902", "accepted, then failed with 131026, always", undeliverable, false},
		{"99903", "throttled (130429) at the first try", throttled, true},
		{"99904", "answered with 408 at the first try", timeout408, true},
		{"99905", "answered with 503 (131016) at the first try", unavailable, true},
		{"99906", "accepted, and the answer to the first try is lost", lostAnswer, true},
		{"99907", "accepted, and the first try is answered with a bad gateway's page", badGateway, true},
		{"99908", "accepted, and the answer to the first try hangs", hang, true},
		{"99909", "held for quality assessment, then sent", held, false},
		{"99910", "accepted and sent, then failed with 408 at the first try", failLater408, true},
		{"99911", "accepted, then failed with 131049 (the person's marketing limit), always", marketingCap, false},
		{"99912", "accepted, and no receipt ever comes", silent, false},
		{"99913", "answers with a text that quotes the message", replies, false},
		{"99914", "presses the template's first quick-reply button", presses, false},
		{"99915", "writes STOP after the message has arrived", stops, false},
		{"99916", "writes STOP from the number's twin (Brazil, Mexico, Argentina)", stopsAsTwin, false},
		{"99917", "stops marketing in the app's menu", stopsMarketing, false},
		{"99918", "writes STOP, and START a little later", stopsAndStarts, false},
		{"99919", "has the number's twin as wa_id, and answers from it", twinWaID, false},
		{"99920", "hides the number, and writes STOP", hiddenNumber, false},
	}
}

// decideBySuffix looks the recipient up in the table.
func decideBySuffix(table []Suffix, to string, try int) (d decision, found bool) {
	for _, s := range table {
		if !strings.HasSuffix(to, s.Digits) {
			continue
		}
		if s.once && try > 1 {
			return decision{}, true
		}
		switch s.fault {
		case invalid, throttled, timeout408, unavailable:
			d.refusal = s.fault
		case undeliverable, failLater408, marketingCap, silent:
			d.fate = s.fault
		case replies, presses, stops, stopsAsTwin, stopsAndStarts, stopsMarketing:
			d.says = s.fault
		case twinWaID:
			d.says, d.twin = replies, true
		case hiddenNumber:
			d.says, d.hidden = stops, true
		default:
			d.answer = s.fault
		}
		d.coin, d.quotes = true, true
		return d, true
	}
	return decision{}, false
}
