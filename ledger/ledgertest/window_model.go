package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// windows draws when a person writes, when texts to them are claimed, what the
// provider says of windows, and what the clocks do. Nothing that is no template is
// ever claimed outside a window. While no clock is turned back, nothing else
// keeps it from being claimed either.
func windows(t *testing.T, fresh Fresh) {
	l := opened(t, fresh(t))
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		lives++
		w := newWindowWorld(t, l, lives)
		rt.Repeat(map[string]func(*rapid.T){
			"write": w.write, "write more": w.write, "later": w.later, "turn back": w.turnBack,
			"claim": w.claim, "claim more": w.claim, "settle": w.settle, "report": w.report, "link": w.link,
			"tidy": func(*rapid.T) { w.bench.check(l.Tidy(t.Context(), w.bench.now)) },
		})
		w.bench.verify()
	})
}

// windowWorld is a person with two keys, to whom two numbers have a text each.
type windowWorld struct {
	bench    *bench
	keys     [2]string
	linked   bool      // it is known that both are theirs
	latest   time.Time // that any clock has shown
	turned   bool      // one was turned back
	texts    [2]*windowText
	messages int
	attempts []freeAttempt
}

// windowText is what a number has for the person, and what is known of the window.
type windowText struct {
	id    campaign.MessageID
	next  int // attempt
	free  bool
	taken bool // it is claimed
	wrote [2][]time.Time
	shut  time.Time // by the newest word
}

// freeAttempt is one that was no template.
type freeAttempt struct {
	text    *windowText
	n       int
	claimed time.Time
}

func newWindowWorld(t *testing.T, l *ledger.Ledger, life int) *windowWorld {
	w := &windowWorld{
		bench: &bench{T: t, Ledger: l, now: start}, latest: start,
		keys: [2]string{fmt.Sprintf("+44780%07d", life), fmt.Sprintf("GB.window%d", life)},
	}
	for i, number := range windowNumbers() {
		d := freely(otherwise)
		d.Channel = number
		c := w.bench.imported(d, []campaign.Row{row(1, w.keys[0])})
		w.bench.act(c, campaign.Start)
		w.texts[i] = &windowText{id: c.Recipient(1).Message(0), next: 1}
	}
	return w
}

func windowNumbers() []string { return []string{"main", "second"} }

// times are around now, and around a day ago.
func (w *windowWorld) moment(rt *rapid.T) time.Time {
	ago := rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, 23 * time.Hour, campaign.WindowFor - claimLife, campaign.WindowFor, -time.Hour}).Draw(rt, "ago")
	jitter := time.Duration(rapid.IntRange(-2, 2).Draw(rt, "jitter")) * time.Millisecond
	return w.bench.now.Add(jitter - ago)
}

func (w *windowWorld) write(rt *rapid.T) {
	n, key := rapid.IntRange(0, 1).Draw(rt, "number"), rapid.IntRange(0, 1).Draw(rt, "key")
	at := w.moment(rt)
	w.messages++
	w.bench.hear(ledger.InboundEvent{
		ID: fmt.Sprint("wamid.", w.messages), Channel: windowNumbers()[n], Person: w.keys[key], At: at,
		Message: true, Opens: true, Answers: rapid.Bool().Draw(rt, "says something"), Source: ledger.SourcePerson,
	})
	w.texts[n].wrote[key] = append(w.texts[n].wrote[key], earlier(at, w.bench.now))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (w *windowWorld) later(rt *rapid.T) {
	w.bench.advance(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour, 12 * time.Hour, campaign.WindowFor - claimLife, 25 * time.Hour}).Draw(rt, "later"))
	w.latest = later(w.latest, w.bench.now)
}

// turnBack is less than what windows are kept beyond their time.
func (w *windowWorld) turnBack(rt *rapid.T) {
	back := w.bench.now.Add(-time.Duration(rapid.IntRange(1, 30).Draw(rt, "minutes")) * time.Minute)
	if w.latest.Sub(back) < 50*time.Minute {
		w.bench.now, w.turned = back, true
	}
}

// open reports whether a claim of now may be for the text itself.
func (w *windowWorld) open(text *windowText) bool {
	until := w.bench.now.Add(claimLife)
	for key, all := range text.wrote {
		known := key == 0 || w.linked
		if known && slices.ContainsFunc(all, func(at time.Time) bool {
			return at.After(text.shut) && until.Before(at.Add(campaign.WindowFor))
		}) {
			return true
		}
	}
	return false
}

func (w *windowWorld) claim(rt *rapid.T) {
	text := w.texts[rapid.IntRange(0, 1).Draw(rt, "number")]
	claimed, got := w.bench.ask(text.id, text.next)
	if got != "free" && got != "template" {
		return // it is with the provider, or not due
	}
	switch open := w.open(text); {
	case claimed.FreeForm && !open:
		rt.Fatalf("at %s a text was claimed outside the window", w.bench.now)
	case !claimed.FreeForm && open && !w.turned:
		rt.Fatalf("at %s a text was held back inside the window", w.bench.now)
	}
	text.free, text.taken = claimed.FreeForm, true
	if text.free {
		w.attempts = append(w.attempts, freeAttempt{text, text.next, w.bench.now})
	}
	text.next++
}

// settle gives a claim back, or has the provider take it or refuse it.
func (w *windowWorld) settle(rt *rapid.T) {
	text := w.texts[rapid.IntRange(0, 1).Draw(rt, "number")]
	if !text.taken {
		return
	}
	text.taken = false
	n := text.next - 1
	switch what := rapid.SampledFrom([]string{"released", "accepted", "refused"}).Draw(rt, "settle"); {
	case !text.free || what == "released":
		w.bench.settle(text.id, n, ledger.OutcomeReleased)
	case what == "accepted":
		w.bench.settle(text.id, n, ledger.OutcomeAccepted)
	default:
		w.bench.settle(text.id, n, ledger.OutcomeRefused, outside())
		for _, a := range w.attempts {
			if a.text == text && a.n == n {
				w.shuts(a, w.bench.now)
			}
		}
	}
}

// report has a receipt say of any text of the last day that its window was shut,
// early, late or again.
func (w *windowWorld) report(rt *rapid.T) {
	if len(w.attempts) == 0 {
		return
	}
	a := rapid.SampledFrom(w.attempts).Draw(rt, "attempt")
	if w.bench.now.Sub(a.claimed) > campaign.WindowFor {
		return
	}
	r := w.bench.receipt(a.text.id, a.n, campaign.Failed, outside())
	r.At = w.moment(rt)
	w.bench.receive(r)
	if a.n == a.text.next-1 {
		a.text.taken = false
	}
	w.shuts(a, r.At)
}

// shuts takes a word down that was told at a time. It holds at the latest from now
// on, and at the earliest from the claim on.
func (w *windowWorld) shuts(a freeAttempt, told time.Time) {
	a.text.shut = later(a.text.shut, later(a.claimed, earlier(told, w.bench.now)))
}

func (w *windowWorld) link(*rapid.T) {
	w.bench.hear(ledger.InboundEvent{Channel: "main", Person: w.keys[0], Also: w.keys[1:], At: w.bench.now, Source: ledger.SourcePerson})
	w.linked = true
}
