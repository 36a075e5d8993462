package whatsapptest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// NumberedWire is the wire of a provider that tells how a number stands.
type NumberedWire interface {
	Wire
	// AsksState says what is wrong with a request that asks how a number stands.
	AsksState(r *http.Request) error
	// TellState is the answer, and what of the state it tells.
	TellState(s whatsapp.NumberState) (a Answer, told whatsapp.NumberState)
}

// standings are numbers in all states.
func standings() []whatsapp.NumberState {
	return []whatsapp.NumberState{
		{Quality: "green", Tier: "tier_2k", Throughput: "standard", Status: "connected", NameStatus: "approved", DailyRecipients: 2000, Rate: 80, Health: "available"},
		{Quality: "yellow", Tier: "tier_unlimited", Throughput: "high", Status: "flagged", NameStatus: "declined", DailyRecipients: whatsapp.NoLimit, Rate: 1000, Health: "limited"},
		{Quality: "red", Tier: "tier_250", Throughput: "not_applicable", Status: "restricted", DailyRecipients: 250, Health: "blocked"},
		{Quality: "unknown", Tier: "tier_new", Throughput: "triple", Status: "pending", Health: "new"},
		{Status: "connected", Health: "available"},
	}
}

// states has a channel ask how its number stands.
func (s Suite) states(t *testing.T) {
	wire, ok := s.Wire.(NumberedWire)
	if !ok {
		t.Fatal("the channel can ask how its number stands, and the wire cannot answer: make it a NumberedWire")
	}
	t.Run("told", func(t *testing.T) { s.statesTold(t, wire) })
	t.Run("strange", func(t *testing.T) { s.statesStrange(t, wire) })
	t.Run("refused", func(t *testing.T) { s.statesRefused(t, wire) })
	t.Run("trouble", s.statesTrouble)
}

func (s Suite) statesTold(t *testing.T, wire NumberedWire) {
	for _, state := range standings() {
		answer, want := wire.TellState(state)
		for _, body := range []string{answer.Body, string(grown(t, []byte(answer.Body)))} {
			c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
				if err := wire.AsksState(r); err != nil {
					t.Error(err)
				}
				Answer{answer.Status, answer.Header, body}.write(w)
			})
			got, err := c.Provider.(whatsapp.Numbers).State(t.Context())
			if diff := gocmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", body, err, diff)
			}
			if n := c.requests.Load(); n != 1 {
				t.Errorf("one question made %d requests", n)
			}
		}
	}
}

// statesStrange has answers with values of other types, and what is no answer.
func (s Suite) statesStrange(t *testing.T, wire NumberedWire) {
	answer, _ := wire.TellState(standings()[0])
	spoilt(t, []byte(answer.Body), func(text []byte) {
		got, err := s.answering(t, Answer{answer.Status, answer.Header, string(text)}).Provider.(whatsapp.Numbers).State(t.Context())
		if err == nil && (got.DailyRecipients < whatsapp.NoLimit || got.Rate < 0 || strings.Contains(fmt.Sprint(got), "\x00")) {
			t.Errorf("%s: %+v", text, got)
		}
	})
	accepted := s.Wire.Accept(whatsapp.Accepted{ID: "id-1"})
	for _, body := range []string{"", "{", "{}", "[]", "null", `"x"`, page, answer.Body[:len(answer.Body)/2], answer.Body + "}", accepted.Body} {
		got, err := s.answering(t, Answer{Status: answer.Status, Body: body}).Provider.(whatsapp.Numbers).State(t.Context())
		if err == nil || refusal(t, err).Class == whatsapp.Ambiguous || !slices.Contains(s.Spec.Reasons, refusal(t, err).Reason) {
			t.Errorf("%.80q: got %+v, %v", body, got, err)
		}
	}
}

// statesRefused has the provider refuse to tell.
func (s Suite) statesRefused(t *testing.T, wire NumberedWire) {
	check := func(what string, answer Answer, want *whatsapp.Error) {
		_, err := s.answering(t, answer).Provider.(whatsapp.Numbers).State(t.Context())
		got := refusal(t, err)
		if want.Class != whatsapp.Ambiguous {
			sameRefusal(t, what, got, want)
		} else if got.Class != whatsapp.RetrySoon || got.Reason != want.Reason {
			t.Errorf("%s: got %s, want retry_soon %s", what, Summary(got), want.Reason)
		}
	}
	for at := range s.Book.Codes {
		for _, f := range reach(s.Book.Codes, at, codeFault) {
			if f.Mode == codes.InAnswer {
				answer := wire.Refuse(f)
				f.Status = cmp.Or(answer.Status, f.Status)
				check(fmt.Sprintf("code %d", f.Code), answer, s.Book.Judge(f))
			}
		}
	}
	for _, status := range []int{301, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504} {
		f := codes.Fault{Mode: codes.InAnswer, Status: status}
		check(fmt.Sprintf("HTTP %d", status), Answer{Status: status, Header: http.Header{"Location": {"/elsewhere"}}, Body: page}, s.Book.JudgeStatus(f))
	}
}

// statesTrouble has the provider not answer.
func (s Suite) statesTrouble(t *testing.T) {
	_, err := s.open(t, s.Settings("http://127.0.0.1:1"), whatsapp.Opening{}).(whatsapp.Numbers).State(t.Context())
	sameRefusal(t, "nobody listens", refusal(t, err), codes.Unreachable().Because(nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := s.answering(t, Answer{Status: http.StatusOK})
	_, err = c.Provider.(whatsapp.Numbers).State(ctx)
	sameRefusal(t, "stopped", refusal(t, err), codes.Cancelled().Because(nil))
	if !errors.Is(err, context.Canceled) || c.requests.Load() != 0 {
		t.Errorf("the cause is %v after %d requests", err, c.requests.Load())
	}
}
