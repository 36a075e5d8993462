package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/ledger"
)

func TestARefusalIsLoggedWithoutValues(t *testing.T) {
	var log bytes.Buffer
	logRefusals(slog.New(slog.NewTextHandler(&log, nil)))(ledger.Refusal{
		Message: campaign.ID(1).Recipient(7).Message(1),
		Failure: campaign.Failure{
			Code: 131009, Reason: "invalid_parameter", Detail: "Correct the value.",
			Said: "(#131009) Parameter value is not valid: 'Ana Souza', order A-17, to +5511961234567 or +4915112345601",
		},
		Values: []string{"Ana Souza", "A-17", "+5511961234567"},
	})
	for _, want := range []string{
		"level=WARN", "row=7", "step=2", "reason=invalid_parameter", "code=131009", `hint="Correct the value."`,
		`said="(#131009) Parameter value is not valid: '***', order ***, to *** or +491********01"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is missing in %s", want, log.String())
		}
	}
}
