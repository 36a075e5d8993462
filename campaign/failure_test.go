package campaign

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// began is when the first attempt of these tests is refused.
var began = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		failure  Failure
		standing Standing // before it
		alike    int
		after    time.Duration // since the first refusal
		wait     time.Duration
		again    bool
	}{
		"permanent":                     {failure: Failure{}, standing: Standing{Attempt: 1}},
		"first":                         {failure: Failure{Retry: true}, standing: Standing{Attempt: 10}, wait: time.Second, again: true},
		"the provider asks for longer":  {failure: Failure{Retry: true, Wait: time.Hour}, standing: Standing{Attempt: 1}, wait: time.Hour, again: true},
		"last":                          {failure: Failure{Retry: true}, standing: Standing{Attempt: 5, Failures: MaxFailures - 1}},
		"own limit":                     {failure: Failure{Retry: true, Tries: 2}, standing: Standing{Attempt: 2, Failures: 1}, alike: 2},
		"own limit, of other refusals":  {failure: Failure{Retry: true, Tries: 2}, standing: Standing{Attempt: 2, Failures: 1}, alike: 1, wait: 4 * time.Second, again: true},
		"too many of other refusals":    {failure: Failure{Retry: true, Tries: 4}, standing: Standing{Attempt: 5, Failures: MaxFailures - 1}, alike: 1},
		"a larger limit of its own":     {failure: Failure{Retry: true, Tries: 7}, standing: Standing{Attempt: 6, Failures: 5}, alike: 6, wait: 5 * time.Minute, again: true},
		"throttled for ever":            {failure: Failure{Retry: true, Throttled: true}, standing: Standing{Attempt: 105, Failures: MaxFailures}, wait: time.Second, again: true},
		"throttled longer and longer":   {failure: Failure{Retry: true, Throttled: true, Escalates: true}, standing: Standing{Attempt: 3}, wait: 16 * time.Second, again: true},
		"passing, and often already":    {failure: Failure{Retry: true, Passing: true}, standing: Standing{Attempt: 8, Failures: 7, Since: began}, after: PassingFor - 1, wait: 5 * time.Minute, again: true},
		"passing, alike and often":      {failure: Failure{Retry: true, Passing: true, Tries: 2}, standing: Standing{Attempt: 8, Failures: 7, Since: began}, alike: 8, after: PassingFor - 1, wait: 5 * time.Minute, again: true},
		"passing for too long":          {failure: Failure{Retry: true, Passing: true}, standing: Standing{Attempt: 8, Failures: 7, Since: began}, after: PassingFor},
		"passing for long, and seldom":  {failure: Failure{Retry: true, Passing: true}, standing: Standing{Attempt: 2, Failures: 1, Since: began}, after: time.Hour, wait: 4 * time.Second, again: true},
		"passing after something else":  {failure: Failure{Retry: true, Passing: true}, standing: Standing{Attempt: 5, Failures: 4, Since: began, Mixed: true}, after: time.Minute},
		"something else after passing":  {failure: Failure{Retry: true}, standing: Standing{Attempt: 5, Failures: 4, Since: began}, after: time.Minute},
		"throttled does not make mixed": {failure: Failure{Retry: true, Throttled: true}, standing: Standing{Attempt: 9, Failures: 7, Since: began}, after: time.Minute, wait: time.Second, again: true},
	}
	for name, test := range tests {
		test.standing.Status = Posting
		after, wait := test.standing.Refused(test.failure, test.alike, began.Add(test.after))
		if again := after.Status == Pending; wait != test.wait || again != test.again {
			t.Errorf("%s: %s, again %t; want %s, %t", name, wait, again, test.wait, test.again)
		}
	}
}

