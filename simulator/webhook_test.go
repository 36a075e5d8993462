package simulator

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/internal/programtest"
)

// TestSignatureOverTheWire uses real connections, as a receiver does.
func TestSignatureOverTheWire(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		t.Run(d.Name(), func(t *testing.T) { signatureOverTheWire(t, d) })
	}
}

func signatureOverTheWire(t *testing.T, d Dialect) {
	h := &hook{t: t, dialect: d, secret: "s3cret"}
	receiver := httptest.NewServer(h)
	defer receiver.Close()
	s := New(Options{Dialect: d, Webhook: receiver.URL, AlsoPosts: true, AppSecret: h.secret, Receipts: ReceiptOptions{Read: 1, Batch: 7}})
	defer s.Close()
	for i := range 40 {
		send(s, phone(i), "hello", phone(i))
	}
	ctx, cancel := context.WithTimeout(context.Background(), programtest.Patience)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if len(h.told) != 120 {
		t.Errorf("%d receipts for 40 messages", len(h.told))
	}
	for _, size := range h.sizes {
		if size > 7 || size > 1 && d.alone() {
			t.Errorf("%d statuses in one POST", size)
		}
	}
	all := strings.Join(h.bodies, "")
	for _, escaped := range []string{`Zo\u00eb`, `Jos\u00e9 \/ Caf\u00e9`, `\ud83c\udf89`} {
		if !isVonage(d) && d.Name() != "360dialog" && !strings.Contains(all, escaped) { // whose receipts have no names
			t.Errorf("no body has %s", escaped)
		}
	}
	for _, m := range s.Truth().Messages {
		for _, r := range m.Receipts {
			if r.Posted == 0 || r.Answered == 0 {
				t.Errorf("receipt %+v of %s is not marked", r, m.ID)
			}
		}
	}
}

func TestRetriesUntil200(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Receipts: ReceiptOptions{Senders: 1, Delay: 60 * time.Millisecond}}, func(s *Simulator, h *hook) {
		h.status = func(n int) int { return []int{503, 201, 401, 200}[min(n, 3)] }
		send(s, phone(1), "hello", "1.1")
		begun := time.Now()
		drain(t, s)
		if time.Since(begun) > 5*time.Second {
			t.Errorf("took %s", time.Since(begun))
		}
		if got := h.statuses("1.1"); len(got) != 2 {
			t.Errorf("receipts %v", got)
		}
		posts := map[string]int{}
		for _, body := range h.bodies {
			posts[body]++
		}
		if len(h.bodies) != 5 || len(posts) != 2 {
			t.Errorf("%d POSTs of %d bodies, want 5 of 2", len(h.bodies), len(posts))
		}
		for _, r := range s.Truth().Messages[0].Receipts {
			if r.Answered < r.Posted || r.Answered == 0 {
				t.Errorf("receipt %+v", r)
			}
		}
	})
}

func TestRetriesStopAtClose(t *testing.T) {
	t.Parallel()
	simulate(t, Options{}, func(s *Simulator, h *hook) {
		h.status = func(int) int { return 503 }
		send(s, phone(1), "hello", "")
		ctx, cancel := context.WithTimeout(context.Background(), programtest.Patience)
		defer cancel()
		if err := s.Drain(ctx); err == nil {
			t.Error("drained although nothing was taken")
		}
		s.Close()
		posts := len(h.bodies)
		time.Sleep(time.Minute)
		if posts < 10 || len(h.bodies) != posts {
			t.Errorf("%d POSTs before Close, %d after", posts, len(h.bodies)-posts)
		}
	})
}

func TestBatchesWaitForOthers(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Receipts: ReceiptOptions{Delay: time.Second, Batch: 4}}, func(s *Simulator, h *hook) {
		if s.options.Dialect.alone() {
			tellsOneByOne(t, s, h)
			return
		}
		for i := range 10 {
			send(s, phone(i), "hello", "")
		}
		begun := time.Now()
		time.Sleep(time.Second + flushAfter - 1)
		if got, want := h.taken(), []int{4, 4}; !slices.Equal(got, want) {
			t.Errorf("full batches %v, want %v", got, want)
		}
		drain(t, s)
		if took := time.Since(begun); took != 2*time.Second+flushAfter {
			t.Errorf("the last one left after %s", took)
		}
		if got, want := h.taken(), []int{4, 4, 2, 4, 4, 2}; !slices.Equal(got, want) {
			t.Errorf("batches %v, want %v", got, want)
		}
	})
}

// tellsOneByOne wants no receipt to share a POST, nor to wait for another.
func tellsOneByOne(t *testing.T, s *Simulator, h *hook) {
	for i := range 10 {
		send(s, phone(i), "hello", "")
	}
	begun := time.Now()
	time.Sleep(time.Second + flushAfter - 1)
	if got := h.taken(); len(got) != 10 || slices.Max(got) != 1 {
		t.Errorf("%v receipts in the POSTs", got)
	}
	drain(t, s)
	if took := time.Since(begun); took != 2*time.Second {
		t.Errorf("the last one left after %s", took)
	}
}

