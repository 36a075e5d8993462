package app

import (
	"fmt"
	"strings"

	"carillon/campaign"
	"carillon/configs"
)

// hoursOf says when a campaign's messages go out, and gives the hours the dates
// of their calendar, which only a configuration tells.
func hoursOf(config *configs.Config, campaignPath string, h *campaign.Hours) (string, error) {
	if h == nil {
		return "", nil
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
	switch {
	case h.Holidays == "":
	case config == nil:
		return text + fmt.Sprintf("; the calendar %q is the server's and was not looked at", h.Holidays), nil
	default:
		calendars, err := config.Calendars()
		if err != nil {
			return "", &UsageError{Err: err}
		}
		if err := h.Observe(calendars); err != nil {
			return "", unusable(campaignPath, err)
		}
	}
	if len(h.Dates) > 0 {
		text += fmt.Sprintf("; on %s nothing does", quantity(int64(len(h.Dates)), "date"))
	}
	return text, nil
}
