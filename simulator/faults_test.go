package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Faults{
		"":                                {},
		"throttle=0.02,timeout408=0.01":   {Throttle: 0.02, Timeout408: 0.01},
		"hang=1, hang_for=45s":            {Hang: 1, HangFor: 45 * time.Second},
		"fail_later408=0.5":               {FailLater408: 0.5},
		"slow_template=offer,slow_for=1m": {SlowTemplate: "offer", SlowFor: time.Minute},
		"reply=0.3,stop=0.02,stop_twin=0.01,twin_wa_id=1": {Reply: 0.3, Stop: 0.02, StopTwin: 0.01, TwinWaID: 1},
		"press=0.1 stop_start=0.2 preference_stop=0.3":    {Press: 0.1, StopStart: 0.2, PreferenceStop: 0.3},
	} {
		got, err := ParseFaults(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for text, hint := range map[string]string{
		"throttle":        "throttle=0.02",
		"throttle=x":      "not a number",
		"throttle=1.5":    "between 0 and 1",
		"throttle=NaN":    "between 0 and 1",
		"throtle=0.5":     "the faults are invalid, throttle",
		"hang_for=eleven": "hang_for: ",
		"slow_for=eleven": "slow_for: ",
	} {
		if _, err := ParseFaults(text); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: error %v does not say %q", text, err, hint)
		}
	}
}

func TestFaultsJSON(t *testing.T) {
	t.Parallel()
	var all Faults
	for n, s := range all.shares() {
		*s.value = float64(n+1) / 100
	}
	all.HangFor, all.SlowFor, all.SlowTemplate = 45*time.Second, time.Minute, "offer"
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all.shares() {
		if !bytes.Contains(text, []byte(`"`+s.fault.String()+`":`)) {
			t.Errorf("%s is not in %s", s.fault, text)
		}
	}
	var back Faults
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, back); diff != "" {
		t.Error(diff)
	}
}

