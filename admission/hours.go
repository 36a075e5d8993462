package admission

import (
	"fmt"
	"strings"

	"carillon/campaign"
)

// hoursText says when a campaign's messages go out. The dates of a calendar are
// known where the door has calendars.
func (d Door) hoursText(h *campaign.Hours) string {
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
	if h.Holidays != "" && d.Calendars == nil {
		return text + fmt.Sprintf("; the calendar %q is in the server's configuration and was not checked", h.Holidays)
	}
	switch n := len(h.Dates); n {
	case 0:
		return text
	case 1:
		return text + "; not on 1 date"
	default:
		return text + fmt.Sprintf("; not on %d dates", n)
	}
}
