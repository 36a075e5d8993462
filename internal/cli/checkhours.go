package cli

import (
	"fmt"
	"strings"

	"carillon/campaign"
	"carillon/configs"
)

// hoursOf says when a campaign's messages go out. The dates of a calendar are
// known where there is a configuration.
func hoursOf(config *configs.Config, h *campaign.Hours) string {
	if h == nil {
		return ""
	}
	text := fmt.Sprintf("messages go out from %s to %s", h.From, h.To)
	if h.Days != "" {
		text += " on " + h.Days
	}
	switch {
	case h.Zone == "" || strings.EqualFold(h.Zone, campaign.RecipientZone):
		text += ", by the clock of the recipient's number"
	default:
		text += ", by the clock of " + h.Zone
	}
	if h.Holidays != "" && config == nil {
		return text + fmt.Sprintf("; the calendar %q is the server's and was not looked at", h.Holidays)
	}
	if len(h.Dates) > 0 {
		text += fmt.Sprintf("; on %s nothing does", quantity(int64(len(h.Dates)), "date"))
	}
	return text
}
