package cli

import (
	"fmt"
	"time"

	"carillon/api"
	"carillon/campaign"
)

func dailyText(d api.Daily) string {
	text := fmt.Sprintf("%d of %d recipients within 24 hours", d.Used, d.Limit)
	if d.Later > 0 {
		text += fmt.Sprintf("; %d of this campaign have to wait and are sent by themselves, over about %s",
			d.Later, quantity((d.Later-1)/int64(d.Limit)+1, "day"))
	}
	if d.LastOn != nil {
		if day, err := time.Parse(time.DateOnly, *d.LastOn); err == nil {
			text += ", the last on about " + day.Format("Monday, 2 January 2006")
		}
	}
	if d.FreesAt != nil {
		text += ", from " + moment(d.FreesAt)
	}
	return text
}

func slowedText(s api.Slowed) string {
	text := fmt.Sprintf("%s (%s) on %s until %s: %s", s.Template, s.Language, s.Channel, moment(&s.Until), s.Reason)
	if s.Code != 0 {
		text += fmt.Sprintf(" (%d)", s.Code)
	}
	return text + "; then one message is tried, and more follow as they are accepted"
}

func hoursText(h api.Hours) string {
	text := fmt.Sprintf("%s to %s", h.From, h.To)
	if h.Days != "" {
		text += " on " + h.Days
	}
	if h.Zone == campaign.RecipientZone {
		text += ", by the recipients' clocks"
	} else {
		text += ", " + h.Zone
	}
	if h.OpensAt != nil {
		text += "; nothing goes out until " + moment(h.OpensAt)
	}
	return text
}

func unechoedText(u api.Unechoed) string {
	const why = "its receipts do not carry our reference, so on_unknown decides alone: "
	if u.Then == "resend" {
		return why + "unknown messages are sent again after " + u.After.String() + ", and may arrive twice"
	}
	return why + "unknown messages are left for you to decide"
}