func TestSharesAreTold(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, s := range (&Faults{}).shares() {
		want = append(want, s.fault.String())
	}
	for _, s := range Shares() {
		got = append(got, s.Name)
		if s.Does == "" {
			t.Errorf("%s: nothing is told", s.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// draw decides about the tries of n recipients.
func draw(f Faults, seed uint64, n, tries int) [][]decision {
	all := make([][]decision, n)
	for i := range all {
		person := hash(hashStart, phone(i))
		for try := range tries {
			all[i] = append(all[i], f.decide(dice(seed, person), dice(seed, hash(person, "x")+uint64(try))))
		}
	}
	return all
}

func TestSharesAreMet(t *testing.T) {
	t.Parallel()
	for n := range (&Faults{}).shares() {
		var f Faults
		chosen := f.shares()[n]
		*chosen.value = 0.2
		hit := 0
		const recipients = 5_000
		for _, tries := range draw(f, 3, recipients, 1) {
			d := tries[0]
			if chosen.fault == twinWaID && d.twin || chosen.fault == hiddenNumber && d.hidden || slices.Contains([]fault{d.refusal, d.answer, d.fate, d.says}, chosen.fault) {
				hit++
			}
		}
		if got := float64(hit) / recipients; math.Abs(got-0.2) > 0.02 {
			t.Errorf("%s: share %.3f, want 0.2", chosen.fault, got)
		}
	}
}

func TestPermanentFaultsStayAndOthersPass(t *testing.T) {
	t.Parallel()
	f := Faults{Invalid: 0.1, Undeliverable: 0.1, Throttle: 0.3, Timeout408: 0.3, Unavailable: 0.3}
	for i, tries := range draw(f, 9, 500, 60) {
		passed := false
		for _, d := range tries {
			if (d.refusal == invalid) != (tries[0].refusal == invalid) || (d.fate == undeliverable) != (tries[0].fate == undeliverable) {
				t.Fatalf("recipient %d: %v after %v", i, d, tries[0])
			}
			passed = passed || d.accepted()
		}
		if passed == (tries[0].refusal == invalid) {
			t.Errorf("recipient %d: passed is %v although invalid is the other way", i, passed)
		}
	}
}

func TestSeedDecides(t *testing.T) {
	t.Parallel()
	f := Faults{Throttle: 0.3, LostAnswer: 0.3, Undeliverable: 0.3}
	same := cmp.AllowUnexported(decision{})
	first := draw(f, 1, 200, 3)
	if diff := cmp.Diff(first, draw(f, 1, 200, 3), same); diff != "" {
		t.Errorf("the same seed gave something else: %s", diff)
	}
	if cmp.Equal(first, draw(f, 2, 200, 3), same) {
		t.Error("another seed gave the same")
	}
	more := f
	more.Hang, more.Reply, more.TwinWaID, more.HiddenNumber = 0.5, 0.5, 0.5, 0.5
	for i, tries := range draw(more, 1, 200, 3) {
		for n, d := range tries {
			if d.refusal != first[i][n].refusal || d.fate != first[i][n].fate {
				t.Fatalf("a new fault moved the others: %v, was %v", d, first[i][n])
			}
		}
	}
}

// TestAnswers holds what each fault answers to its documentation.
func TestAnswers(t *testing.T) {
	t.Parallel()
	// 360dialog refuses one half of these itself.
	own := map[string]map[string]struct{ statuses, codes []int }{"360dialog-cloud": {
		"throttle":    {[]int{429, 400}, []int{130429, 400}},
		"unavailable": {[]int{503, 502}, []int{131016, 502}},
	}, "360dialog": {
		"invalid":     {[]int{400}, []int{1013}},
		"throttle":    {[]int{429, 400}, []int{429, 400}},
		"unavailable": {[]int{503, 502}, []int{1016, 502}},
	}}
	for _, beta := range []string{"vonage", "vonage-beta"} {
		refused := map[string]int{"vonage": 422, "vonage-beta": 400}[beta]
		own[beta] = map[string]struct{ statuses, codes []int }{
			"invalid":     {[]int{refused}, []int{1430, 1170}},
			"throttle":    {[]int{429}, []int{1000, 429}},
			"unavailable": {[]int{503}, []int{1100}},
		}
	}
	for name, c := range map[string]struct {
		faults   Faults
		statuses []int
		codes    []int // nil for an answer that is no JSON
		accepted bool
		story    string
	}{
		"fine":          {Faults{}, []int{200}, []int{0}, true, "sent delivered"},
		"invalid":       {Faults{Invalid: 1}, []int{400}, []int{100, 131009}, false, ""},
		"throttle":      {Faults{Throttle: 1}, []int{429, 400}, []int{130429}, false, ""},
		"timeout408":    {Faults{Timeout408: 1}, []int{408}, nil, false, ""},
		"unavailable":   {Faults{Unavailable: 1}, []int{503}, []int{131016}, false, ""},
		"undeliverable": {Faults{Undeliverable: 1}, []int{200}, []int{0}, true, "failed"},
		"failLater408":  {Faults{FailLater408: 1}, []int{200}, []int{0}, true, "sent failed"},
		"marketingCap":  {Faults{MarketingCap: 1}, []int{200}, []int{0}, true, "failed"},
		"held":          {Faults{Held: 1}, []int{200}, []int{0}, true, "sent delivered"},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, Options{Faults: c.faults, Receipts: ReceiptOptions{Delay: time.Second}}, func(s *Simulator, h *hook) {
				c := c
				if its, found := own[s.options.Dialect.Name()][name]; found {
					c.statuses, c.codes = its.statuses, its.codes
				}
				seen := map[int]bool{}
				for i := range 40 {
					w := send(s, phone(i), "hello", phone(i))
					seen[w.Code] = true
					if c.codes != nil {
						code := codeOf(t, w)
						if !slices.Contains(c.codes, code) {
							t.Fatalf("code %d, want one of %v", code, c.codes)
						}
					}
				}
				for _, status := range c.statuses {
					if !seen[status] {
						t.Errorf("statuses %v, want %v", seen, c.statuses)
					}
				}
				if len(seen) != len(c.statuses) {
					t.Errorf("statuses %v, want %v", seen, c.statuses)
				}
				drain(t, s)
				if got := s.Counts().Accepted; got != map[bool]int{true: 40}[c.accepted] {
					t.Errorf("%d accepted", got)
				}
				if got := strings.Join(h.statuses(phone(7)), " "); got != c.story {
					t.Errorf("receipts %q, want %q", got, c.story)
				}
			})
		})
	}
}

func TestHeldIsReleasedLater(t *testing.T) {
	t.Parallel()
	o := Options{Faults: Faults{Held: 1}, Receipts: ReceiptOptions{HeldFor: time.Minute, Read: 1}}
	simulate(t, o, func(s *Simulator, h *hook) {
		told := !isVonage(s.options.Dialect) && s.options.Dialect.Name() != "360dialog"
		if w := send(s, phone(1), "hello", "1.1"); strings.Contains(w.Body.String(), "held_for_quality_assessment") != told {
			t.Errorf("answer %s", w.Body)
		}
		time.Sleep(59 * time.Second)
		if got := h.statuses("1.1"); len(got) != 0 {
			t.Errorf("receipts %v while held", got)
		}
		drain(t, s)
		if got := h.statuses("1.1"); len(got) != 3 {
			t.Errorf("receipts %v once released", got)
		}
	})
}

func TestHangAnswersLate(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Faults: Faults{Hang: 1, HangFor: 20 * time.Second}}, func(s *Simulator, h *hook) {
		begun := time.Now()
		done := make(chan time.Duration)
		go func() {
			send(s, phone(1), "hello", "1.1")
			done <- time.Since(begun)
		}()
		synctest.Wait()
		drain(t, s)
		if len(h.statuses("1.1")) != 2 {
			t.Error("no receipts while the answer hangs")
		}
		if took := <-done; took != 20*time.Second {
			t.Errorf("answered after %s", took)
		}
	})
}

