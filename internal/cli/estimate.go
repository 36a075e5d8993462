package cli

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp/providers"
)

// Estimate says how long the sending takes.
type Estimate struct {
	Messages int64 `json:"messages"`
	// Rate is in messages a second; 0 means that there is no limit.
	Rate float64 `json:"rate"`
	// Seconds is the time at that rate, without waits between steps; 0 where
	// there is no limit.
	Seconds float64 `json:"seconds"`
	// Days is how many days the portfolio's limit of recipients makes of it, without
	// those on which the campaign's hours never come; 0 without a limit.
	Days int64 `json:"days,omitempty"`
	// LastOn is about the day on which the last recipient gets the first message, such
	// as 2026-12-03, if the campaign was started now and no other one uses the limit;
	// empty where Days is 0, and for more than ten years.
	LastOn string `json:"last_on,omitempty"`
	// LastAt is when the last message would go out if the campaign was started now,
	// without waits between steps; nil where it has no hours, or Days says more.
	LastAt *time.Time `json:"last_at,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// pace is how fast a campaign's numbers may send together.
type pace struct {
	rate   float64      // messages a second; 0 for no limit
	limits []dailyShare // of recipients within 24 hours; none for no limit
}

// dailyShare is the limit of a portfolio, and the share of the recipients that its
// numbers have.
type dailyShare struct {
	size  int
	share float64
}

// daily is what all limits allow together, 0 for no limit.
func (p pace) daily() (sum int) {
	for _, limit := range p.limits {
		sum += limit.size
	}
	return sum
}

// paceOf sums up the campaign's numbers, each with the usual rate where there is
// no configuration, which has them all where there is one. One without a limit
// makes the sum unlimited.
func paceOf(config *configs.Config, def *campaign.Definition) pace {
	numbers := def.ChannelNames()
	if config == nil {
		return pace{rate: providers.All()[0].Rate * float64(len(numbers))}
	}
	var sum pace
	rates := make([]float64, len(numbers))
	for i, number := range numbers {
		rates[i] = config.Channels[number].Rate
		sum.rate += rates[i]
	}
	if slices.Contains(rates, 0) {
		sum.rate = 0
	}
	sum.limits = limitsOf(config, numbers, campaign.Weights(rates))
	return sum
}

// limitsOf are the limits that some numbers are under, with their shares of the
// recipients; none where one of the numbers has none.
func limitsOf(config *configs.Config, numbers []string, weights []float64) []dailyShare {
	whole := 0.0
	for _, weight := range weights {
		whole += weight
	}
	limits := map[string]dailyShare{} // by portfolio: those who share one have it once
	for i, number := range numbers {
		portfolio, daily := config.DailyLimit(number)
		if daily == 0 {
			return nil
		}
		limits[portfolio] = dailyShare{daily, limits[portfolio].share + weights[i]/whole}
	}
	var all []dailyShare
	for _, portfolio := range slices.Sorted(maps.Keys(limits)) {
		all = append(all, limits[portfolio])
	}
	return all
}

// estimate reckons with the number's rate, the campaign's own cap and its hours.
// zones is how many recipients there are in which zones.
func estimate(def *campaign.Definition, zones map[string]int64, p pace, now time.Time) Estimate {
	var recipients int64
	for _, n := range zones {
		recipients += n
	}
	rate := p.rate
	if def.Rate > 0 && (rate == 0 || def.Rate < rate) {
		rate = def.Rate
	}
	messages := mostMessages(def)
	e := Estimate{Messages: recipients * messages, Rate: rate}
	var took time.Duration
	if rate > 0 {
		seconds := float64(e.Messages) / rate
		e.Seconds = math.Round(seconds*10) / 10
		took = time.Duration(min(seconds, 1e9) * float64(time.Second))
		e.Text = fmt.Sprintf("%d messages at %s: about %s", e.Messages, formatRate(rate), roughly(took))
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
	if last := e.addDays(def, zones, p, now); !last.IsZero() {
		took = max(took, last.Sub(now))
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

// addDays says what the limits of recipients make of it, if anything: on which day the
// last of them gets the first message. last is when, and zero where it is not told.
func (e *Estimate) addDays(def *campaign.Definition, zones map[string]int64, p pace, now time.Time) (last time.Time) {
	var recipients int64
	for _, n := range zones {
		recipients += n
	}
	ever := true
	for _, limit := range p.limits {
		people := int64(math.Ceil(float64(recipients) * limit.share))
		if days := (people-1)/int64(limit.size) + 1; days > 1 {
			e.Days = max(e.Days, days)
		}
		at, ok := campaign.DailyLimit{Size: int64(limit.size)}.Last(people, now, def.Hours.Opens(slices.Collect(maps.Keys(zones))))
		ever = ever && ok
		if at.After(last) {
			last = at
		}
	}
	if e.Days == 0 {
		return time.Time{}
	}
	e.Text += fmt.Sprintf("; %s people at %s a day: ", thousands(recipients), thousands(int64(p.daily())))
	if !ever {
		e.Text += "the last message does not go out within ten years"
		return time.Time{}
	}
	day := last.In(def.Hours.Place())
	e.LastOn = day.Format(time.DateOnly)
	e.Text += lastText(len(def.Steps), def.Hours != nil) + dayText(day, now) + ", if no other campaign uses the limit"
	return last
}

// lastText goes before a day. Hours may put off a day's messages, so that it is one
// or the other.
func lastText(steps int, hours bool) string {
	text := "the last message goes out on "
	if steps > 1 {
		text = "the last person gets the first message on "
	}
	if hours {
		text += "about "
	}
	return text
}

// dayText is a day for people: Thursday, 3 December; with the year where it is
// another one.
func dayText(day, now time.Time) string {
	if day.Year() != now.In(day.Location()).Year() {
		return day.Format("Monday, 2 January 2006")
	}
	return day.Format("Monday, 2 January")
}

// thousands writes a number with commas.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
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
	clock := func(t time.Time) string { return t.In(hours.Place()).Format("Mon 2 Jan 15:04 MST") }
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
