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
		text += ", in the time zone of the recipient's number"
	default:
		text += ", in the time zone " + h.Zone
	}
	if h.Holidays != "" && config == nil {
		return text + fmt.Sprintf("; the calendar %q is in the server's configuration and was not checked", h.Holidays)
	}
	if len(h.Dates) > 0 {
		text += fmt.Sprintf("; not on %s", quantity(int64(len(h.Dates)), "date"))
	}
	return text
}
