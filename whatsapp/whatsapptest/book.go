package whatsapptest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// all lists everything that a refusal of the provider can mean.
func (s Suite) all() []codes.Meaning { return slices.Concat(s.Book.Meanings(), s.More) }

// meanings wants each class to have the fields that it needs and none that it has
// no use for, and the reasons to be a closed set of labels.
func (s Suite) meanings(t *testing.T) {
	var reasons []string
	for _, m := range s.all() {
		reasons = append(reasons, m.Reason)
		if problem := incomplete(m); problem != "" {
			t.Errorf("%s (%v): %s", m.Reason, m.Class, problem)
		}
	}
	slices.Sort(reasons)
	if reasons = slices.Compact(reasons); !slices.Equal(s.Spec.Reasons, reasons) {
		t.Errorf("the reasons are %v, want %v", s.Spec.Reasons, reasons)
	}
	others := s.Book.Others
	for name, m := range map[string]codes.Meaning{"NoMessageID": others.NoMessageID, "NoVerdict": others.NoVerdict} {
		if m.Class != whatsapp.Ambiguous {
			t.Errorf("%s is %v: the message may have been taken", name, m.Class)
		}
	}
	for name, m := range map[string]codes.Meaning{
		"Throttled": others.Throttled, "UnknownFault": others.UnknownFault, "UnknownCode": others.UnknownCode, "Unexplained": others.Unexplained,
	} {
		if m.Class == 0 {
			t.Errorf("%s is not said", name)
		}
	}
	stops := func(m codes.Meaning) bool { return m.Class == whatsapp.Pause && m.Scope == whatsapp.AccountScope }
	if !slices.ContainsFunc(s.all(), stops) {
		t.Error("no trouble stops the account")
	}
}

// incomplete says what is wrong with a meaning, if anything.
func incomplete(m codes.Meaning) string {
	switch {
	case m.Class < whatsapp.RetrySoon || m.Class > whatsapp.Ambiguous:
		return "there is no such class"
	case m.Reason == "" || strings.Trim(m.Reason, "abcdefghijklmnopqrstuvwxyz_") != "":
		return "the reason is no label"
	case len(m.Hint) < 20 || !strings.HasSuffix(m.Hint, "."):
		return fmt.Sprintf("the hint %q is not a sentence", m.Hint)
	case (m.Class == whatsapp.RetrySlow) != (m.Budget != whatsapp.NoBudget):
		return fmt.Sprintf("the budget is %q", m.Budget)
	case (m.Class == whatsapp.Pause) != (m.Scope != whatsapp.NoScope):
		return fmt.Sprintf("the scope is %q", m.Scope)
	case m.Suppress != whatsapp.NoSuppression && m.Class != whatsapp.Drop:
		return "it suppresses"
	case m.Class == whatsapp.RetrySlow && m.Wait == 0:
		return "it is throttled without a wait"
	case m.Wait < 0 || m.Wait != 0 && !waits(m.Class) && m.Class != whatsapp.Pause:
		return fmt.Sprintf("it waits %v", m.Wait)
	case m.Retries < 0 || m.Retries != 0 && m.Class != whatsapp.RetrySoon:
		return fmt.Sprintf("it is repeated %d times", m.Retries)
	case m.Unwritten && m.Class != whatsapp.RetrySoon:
		return "it was not written, and is not tried again soon"
	}
	return ""
}

// waits reports whether a message of this class is tried again by itself.
func waits(c whatsapp.Class) bool { return c == whatsapp.RetrySoon || c == whatsapp.RetrySlow }

// hints wants each hint to be found by what is kept of a refusal, and to promise
// what happens. What is permanent for a message is left out by a retry of its
// campaign; what is given up in the end is not.
func (s Suite) hints(t *testing.T) {
	for _, m := range s.all() {
		f := m.Of(codes.Fault{}).Failure()
		hint := strings.ToLower(m.Hint)
		promises := strings.Contains(hint, "retry") || strings.Contains(hint, "tried again") || strings.Contains(hint, "sent later")
		if promises && !f.Retry {
			t.Errorf("%s is permanent, and its hint promises another attempt: %s", m.Reason, m.Hint)
		}
		givesUp := f.Retry && !f.Throttled
		if givesUp && (!strings.Contains(m.Hint, "`carillon retry`") || strings.Contains(m.Hint, "No action needed")) {
			t.Errorf("%s is given up in the end, and its hint does not say what helps then: %s", m.Reason, m.Hint)
		}
	}
	s.found(t)
	for _, reason := range []string{"retried by ops", "the campaign was stopped", ""} {
		if got := s.Spec.Hint(reason, 0); got != "" {
			t.Errorf("%q is no refusal, and has the hint %s", reason, got)
		}
	}
}

// found asks for the hint of every refusal that can be.
func (s Suite) found(t *testing.T) {
	refusals := []*whatsapp.Error{}
	for _, m := range slices.Concat(codes.Network(), s.More) {
		refusals = append(refusals, m.Of(codes.Fault{Code: m.Code}))
	}
	for at := range s.Book.Codes {
		for _, f := range reach(s.Book.Codes, at, codeFault) {
			refusals = append(refusals, s.Book.Judge(f))
		}
	}
	for at := range s.Book.Statuses {
		for _, f := range reach(s.Book.Statuses, at, statusFault) {
			refusals = append(refusals, s.Book.JudgeStatus(f))
		}
	}
	for _, e := range refusals {
		if got := s.Spec.Hint(e.Reason, e.Code); got != e.Hint {
			t.Errorf("%s (%d) has the hint %q, want %q", e.Reason, e.Code, got, e.Hint)
		}
	}
}