func TestReceiptsOnTheWay(t *testing.T) {
	t.Parallel()
	const messages = 400
	for name, c := range map[string]struct {
		options ReceiptOptions
		want    map[string]float64 // share of messages by their receipts, in order
	}{
		"all":                  {ReceiptOptions{Read: 1}, map[string]float64{"sent delivered read": 1}},
		"duplicate":            {ReceiptOptions{Duplicate: 1}, map[string]float64{"sent delivered sent delivered": 1}},
		"reorder":              {ReceiptOptions{Read: 1, Reorder: 1}, map[string]float64{"delivered read sent": 1}},
		"lost":                 {ReceiptOptions{Lost: 0.5}, map[string]float64{"": 0.25, "sent": 0.25, "delivered": 0.25, "sent delivered": 0.25}},
		"all lost":             {ReceiptOptions{Lost: 1, Duplicate: 1}, map[string]float64{"": 1}},
		"readWithoutDelivered": {ReceiptOptions{Read: 0.5, ReadWithoutDelivered: 1}, map[string]float64{"sent read": 0.5, "sent delivered": 0.5}},
		"deliveredWithoutSent": {ReceiptOptions{DeliveredWithoutSent: 0.5}, map[string]float64{"delivered": 0.5, "sent delivered": 0.5}},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.Delay = time.Second
			if c.options.Duplicate > 0 {
				c.options.Delay, c.options.Jitter = time.Second, 0
			}
			simulate(t, Options{Seed: 5, Receipts: c.options}, func(s *Simulator, h *hook) {
				got := map[string]int{}
				for i := range messages {
					send(s, phone(i), "hello", phone(i))
				}
				drain(t, s)
				stories := h.stories()
				for i := range messages {
					got[strings.Join(sorted(stories[phone(i)], name), " ")]++
				}
				for story, share := range c.want {
					if n := float64(got[story]); n < share*messages*0.8 || n > share*messages*1.2 {
						t.Errorf("%q came %v times of %d, want %v", story, n, messages, share*messages)
					}
					delete(got, story)
				}
				if len(got) > 0 {
					t.Errorf("unexpected: %v", got)
				}
			})
		})
	}
}

// sorted makes the story of duplicates the same whichever second sent and
// first delivered come first: they are due at the same time.
func sorted(story []string, name string) []string {
	if name != "duplicate" {
		return story
	}
	n := map[string]int{}
	for _, s := range story {
		n[s]++
	}
	var list []string
	for range max(n["sent"], n["delivered"]) {
		list = append(list, "sent", "delivered")
	}
	if len(list) != len(story) {
		return story
	}
	return list
}

func TestEarlyReceiptsComeBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Latency: time.Second, Receipts: ReceiptOptions{Early: 1, Delay: time.Hour}}, func(s *Simulator, h *hook) {
		w := send(s, phone(1), "hello", "1.1")
		if got := h.statuses("1.1"); w.Code != http.StatusOK || !slices.Equal(got, []string{"sent"}) {
			t.Errorf("status %d, receipts %v when the answer came", w.Code, got)
		}
	})
}

func TestEarlyReceiptNeedNotBeTaken(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Receipts: ReceiptOptions{Early: 1}}, func(s *Simulator, h *hook) {
		h.status = func(n int) int { return map[bool]int{true: 503, false: 200}[n < 3] }
		if w := send(s, phone(1), "hello", "1.1"); w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
		drain(t, s)
		if got := h.statuses("1.1"); len(got) != 2 {
			t.Errorf("receipts %v", got)
		}
	})
}

// TestPlans holds whatever is planned to what any receipts must be like.
func TestPlans(t *testing.T) {
	t.Parallel()
	share := rapid.Float64Range(0, 1)
	rapid.Check(t, func(t *rapid.T) {
		o := ReceiptOptions{
			Delay:  time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "delay")),
			Jitter: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "jitter")),
			Read:   share.Draw(t, "read"), Duplicate: share.Draw(t, "duplicate"), Reorder: share.Draw(t, "reorder"),
			Lost: share.Draw(t, "lost"), Early: share.Draw(t, "early"),
			ReadWithoutDelivered: share.Draw(t, "noDelivered"), DeliveredWithoutSent: share.Draw(t, "noSent"),
		}.withDefaults()
		d := decision{
			fate:   rapid.SampledFrom([]fault{noFault, undeliverable, failLater408, marketingCap, silent}).Draw(t, "fate"),
			answer: rapid.SampledFrom([]fault{noFault, held, lostAnswer}).Draw(t, "answer"),
		}
		latency := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "latency"))
		checkPlan(t, d, latency, o.plan(d, latency, dice(rapid.Uint64().Draw(t, "seed"), 1)))
	})
}

func checkPlan(t *rapid.T, d decision, latency time.Duration, plan []planned) {
	arrives, fails := false, false
	for i, p := range plan {
		arrives, fails = arrives || p.status.Arrived(), fails || p.status == campaign.Failed
		switch {
		case p.due < p.happens:
			t.Fatalf("%v is told before it happens", p)
		case p.early && (i != 0 || d.answer == held):
			t.Fatalf("%v is early in %v", p, plan)
		case p.happens < latency && !plan[0].early:
			t.Fatalf("%v happens before the answer", p)
		}
	}
	failing := d.fate != noFault && d.fate != silent
	if fails != failing || arrives != (d.fate == noFault) {
		t.Fatalf("fate %s gave %v", d.fate, plan)
	}
}

func FuzzAppendEscaped(f *testing.F) {
	for _, seed := range []string{"", "plain", "José / Café", "🎉 \" \\ \x00\x7f\u2028", "\xff\xc3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		escaped := appendEscaped(nil, text)
		var back string
		if err := json.Unmarshal(escaped, &back); err != nil {
			t.Fatalf("%q became %s: %v", text, escaped, err)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); utf8.ValidString(text) && back != want {
			t.Errorf("%q became %q", text, back)
		}
		for i, c := range escaped {
			if c >= utf8.RuneSelf || c < ' ' || c == '/' && escaped[i-1] != '\\' {
				t.Errorf("%s holds %q at %d", escaped, c, i)
			}
		}
	})
}
