package ledger

import (
	"strings"
	"testing"

	"carillon/campaign"
)

// TestQuotedValuesAreErased has reasons quote values that a quoted text writes in
// another way.
func TestQuotedValuesAreErased(t *testing.T) {
	for _, value := range []string{"Ana Souza", `Ana "Nana" Souza`, `C:\Ana`, "Ana 👩\u200d💻", "Jos\u00e9", "\u00c1rv\u00edzt\u0171r\u0151\u00a0Ana"} {
		reason := "the last 5 messages were refused alike: " + campaign.Failure{
			Reason: "invalid_parameter", Code: 131009, Said: "'" + value + "' is not valid", Detail: "Correct it.",
		}.String()
		want := `the last 5 messages were refused alike: invalid_parameter (131009), "'***' is not valid": Correct it.`
		if got := unquote(reason, []string{value}); got != want {
			t.Errorf("%q: got %s", value, got)
		}
		if other := strings.ReplaceAll(reason, "'", "`"); unquote(other, []string{"somebody else"}) != other {
			t.Errorf("%s was changed for somebody else", other)
		}
	}
}
