package whatsapptest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// PolledWire is the wire of a provider that is asked what became of a message.
type PolledWire interface {
	Wire
	// Asked reads which message is asked for.
	Asked(r *http.Request) (id string, err error)
	// Tell is the answer that tells a receipt; as a webhook does, of a failure's error
	// the code and the message, and none without an error.
	Tell(r whatsapp.Receipt) Answer
	// Nothing lists answers to who asks for id-1 that tell nothing of it yet: that it
	// is not known, in a word that is unknown, of another message.
	Nothing() []Answer
}

// polls has a channel ask.
func (s Suite) polls(t *testing.T) {
	wire, ok := s.Wire.(PolledWire)
	if !ok {
		t.Fatal("the channel can be asked, and the wire cannot answer: make it a PolledWire")
	}
	t.Run("told", func(t *testing.T) { s.pollsTold(t, wire) })
	t.Run("times", func(t *testing.T) { s.pollsTimes(t, wire) })
	t.Run("failures", func(t *testing.T) { s.pollsFailures(t, wire) })
	t.Run("nothing yet", func(t *testing.T) { s.pollsNothing(t, wire) })
	t.Run("strange", func(t *testing.T) { s.pollsStrange(t, wire) })
	t.Run("refused", func(t *testing.T) { s.pollsRefused(t, wire) })
	t.Run("trouble", s.pollsTrouble)
}

// poll asks once for a message.
func (s Suite) poll(t *testing.T, c channel, id string) (whatsapp.Receipt, bool, error) {
	t.Helper()
	before := c.requests.Load()
	receipt, told, err := c.Provider.(whatsapp.Poller).Poll(t.Context(), id)
	if n := c.requests.Load() - before; n != 1 {
		t.Errorf("one poll made %d requests", n)
	}
	if told && err == nil {
		Sound(t, s.Spec.Reasons, whatsapp.Events{Receipts: []whatsapp.Receipt{receipt}})
		if receipt.ID != id {
			t.Errorf("asked for %q and was told of %q", id, receipt.ID)
		}
	}
	if err != nil && told {
		t.Errorf("told of %+v in spite of %v", receipt, err)
	}
	if err != nil && refusal(t, err).Class == whatsapp.Ambiguous {
		t.Errorf("%v is ambiguous: to ask again does no harm", err)
	}
	return receipt, told, err
}

// toldWhole wants a receipt to arrive as the answer tells it.
func (s Suite) toldWhole(t *testing.T, c channel, told whatsapp.Receipt, body string) {
	t.Helper()
	got, ok, err := s.poll(t, c, told.ID)
	if err != nil || !ok {
		t.Errorf("%s: got %+v, %v, %v", body, got, ok, err)
		return
	}
	want := told
	want.Number, got.Number = "", strings.TrimPrefix(got.Number, s.Settings(nowhere).Identity().Number)
	want.Reference, want.Recipient = toldIn(body, want.Reference), who(body, want.Recipient)
	compareErrors := gocmp.Comparer(func(a, b *whatsapp.Error) bool { return (a == nil) == (b == nil) })
	if diff := gocmp.Diff(want, got, compareErrors); diff != "" {
		t.Errorf("%s\n%s", body, diff)
	}
}

// pollsTold tells of each status, of messages with identifiers of all kinds.
func (s Suite) pollsTold(t *testing.T, wire PolledWire) {
	for _, told := range progress(campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed).Receipts {
		for _, id := range []string{"id-1", "wamid.HBgL/+=&?# %41é", "0"} {
			told.ID = id
			if told.Err != nil {
				told.Err = &whatsapp.Error{Code: s.unknownCode(), Message: "no"}
			}
			answer := wire.Tell(told)
			for _, body := range []string{answer.Body, string(grown(t, []byte(answer.Body)))} {
				c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
					asked, err := wire.Asked(r)
					if err != nil || asked != id {
						t.Errorf("asked for %q: %v", asked, err)
					}
					Answer{answer.Status, answer.Header, body}.write(w)
				})
				s.toldWhole(t, c, told, body)
			}
		}
	}
}

// pollsTimes tells of moments that are long ago, to come, and none.
func (s Suite) pollsTimes(t *testing.T, wire PolledWire) {
	for _, moment := range []time.Time{at(1), at(253402300799), at(1767000000).Add(999 * time.Hour), {}} {
		told := progress(campaign.Delivered).Receipts[0]
		told.At = moment
		answer := wire.Tell(told)
		s.toldWhole(t, s.answering(t, answer), told, answer.Body)
	}
}

// pollsFailures tells of failures as receipts of webhooks do.
func (s Suite) pollsFailures(t *testing.T, wire PolledWire) {
	faults := []codes.Fault{{Mode: codes.InReceipt, Code: s.unknownCode()}}
	for at := range s.Book.Codes {
		faults = append(faults, reach(s.Book.Codes, at, codeFault)...)
	}
	told := progress(campaign.Failed).Receipts[0]
	check := func(what string, want *whatsapp.Error) {
		answer := wire.Tell(told)
		for _, body := range []string{answer.Body, string(grown(t, []byte(answer.Body)))} {
			got, ok, err := s.poll(t, s.answering(t, Answer{answer.Status, answer.Header, body}), told.ID)
			if err != nil || !ok || got.Err == nil {
				t.Errorf("%s: got %+v, %v, %v", body, got, ok, err)
				continue
			}
			sameRefusal(t, what, got.Err, want)
		}
	}
	for _, f := range faults {
		if f.Mode != codes.InReceipt || f.Subcode != 0 {
			continue
		}
		f.Message = "Words of the provider"
		told.Err = &whatsapp.Error{Code: f.Code, Message: f.Message}
		check(fmt.Sprintf("code %d", f.Code), s.Book.Judge(f))
	}
	told.Err = nil
	check("no error", s.Book.Others.Unexplained.Of(codes.Fault{}))
}

