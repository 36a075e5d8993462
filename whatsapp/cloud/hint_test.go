package cloud

import (
	"slices"
	"strings"
	"testing"
)

// TestHintIsThatOfTheRefusal asks for the hint of every refusal that a code can
// make, by what is kept of it.
func TestHintIsThatOfTheRefusal(t *testing.T) {
	for _, row := range codeTable {
		for _, mode := range []mode{inAnswer, inReceipt} {
			for _, code := range []int{row.first, row.last} {
				e := classify(fault{mode: mode, code: code, subcode: row.subcode})
				if got := Hint(e.Reason, e.Code); got != e.Hint {
					t.Errorf("%s (%d): %q, want %q", e.Reason, e.Code, got, e.Hint)
				}
			}
		}
	}
	for reason, want := range map[string]string{
		timedOut.Reason:            timedOut.Hint,
		"unauthorized":             askToken,
		"retried by ops":           "",
		"the campaign was stopped": "",
	} {
		if got := Hint(reason, 0); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
	if Hint("undeliverable", 0) != "" || Hint("undeliverable", 131026) == "" {
		t.Error("a reason of the API's own goes with its code")
	}
}

// TestNoHintPromisesARetryThatIsRefused: what is permanent for a message is left
// out by a retry of its campaign.
func TestNoHintPromisesARetryThatIsRefused(t *testing.T) {
	judged := loose()
	for _, row := range slices.Concat(statusTable, codeTable) {
		judged = append(judged, row.verdict)
	}
	for _, v := range judged {
		hint := strings.ToLower(v.Hint)
		promises := strings.Contains(hint, "retry") || strings.Contains(hint, "tried again") || strings.Contains(hint, "sent later")
		if promises && !v.of(fault{}).Failure().Retry {
			t.Errorf("%s is permanent, and its hint promises another attempt: %s", v.Reason, v.Hint)
		}
	}
	for _, v := range judged {
		f := v.of(fault{}).Failure()
		givesUp := f.Retry && !f.Throttled
		if givesUp && (!strings.Contains(v.Hint, "`carillon retry`") || strings.Contains(v.Hint, "Nothing to do")) {
			t.Errorf("%s is given up in the end, and its hint does not say what helps then: %s", v.Reason, v.Hint)
		}
	}
	for _, code := range []int{131009, 100, 131052, 999999} {
		if e := classify(fault{mode: inAnswer, code: code, status: 400}); !strings.Contains(e.Hint, "launch the campaign again") {
			t.Errorf("%d: the hint does not say what helps: %s", code, e.Hint)
		}
	}
}
