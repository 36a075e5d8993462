package campaign

import "testing"

// TestTimesToLive are those that templates can be made with: the bounds of each
// category, and 30 days, which is the provider's own for all but authentication.
func TestTimesToLive(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		`category: authentication, ttl: 30s`, `category: authentication, ttl: 15m`, `category: authentication, ttl: 30d`,
		`category: utility, ttl: 30s`, `category: utility, ttl: 12h`, `category: utility, ttl: 30d`,
		`category: marketing, ttl: 12h`, `category: marketing, ttl: 30d`, `category: marketing, marketing_messages: {}, ttl: 2d`,
		`ttl: 1s`, `ttl: 40d`, `category: utility, ttl: 0`,
	} {
		parseStep(t, step)
	}
}
