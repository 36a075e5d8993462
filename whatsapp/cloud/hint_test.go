package cloud

import (
	"carillon/whatsapp/codes"

	"strings"
	"testing"
)

// TestHintIsThatOfTheRefusal asks for the hint of every refusal that a code can
// make, by what is kept of it.
func TestHintIsThatOfTheRefusal(t *testing.T) {
	for _, row := range codeTable {
		for _, mode := range []codes.Mode{codes.InAnswer, codes.InReceipt} {
			for _, code := range []int{row.First, row.Last} {
				e := Book().Judge(codes.Fault{Mode: mode, Code: code, Subcode: row.Subcode})
				if got := Book().Hint(e.Reason, e.Code); got != e.Hint {
					t.Errorf("%s (%d): %q, want %q", e.Reason, e.Code, got, e.Hint)
				}
			}
		}
	}
	for reason, want := range map[string]string{
		codes.TimedOut().Reason:    codes.TimedOut().Hint,
		"unauthorized":             askToken,
		"retried by ops":           "",
		"the campaign was stopped": "",
	} {
		if got := Book().Hint(reason, 0); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
	if Book().Hint("undeliverable", 0) != "" || Book().Hint("undeliverable", 131026) == "" {
		t.Error("a reason of the API's own goes with its code")
	}
}

// TestNoHintPromisesARetryThatIsRefused: what is permanent for a message is left
// out by a retry of its campaign.
func TestNoHintPromisesARetryThatIsRefused(t *testing.T) {
	for _, v := range Book().Meanings() {
		hint := strings.ToLower(v.Hint)
		promises := strings.Contains(hint, "retry") || strings.Contains(hint, "tried again") || strings.Contains(hint, "sent later")
		if promises && !v.Of(codes.Fault{}).Failure().Retry {
			t.Errorf("%s is permanent, and its hint promises another attempt: %s", v.Reason, v.Hint)
		}
	}
	for _, v := range Book().Meanings() {
		f := v.Of(codes.Fault{}).Failure()
		givesUp := f.Retry && !f.Throttled
		if givesUp && (!strings.Contains(v.Hint, "`carillon retry`") || strings.Contains(v.Hint, "No action needed")) {
			t.Errorf("%s is given up in the end, and its hint does not say what helps then: %s", v.Reason, v.Hint)
		}
	}
	for _, code := range []int{131009, 100, 131052, 999999} {
		if e := Book().Judge(codes.Fault{Mode: codes.InAnswer, Code: code, Status: 400}); !strings.Contains(e.Hint, "launch the campaign again") {
			t.Errorf("%d: the hint does not say what helps: %s", code, e.Hint)
		}
	}
}
