package configs

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"carillon/whatsapp"
)

// The longest waits that are taken seriously. A message that nobody knows
// anything of for a day is decided in any case.
const (
	maxTimeout      = Duration(10 * time.Minute)
	maxUnknownAfter = Duration(24 * time.Hour)
)

func checkChannels(channels map[string]Channel, specs []whatsapp.Spec, found *mistakes) {
	found.need(len(channels) > 0, "channels", "is missing; write at least one channel, as configs/example.yaml shows")
	checkPortfolios(channels, found)
	owners := make(map[[2]string]string) // provider and number → the channel that has it
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		checkChannel(name, channels[name], specs, found)
		checkNumber(name, channels[name], owners, found)
	}
}

func checkChannel(name string, c Channel, specs []whatsapp.Spec, found *mistakes) {
	at := "channels." + name
	if c.Settings == nil {
		found.fault(at+".provider", "unknown provider; write %s", oneOf(specs))
	} else {
		c.Settings.Check(&whatsapp.Report{Fault: func(key, message string) { found.fault(at+"."+key, "%s", message) }})
	}
	found.need(!math.IsNaN(c.Rate) && !math.IsInf(c.Rate, 0) && c.Rate >= 0, at+".rate", "must be a number of messages a second, auto to take what the provider tells, or 0 for no limit")
	checkLimits(at, c, found)
	found.need(c.Timeout > 0 && c.Timeout <= maxTimeout, at+".timeout", "must be more than 0 and at most 10m")
	found.need(c.UnknownAfter > 0 && c.UnknownAfter <= maxUnknownAfter, at+".unknown_after", "must be more than 0 and at most 24h")
	found.need(c.OnUnknown == Hold || c.OnUnknown == Resend, at+".on_unknown", "must be hold or resend")
	checkGuard(at+".guard", c.Guard, found)
	// Last, for a mistake of the channel as a whole hides those within it.
	found.need(nameForm.MatchString(name), at, "a channel's name starts with a letter or digit and contains only letters, digits, - and _, at most 64 characters; rename it")
}

// oneOf lists the kinds of providers.
func oneOf(specs []whatsapp.Spec) string {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}

// checkNumber wants a number in one channel alone, by the key that stands for it
// and by the name that webhooks have for it.
func checkNumber(name string, c Channel, owners map[[2]string]string, found *mistakes) {
	if c.Settings == nil {
		return
	}
	key := c.Spec.NumberKey
	for _, number := range []string{maps.Collect(settingsOf(c.Settings))[key].String(), c.Settings.Identity().Number} {
		if number == "" {
			continue
		}
		owner := [2]string{c.Provider, number}
		other, taken := owners[owner]
		found.need(!taken || other == name, "channels."+name+"."+key,
			"is the same as in channels.%s; a number's rate and receipts belong to one channel, so remove one of them", other)
		owners[owner] = name
	}
}

// maxPair bounds how far back the messages to one recipient are looked up.
const maxPair = Duration(24 * time.Hour)

func checkLimits(at string, c Channel, found *mistakes) {
	found.need(c.Pair.Every > 0 && c.Pair.Every <= maxPair, at+".pair.every", "must be more than 0 and at most 24h")
	found.need(c.Pair.Burst >= 0, at+".pair.burst", "must be a number of messages, or 0 for no limit")
	found.need(Duration(c.Pair.Burst)*c.Pair.Every <= maxPair, at+".pair", "allows a burst of more than a day; lower burst or every")
	found.need(c.DailyRecipients >= 0, at+".daily_recipients", "must be a number of recipients, auto to take what the provider tells, or 0 for no limit")
	found.need(c.Portfolio == "" || nameForm.MatchString(c.Portfolio), at+".portfolio",
		"a portfolio's name starts with a letter or digit and contains only letters, digits, - and _, at most 64 characters; rename it")
}

func checkGuard(at string, g Guard, found *mistakes) {
	found.need(g.SameRefusal >= 0, at+".same_refusal", "must be a number of messages, or 0 to turn it off")
	const share = "must be a share between 0 and 1, such as 0.2 for one in five, or 0 to turn it off"
	found.need(g.RefusedShare >= 0 && g.RefusedShare <= 1, at+".refused_share", share)
	found.need(g.UnreachableShare >= 0 && g.UnreachableShare <= 1, at+".unreachable_share", share)
}

// checkPortfolios wants one limit for all channels that share one.
func checkPortfolios(channels map[string]Channel, found *mistakes) {
	first := map[string]string{} // portfolio → its first channel
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		c := channels[name]
		if c.Portfolio == "" {
			continue
		}
		other, known := first[c.Portfolio]
		if !known {
			first[c.Portfolio] = name
			continue
		}
		found.need(c.DailyRecipients == channels[other].DailyRecipients && c.DailyAuto == channels[other].DailyAuto, "channels."+name+".daily_recipients",
			"differs from channels.%s, which is in the same portfolio; a portfolio has one limit", other)
	}
}
