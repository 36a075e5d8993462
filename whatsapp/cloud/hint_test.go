package cloud

import "testing"

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
