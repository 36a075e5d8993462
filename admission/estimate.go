package admission

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"carillon/api"
	"carillon/campaign"
)

// Pace is how fast a campaign's channels may send together.
type Pace struct {
	// Rate is in messages a second; 0 for no limit.
	Rate float64
	// Daily is how many recipients there may be within 24 hours; 0 for no limit.
	Daily int
}

// Pace sums up the channels of a campaign that the door has let in. One without a
// limit makes the sum unlimited.
func (d Door) Pace(def *campaign.Definition) Pace {
	var sum Pace
	limits := map[string]int{} // by name: those who share one have it once
	unlimited, boundless := false, d.Daily == nil
	for _, channel := range def.ChannelNames() {
		rate := d.Rates[channel]
		sum.Rate += rate
		unlimited = unlimited || rate == 0
		if d.Daily != nil {
			limit, recipients := d.Daily(channel)
			limits[limit] = recipients
			boundless = boundless || recipients == 0
		}
	}
	for _, recipients := range limits {
		sum.Daily += recipients
	}
	if unlimited {
		sum.Rate = 0
	}
	if boundless {
		sum.Daily = 0
	}
	return sum
}

// estimate reckons with the number's rate, the campaign's own cap and its hours.
// zones is how many recipients there are in which zones.
func estimate(def *campaign.Definition, zones map[string]int64, p Pace, now time.Time) api.Estimate {
	var recipients int64
	for _, n := range zones {
		recipients += n
	}
	rate := p.Rate
	if def.Rate > 0 && (rate == 0 || def.Rate < rate) {
		rate = def.Rate
	}
	messages := mostMessages(def)
	e := api.Estimate{Messages: recipients * messages, Rate: rate}
	var took time.Duration
	if rate > 0 {
		seconds := float64(e.Messages) / rate
		e.Seconds = math.Round(seconds*10) / 10
		took = time.Duration(min(seconds, 1e9) * float64(time.Second))
		e.Text = fmt.Sprintf("%d messages at %s: about %s", e.Messages, RateText(rate), roughly(took))
	} else {
		e.Text = fmt.Sprintf("%d messages without a limit: as fast as the provider answers", e.Messages)
	}
	var waits time.Duration
	for _, step := range def.Steps {
		waits += time.Duration(step.Wait)
	}
	if len(def.Steps) > 1 {
		e.Text += ", and the time until each step's gate opens"
	}
	if waits > 0 {
		e.Text += fmt.Sprintf(" with waits of %s", waits)
	}
	if p.Daily > 0 && recipients > int64(p.Daily) {
		e.Days = (recipients-1)/int64(p.Daily) + 1
		e.Text += fmt.Sprintf("; the limit of %d recipients a day stretches it to %d days, if no other campaign uses it", p.Daily, e.Days)
		took = max(took, time.Duration(e.Days-1)*24*time.Hour)
	}
	if def.Hours != nil && e.Days == 0 {
		if first, last, ever := sentWithin(def.Hours, zones, messages, rate, now); ever {
			e.LastAt = &last
			e.Text += "; started now, "
			if len(def.Steps) > 1 {
				e.Text += "and without that time, "
			}
			e.Text += betweenHours(def.Hours, now, first, last)
			took = max(took, last.Sub(now))
		}
	}
	if expires := time.Duration(def.Expires); expires > 0 && took+waits > expires {
		e.Text += fmt.Sprintf("; the campaign expires after %s, before all is sent", expires)
	}
	return e
}

// mostMessages is how many messages one recipient gets at most: of several
// branches one.
func mostMessages(def *campaign.Definition) (n int64) {
	for step := 0; step < len(def.Steps); n++ {
		_, step = def.Branches(step)
	}
	return n
}

// sentWithin reckons when the first and the last message of a campaign would go
// out, minute by minute: numbers whose hours are not now wait, and the others
// share the rate. ever is false where it would take more than a year.
func sentWithin(hours *campaign.Hours, zones map[string]int64, steps int64, rate float64, now time.Time) (first, last time.Time, ever bool) {
	left := make(map[string]float64, len(zones))
	for zone, n := range zones {
		left[zone] = float64(n * steps)
	}
	const minute, year = time.Minute, 366 * 24 * time.Hour
	for at := now; len(left) > 0; {
		if at.Sub(now) > year {
			return first, last, false
		}
		room, opens := math.Inf(1), time.Time{}
		if rate > 0 {
			room = rate * minute.Seconds()
		}
		sent := 0.0
		for _, zone := range slices.Sorted(maps.Keys(left)) {
			next, ok := hours.Next(zone, at)
			switch {
			case !ok:
				return first, last, false
			case next.After(at):
				if opens.IsZero() || next.Before(opens) {
					opens = next
				}
				continue
			}
			taken := min(room-sent, left[zone])
			sent += taken
			if left[zone] -= taken; left[zone] == 0 {
				delete(left, zone)
			}
		}
		if sent == 0 { // nobody's hours are now
			at = opens
			continue
		}
		if first.IsZero() {
			first = at
		}
		last = at
		if rate > 0 {
			last = at.Add(time.Duration(sent / rate * float64(time.Second)))
		}
		at = at.Add(minute)
	}
	return first, last, !first.IsZero()
}

// betweenHours says when a campaign's messages would go out.
func betweenHours(hours *campaign.Hours, now, first, last time.Time) string {
	place, err := time.LoadLocation(hours.Zone)
	if err != nil { // a column, or the recipient's
		place = time.UTC
	}
	clock := func(t time.Time) string { return t.In(place).Format("Mon 2 Jan 15:04 MST") }
	if first.Equal(now) {
		return "the last goes out at about " + clock(last)
	}
	return fmt.Sprintf("the first goes out at %s and the last at about %s", clock(first), clock(last))
}

func roughly(d time.Duration) string {
	if d < time.Second {
		return "a second"
	}
	return d.Round(time.Second).String()
}

// RateText writes messages a second.
func RateText(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f/s", rate)
	}
	return fmt.Sprintf("%.0f/s", rate)
}