func TestASlowTemplateIsRefusedAlone(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Faults: Faults{SlowTemplate: "offer", SlowFor: 1500 * time.Millisecond}}, func(s *Simulator, _ *hook) {
		w := send(s, phone(1), "offer", "1.1")
		code := codeIn(s.options.Dialect, 132069)
		status, told := 400, code
		if isVonage(s.options.Dialect) {
			status, told, code = 429, 1000, 1000
		}
		if isAsked(s.options.Dialect) {
			status, code = 429, 429
		}
		if w.Code != status || codeOf(t, w) != told || w.Header().Get("Retry-After") != "2" {
			t.Errorf("%d %s, again after %q", w.Code, w.Body, w.Header().Get("Retry-After"))
		}
		if w := send(s, phone(1), "other", "2.1"); w.Code != 200 {
			t.Errorf("another template: %d %s", w.Code, w.Body)
		}
		s.SetFaults(Faults{})
		if w := send(s, phone(1), "offer", "1.2"); w.Code != 200 {
			t.Errorf("when it is over: %d %s", w.Code, w.Body)
		}
		if c := s.Counts(); c.Accepted != 2 || c.Refused[code] != 1 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestBadGatewayIsAcceptedByHalf(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Faults: Faults{BadGateway: 1}}, func(s *Simulator, _ *hook) {
		for i := range 400 {
			w := send(s, phone(i), "hello", "")
			if w.Code != 502 || !strings.Contains(w.Body.String(), "<html>") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		c := s.Counts()
		if c.Accepted < 160 || c.Accepted > 240 || c.Accepted+c.Refused[502] != 400 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestLostAnswerBreaksTheConnection(t *testing.T) {
	t.Parallel()
	s := New(Options{Faults: Faults{LostAnswer: 1}})
	defer s.Close()
	server := httptest.NewServer(s)
	defer server.Close()
	answer, err := server.Client().Post(server.URL+"/v23.0/1/messages", "application/json", strings.NewReader(template(phone(1), "hello", "")))
	if err == nil {
		_ = answer.Body.Close()
		t.Fatalf("an answer came: %s", answer.Status)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("error %v is not the end of the connection", err)
	}
	if got := s.Counts(); got.Accepted != 1 || got.Requests != 1 {
		t.Errorf("counts %+v, want one accepted request", got)
	}
}

func TestSuffixes(t *testing.T) {
	t.Parallel()
	o := Options{Suffixes: true, Faults: Faults{HangFor: time.Minute}, Receipts: ReceiptOptions{Delay: time.Second}}
	for _, rule := range Suffixes() {
		if rule.fault == lostAnswer {
			continue // breaks a real connection, see above
		}
		t.Run(rule.Digits, func(t *testing.T) {
			simulate(t, o, func(s *Simulator, h *hook) {
				to := "+55119876" + rule.Digits
				first := outcome(s, h, to, "1.1", t)
				second := outcome(s, h, to, "1.2", t)
				fine := outcome(s, h, "+447700900123", "2.1", t)
				untold := rule.fault == stopsMarketing && s.options.untold(StopMarketing) ||
					rule.fault == held && (isVonage(s.options.Dialect) || s.options.Dialect.Name() == "360dialog") || rule.fault == presses && s.options.Dialect.Name() == "vonage-beta"
				if (first == fine) != untold {
					t.Errorf("%s: the first try gave %s", rule.Does, first)
				}
				if (rule.once || untold) != (second == fine) {
					t.Errorf("%s: the second try gave %s", rule.Does, second)
				}
			})
		})
	}
}

// outcome tells all that can be seen of one try.
func outcome(s *Simulator, h *hook, to, reference string, t *testing.T) string {
	begun, said := time.Now(), len(s.Truth().Inbound)
	w := sendButton(s, to, "hello", reference)
	took := time.Since(begun)
	drain(t, s)
	status := http.StatusText(w.Code)
	if strings.Contains(w.Body.String(), "held_for") {
		status += " held"
	}
	for _, i := range s.Truth().Inbound[said:] {
		status += " " + string(i.Kind)
	}
	return strings.Join(append(h.statuses(reference), status, took.String()), " ")
}