// refusals are what a provider may say of a message, as the tables have it.
var refusals = map[string]Failure{
	"408":     {Code: 408, Reason: "request_timeout", Retry: true, Passing: true},
	"503":     {Code: 131016, Reason: "service_unavailable", Retry: true, Passing: true, Wait: 5 * time.Second},
	"131000":  {Code: 131000, Reason: "something_went_wrong", Retry: true, Passing: true, Wait: 5 * time.Second, Tries: 4},
	"5xx":     {Code: 7, Reason: "unknown_server_error", Retry: true, Passing: true, Wait: 5 * time.Second, Tries: 3},
	"429":     {Code: 130429, Reason: "number_rate_limit", Retry: true, Throttled: true, Wait: time.Second},
	"131056":  {Code: 131056, Reason: "pair_rate_limit", Retry: true, Throttled: true, Escalates: true, Wait: time.Second},
	"131049":  {Code: 131049, Reason: "user_marketing_limit", Retry: true, Wait: 24 * time.Hour},
	"unknown": {}, // resent without having been refused
}

// TestHowLongAMessageIsTried draws what becomes of the attempts of a message and
// holds it against the rule: passing trouble alone ends no message within
// PassingFor, with anything else the counts decide, and no history goes on for
// ever or hurries.
func TestHowLongAMessageIsTried(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SampledFrom([][]string{
			{"408", "503", "131000", "5xx"}, {"131000"}, {"408", "131000", "429", "131056"},
			{"408", "503", "131000", "5xx", "429", "131056", "131049", "unknown"}, {"131049", "unknown", "429"},
		}).Draw(t, "trouble")
		s, now := Standing{}, began
		alike, counted, mixed := map[string]int{}, 0, false
		var first time.Time
		for s.Attempt < 200 {
			s.Status, s.Attempt = Posting, s.Attempt+1
			kind := rapid.SampledFrom(kinds).Draw(t, "refusal")
			f := refusals[kind]
			if kind == "unknown" { // as the ledger counts it
				if counted+1 >= MaxFailures {
					return
				}
				s.Failures, counted = s.Failures+1, counted+1
				now = now.Add(10 * time.Minute)
				continue
			}
			alike[kind]++
			if !f.Throttled {
				counted, mixed = counted+1, mixed || !f.Passing
				if first.IsZero() {
					first = now
				}
			}
			after, wait := s.Refused(f, alike[kind], now)
			over := counted >= MaxFailures || f.Tries > 0 && alike[kind] >= f.Tries
			again := f.Throttled || !over || !mixed && now.Sub(first) < PassingFor
			switch {
			case after.Failures != counted:
				t.Fatalf("%d failures are counted, want %d", after.Failures, counted)
			case (after.Status == Pending) != again:
				t.Fatalf("after %d refusals in %s, mixed %t, %d of them %s: %s", counted, now.Sub(first), mixed, alike[kind], kind, after.Status)
			case again && wait < max(f.Wait, time.Second):
				t.Fatalf("again after %s", wait)
			case again && !f.Throttled && counted > 10:
				t.Fatalf("%d refusals that count in %s", counted, now.Sub(first))
			case !again:
				return
			}
			s, now = after, now.Add(wait)
		}
		if counted > 0 && alike["429"]+alike["131056"] == 0 {
			t.Fatalf("it is tried for ever: %v", alike)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		failure Failure
		want    string
	}{
		"both":              {Failure{Said: "(#132000) Number of buttons (0)", Detail: "Compare them."}, "(#132000) Number of buttons (0). Compare them."},
		"a whole sentence":  {Failure{Said: "It failed!", Detail: "Wait."}, "It failed! Wait."},
		"nothing to do":     {Failure{Said: "It failed"}, "It failed"},
		"nothing was said":  {Failure{Detail: "Wait."}, "Wait."},
		"nothing":           {Failure{Reason: "busy", Code: 7}, ""},
		"on several lines":  {Failure{Said: "one\r\n\ttwo\x00three\u2028four"}, "one two three four"},
		"nothing but space": {Failure{Said: " \n\x00 ", Detail: "Wait."}, "Wait."},
	}
	for name, test := range tests {
		if got := test.failure.Words(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	endless := Failure{Said: strings.Repeat("ö", 5000), Detail: strings.Repeat("x", 5000)}.Words()
	if n := utf8.RuneCountInString(endless); n != longestWords || !utf8.ValidString(endless) {
		t.Errorf("%d characters are kept, want %d", n, longestWords)
	}
}