// numbered is a fault with the number that a table goes by.
type numbered func(f codes.Fault, n int) codes.Fault

func codeFault(f codes.Fault, n int) codes.Fault   { f.Code = n; return f }
func statusFault(f codes.Fault, n int) codes.Fault { f.Status = n; return f }

// reach lists faults that a row is the first to fit: the least and the largest
// number for each way in which they can come.
func reach(table codes.Table, at int, number numbered) (faults []codes.Fault) {
	row := table[at]
	for _, mode := range []codes.Mode{codes.InAnswer, codes.InReceipt} {
		ends := map[int]codes.Fault{}
		for n := row.First; n <= row.Last; n++ {
			f := number(codes.Fault{Mode: mode, Subcode: row.Subcode, Message: row.Words}, n)
			if slices.IndexFunc(table, func(r codes.Row) bool { return r.Fits(n, f) }) != at {
				continue
			}
			if _, begun := ends[0]; !begun {
				ends[0] = f
			}
			if ends[0] != f {
				ends[1] = f
			}
		}
		for _, end := range slices.Sorted(maps.Keys(ends)) {
			faults = append(faults, ends[end])
		}
	}
	return faults
}

// codes has the provider refuse a message for every row of its codes, and for
// codes in no row.
func (s Suite) codes(t *testing.T) {
	for at, row := range s.Book.Codes {
		faults := reach(s.Book.Codes, at, codeFault)
		if len(faults) == 0 {
			t.Errorf("no fault reaches row %d, %+v: rows before it have them all", at, row.Key)
		}
		for _, f := range faults {
			if f.Mode == codes.InAnswer {
				s.refusedByCode(t, f)
			}
		}
	}
	unknown := codes.Fault{Mode: codes.InAnswer, Code: s.unknownCode()}
	for _, status := range []int{400, 403, 429, 500, 503} {
		unknown.Status = status
		s.refusedByCode(t, unknown)
	}
}

// unknownCode is in no row.
func (s Suite) unknownCode() int {
	for code := 987654; ; code++ {
		fits := func(r codes.Row) bool { return r.First <= code && code <= r.Last }
		if !slices.ContainsFunc(s.Book.Codes, fits) {
			return code
		}
	}
}

// inWords is what the provider says of a fault.
func inWords(f codes.Fault) string { return strings.TrimSpace("Words of the provider " + f.Message) }

func (s Suite) refusedByCode(t *testing.T, f codes.Fault) {
	t.Helper()
	f.Message = inWords(f)
	answer := s.Wire.Refuse(f)
	f.Status = answer.Status
	what := fmt.Sprintf("code %d (%d), HTTP %d", f.Code, f.Subcode, f.Status)
	sameRefusal(t, what, s.refused(t, s.answering(t, answer)), s.Book.Judge(f))
	answer.Body = string(grown(t, []byte(answer.Body)))
	sameRefusal(t, what+" among unknown fields", s.refused(t, s.answering(t, answer)), s.Book.Judge(f))
}

// statuses has something that is not the API refuse a message with every row of
// the statuses, and with others.
func (s Suite) statuses(t *testing.T) {
	others := []int{200, 202, 299, 303, 400, 401, 404, 408, 413, 429, 499, 500, 501, 502, 503, 504, 599}
	tried := map[int]bool{}
	for _, status := range others {
		tried[status] = true
	}
	for at, row := range s.Book.Statuses {
		faults := reach(s.Book.Statuses, at, statusFault)
		if len(faults) == 0 {
			t.Errorf("no answer reaches row %d, %+v: rows before it have them all", at, row.Key)
		}
		for _, f := range faults {
			tried[f.Status] = true
		}
	}
	for status := range tried {
		got := s.refused(t, s.answering(t, Answer{Status: status, Body: page}))
		want := s.Book.JudgeStatus(codes.Fault{Mode: codes.InAnswer, Status: status})
		if status <= 299 {
			want = s.Book.Others.NoMessageID.Of(codes.Fault{Status: status})
		}
		sameRefusal(t, fmt.Sprintf("HTTP %d", status), got, want)
		if status <= 299 || status >= 500 {
			ambiguous(t, fmt.Sprintf("HTTP %d", status), got)
		}
	}
	for status, class := range map[int]whatsapp.Class{401: whatsapp.Pause, 429: whatsapp.RetrySlow} {
		if got := s.Book.JudgeStatus(codes.Fault{Mode: codes.InAnswer, Status: status}); got.Class != class {
			t.Errorf("HTTP %d is %v, want %v", status, got.Class, class)
		}
	}
}

func ambiguous(t *testing.T, what string, e *whatsapp.Error) {
	t.Helper()
	if e.Class != whatsapp.Ambiguous {
		t.Errorf("%s is %s: the message may have been taken", what, Summary(e))
	}
}
