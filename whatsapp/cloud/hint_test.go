package cloud

import (
	"strings"
	"testing"

	"carillon/whatsapp/codes"
)

func TestAReasonOfTheAPIGoesWithItsCode(t *testing.T) {
	if Book().Hint("undeliverable", 0) != "" || Book().Hint("undeliverable", 131026) == "" {
		t.Error("a reason of the API's own goes with its code")
	}
}

// TestWhatHelpsAfterACorrection: a message that is refused for good is left out by
// a retry of its campaign.
func TestWhatHelpsAfterACorrection(t *testing.T) {
	for _, code := range []int{131009, 100, 131052, 999999} {
		if e := Book().Judge(codes.Fault{Mode: codes.InAnswer, Code: code, Status: 400}); !strings.Contains(e.Hint, "launch the campaign again") {
			t.Errorf("%d: the hint does not say what helps: %s", code, e.Hint)
		}
	}
}