// pollsNothing has the provider know nothing yet.
func (s Suite) pollsNothing(t *testing.T, wire PolledWire) {
	for _, answer := range wire.Nothing() {
		got, told, err := s.poll(t, s.answering(t, answer), "id-1")
		if told || err != nil {
			t.Errorf("%s: got %+v, %v, %v", answer.Body, got, told, err)
		}
	}
}

// pollsStrange has answers with values of other types, and what is no answer.
func (s Suite) pollsStrange(t *testing.T, wire PolledWire) {
	told := progress(campaign.Sent, campaign.Failed).Receipts
	told[1].Err = &whatsapp.Error{Code: s.unknownCode(), Message: "n\x00o"}
	for _, r := range told {
		answer := wire.Tell(r)
		spoilt(t, []byte(answer.Body), func(text []byte) {
			got, _, _ := s.poll(t, s.answering(t, Answer{answer.Status, answer.Header, string(text)}), "id-1")
			if got.Err != nil && strings.Contains(got.Err.Message, "\x00") {
				t.Errorf("a null was kept: %q", got.Err.Message)
			}
		})
		for _, body := range []string{"", "{", "{}", "[]", "null", `"x"`, page, answer.Body[:len(answer.Body)/2], answer.Body + "}", strings.Repeat(" ", 2<<20) + answer.Body} {
			if got, told, err := s.poll(t, s.answering(t, Answer{Status: answer.Status, Body: body}), "id-1"); err == nil {
				t.Errorf("%.80q: got %+v, %v", body, got, told)
			}
		}
	}
}

// pollsRefused has the provider refuse to tell, for every code and status. That
// there is no such message is no refusal.
func (s Suite) pollsRefused(t *testing.T, wire PolledWire) {
	check := func(what string, answer Answer, want *whatsapp.Error) {
		_, told, err := s.poll(t, s.answering(t, answer), "id-1")
		switch {
		case told:
			t.Errorf("%s: told all the same", what)
		case err == nil && want.Class != whatsapp.BadRequest:
			t.Errorf("%s: nothing is told, want %s", what, Summary(want))
		case err == nil:
		case want.Class == whatsapp.Ambiguous:
			if got := refusal(t, err); got.Class != whatsapp.RetrySoon || got.Reason != want.Reason {
				t.Errorf("%s: got %s, want retry_soon %s", what, Summary(got), want.Reason)
			}
		default:
			sameRefusal(t, what, refusal(t, err), want)
		}
	}
	for at := range s.Book.Codes {
		for _, f := range reach(s.Book.Codes, at, codeFault) {
			if f.Mode == codes.InAnswer {
				answer := wire.Refuse(f)
				f.Status = answer.Status
				check(fmt.Sprintf("code %d", f.Code), answer, s.Book.Judge(f))
			}
		}
	}
	for _, status := range []int{301, 307, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504} {
		f := codes.Fault{Mode: codes.InAnswer, Status: status}
		check("HTTP "+strconv.Itoa(status), Answer{Status: status, Header: http.Header{"Location": {"/elsewhere"}}, Body: page}, s.Book.JudgeStatus(f))
	}
	answer := Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7200"}}, Body: page}
	_, _, err := s.poll(t, s.answering(t, answer), "id-1")
	if got := refusal(t, err); got.Class != whatsapp.RetrySlow || got.Wait != 2*time.Hour || !got.Asked {
		t.Errorf("HTTP 429 is %s, want a wait of two hours", Summary(got))
	}
}

// pollsTrouble has the provider not answer.
func (s Suite) pollsTrouble(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}
	if _, _, err := s.serve(t, hangUp).Provider.(whatsapp.Poller).Poll(t.Context(), "id-1"); refusal(t, err).Class != whatsapp.RetrySoon {
		t.Errorf("hung up: %s", Summary(refusal(t, err)))
	}
	_, _, err := s.open(t, s.Settings("http://127.0.0.1:1"), whatsapp.Opening{}).(whatsapp.Poller).Poll(t.Context(), "id-1")
	sameRefusal(t, "nobody listens", refusal(t, err), codes.Unreachable().Because(nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := s.answering(t, Answer{Status: http.StatusOK})
	_, _, err = c.Provider.(whatsapp.Poller).Poll(ctx, "id-1")
	sameRefusal(t, "stopped", refusal(t, err), codes.Cancelled().Because(nil))
	if !errors.Is(err, context.Canceled) || c.requests.Load() != 0 {
		t.Errorf("the cause is %v after %d requests", err, c.requests.Load())
	}
	if !slices.Contains(s.Spec.Reasons, refusal(t, err).Reason) {
		t.Errorf("the reason %s is not in the set", refusal(t, err).Reason)
	}
}
