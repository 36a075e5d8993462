package configs

import (
	"maps"
	"slices"

	"carillon/whatsapp"
)

// Account returns the names of the channels of the account that a channel
// belongs to, sorted, its own included: those of the same provider that tell the
// same account. A channel without one is an account of its own.
func (c *Config) Account(channel string) []string {
	return c.sharing(channel, func(own, other whatsapp.Identity) bool {
		return own.Account != "" && own.Account == other.Account
	}, true)
}

// AccountName names what channels of the same account share, such as their
// templates. A channel without an account has a name of its own.
func (c *Config) AccountName(channel string) string {
	of := c.Channels[channel]
	if account := of.Settings.Identity().Account; account != "" {
		return of.Provider + " " + account
	}
	return "channel " + channel
}

// Siblings returns the names of the other channels that a limit of calls is
// shared with, sorted: those of the same account, and those of the same app.
func (c *Config) Siblings(channel string) []string {
	return c.sharing(channel, func(own, other whatsapp.Identity) bool {
		return own.Account != "" && own.Account == other.Account || own.App != "" && own.App == other.App
	}, false)
}

// sharing are the names of the channels of the same provider whose identity
// shares something with the channel's own, sorted; with itself where wanted.
func (c *Config) sharing(channel string, shares func(own, other whatsapp.Identity) bool, itself bool) []string {
	own := c.Channels[channel]
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		other := c.Channels[name]
		if name == channel {
			if itself {
				names = append(names, name)
			}
			continue
		}
		if other.Provider == own.Provider && shares(own.Settings.Identity(), other.Settings.Identity()) {
			names = append(names, name)
		}
	}
	return names
}
