package configs

import (
	"fmt"
	"maps"
	"slices"
)

// plainSecrets returns the keys whose values are secrets and stand in the file
// itself, not in a variable; literal are the paths of all such values.
func (c *Config) plainSecrets(literal map[string]bool) []string {
	var found []string
	note := func(secret bool, path string) {
		if secret && literal[path] {
			found = append(found, path)
		}
	}
	note(hidePassword(c.Ledger) != c.Ledger, "ledger")
	note(hidePassword(c.Redis) != c.Redis, "redis")
	for i := range c.HTTP.Tokens {
		note(true, fmt.Sprintf("http.tokens[%d].token", i))
	}
	for i := range c.SealKeys {
		note(true, fmt.Sprintf("seal_keys[%d]", i))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		for _, key := range c.Channels[name].secretKeys() {
			note(true, "channels."+name+"."+key)
		}
	}
	for i, s := range c.Schedules {
		at := fmt.Sprintf("schedules[%d].contacts", i)
		_, secrets := s.Contacts.Source().Part()
		note(secrets.URL != "" || secrets.DSN != "", at)
		note(secrets.URL != "", at+".url")
		note(secrets.DSN != "", at+".dsn")
		for _, name := range slices.Sorted(maps.Keys(secrets.Headers)) {
			note(true, at+".headers."+name)
		}
	}
	return found
}
