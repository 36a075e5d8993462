package app

import (
	"log/slog"

	"carillon/campaign"
	"carillon/ledger"
)

// logRefusals warns of each kind of refusal once per campaign. The provider's
// words may quote the recipient's values, which are masked.
func logRefusals(log *slog.Logger) func(ledger.Refusal) {
	return func(r ledger.Refusal) {
		f := r.Failure
		log.Warn("a message was refused, the first one in its campaign for this reason; carillon status counts all of them",
			"campaign", r.Message.Campaign(), "row", r.Message.Recipient().Row(), "step", r.Message.Step()+1,
			"reason", f.Reason, "code", f.Code, "said", campaign.Masked(f.Said, r.Values), "hint", f.Detail)
	}
}
