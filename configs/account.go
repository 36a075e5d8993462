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
