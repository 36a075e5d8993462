package configs

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"carillon/whatsapp"
)

// nameForm is what a channel is called in a queue's name, in a webhook's
// address and in a metric's label.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// check puts on record every value that cannot work. No message repeats a
// value, which may have come from a variable that holds a secret.
func check(c *Config, specs []whatsapp.Spec, found *mistakes) {
	checkLedger(c.Ledger, found)
	checkRedis(c.Redis, found)
	checkHTTP(c.HTTP, found)
	checkChannels(c.Channels, specs, found)
	checkKeywords(c, found)
	checkHolidays(c.Holidays, found)
	checkSchedules(c.Schedules, found)
	checkSealKeys(c.SealKeys, found)
}

func checkLedger(ledger string, found *mistakes) {
	kind, file, _ := strings.Cut(ledger, ":")
	switch {
	case kind == "postgres" || kind == "postgresql":
		found.need(isServer(ledger), "ledger", "is not a PostgreSQL address; write postgres://user@host/database")
	case kind != "sqlite" || file == "":
		found.fault("ledger", "is not a ledger; write sqlite: and a file, such as sqlite:carillon.db, or postgres://user@host/database")
	case strings.HasPrefix(file, ":memory:"):
		found.fault("ledger", "cannot be in memory, because it must outlive the process; write sqlite: and a file")
	}
}

// isServer reports whether an address names a host and a database.
func isServer(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Host != "" || u.Query().Get("host") != "") && strings.Trim(u.Path, "/") != ""
}

func checkHTTP(h HTTP, found *mistakes) {
	host, port, err := net.SplitHostPort(h.Listen)
	number, portErr := strconv.ParseUint(port, 10, 16)
	listens := err == nil && portErr == nil
	found.need(listens, "http.listen", "must be a host and a port, such as 127.0.0.1:8080 or :8080")
	if listens && len(h.Tokens) == 0 && !isLoopback(host) {
		found.fault("http.tokens",
			"is empty, but http.listen is not a loopback address, so anybody could send; add a token, or listen on 127.0.0.1:%d", number)
	}
	checkProxies(h.TrustedProxies, found)
	if h.PublicURL != "" {
		(&whatsapp.Report{Fault: func(key, message string) { found.fault("http."+key, "%s", message) }}).Address("public_url", h.PublicURL, "https://carillon.example.com")
	}
	names, secrets := make(map[string]int), make(map[string]int)
	for i, token := range h.Tokens {
		at := fmt.Sprintf("http.tokens[%d]", i)
		checkToken(at, token, found)
		earlier, taken := names[token.Name]
		found.need(!taken, at+".name", "is the same as in http.tokens[%d]; the records could not tell them apart", earlier)
		earlier, taken = secrets[token.Token]
		found.need(!taken, at+".token", "is the same as in http.tokens[%d]; give each caller its own", earlier)
		names[token.Name], secrets[token.Token] = i, i
	}
}

func checkToken(at string, t Token, found *mistakes) {
	found.need(t.Name != "", at+".name", "is missing; write who uses the token, for the records")
	found.need(len(t.Token) >= MinTokenLength, at+".token",
		"has fewer than %d characters; make one with: openssl rand -hex 32", MinTokenLength)
	found.need(isWord(t.Token), at+".token",
		"has a space, a line break or another character that is not allowed in a header; make one with: openssl rand -hex 32")
	found.need(slices.Contains([]Role{Viewer, Operator, Admin}, t.Role), at+".role", "must be viewer, operator or admin")
}

func checkHolidays(files map[string]string, found *mistakes) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		at := "holidays." + name
		found.need(files[name] != "", at, "does not name a file; write its path relative to this one, such as holidays/es.txt")
		found.need(nameForm.MatchString(name), at, "a calendar's name starts with a letter or digit and contains only letters, digits, - and _, at most 64 characters; rename it")
	}
}

// DailyLimit returns the name and the size of the limit of recipients that a
// channel is under; 0 means that it has none.
func (c *Config) DailyLimit(channel string) (name string, recipients int) {
	found := c.Channels[channel]
	if found.Portfolio != "" {
		return "portfolio/" + found.Portfolio, found.DailyRecipients
	}
	return "channel/" + channel, found.DailyRecipients
}

// isLoopback reports whether only this machine reaches a host. "localhost" is
// taken at its word.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// isWord reports whether a text can be a bearer token.
func isWord(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
