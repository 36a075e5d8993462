package configs

import (
	"maps"
	"slices"
)

// Account returns the names of the channels of the account that a channel
// belongs to, sorted, its own included: those of the same provider with the same
// waba_id. A channel without one is an account of its own.
func (c *Config) Account(channel string) []string {
	own := c.Channels[channel]
	if own.WABAID == "" {
		return []string{channel}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		if other := c.Channels[name]; other.WABAID == own.WABAID && other.Provider == own.Provider {
			names = append(names, name)
		}
	}
	return names
}

// Siblings returns the names of the other channels that a limit of calls is
// shared with, sorted: those of the same account, and those of the same app,
// which is told by its secret.
func (c *Config) Siblings(channel string) []string {
	own, account := c.Channels[channel], c.Account(channel)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		other := c.Channels[name]
		sameApp := other.Provider == own.Provider && other.AppSecret == own.AppSecret && own.AppSecret != ""
		if name != channel && (sameApp || slices.Contains(account, name)) {
			names = append(names, name)
		}
	}
	return names
}
