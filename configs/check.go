package configs

import (
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The longest waits that are taken seriously. A message that nobody knows
// anything of for a day is decided in any case.
const (
	maxTimeout      = Duration(10 * time.Minute)
	maxUnknownAfter = Duration(24 * time.Hour)
)

// nameForm is what a channel is called in a queue's name, in a webhook's
// address and in a metric's label.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// versionForm is a version of the Graph API.
var versionForm = regexp.MustCompile(`^v\d+\.\d+$`)

// check puts on record every value that cannot work. No message repeats a
// value, which may have come from a variable that holds a secret.
func check(c *Config, found *mistakes) {
	checkLedger(c.Ledger, found)
	checkRedis(c.Redis, found)
	checkHTTP(c.HTTP, found)
	found.need(len(c.Channels) > 0, "channels", "is missing; write at least one channel, as configs/example.yaml shows")
	checkPortfolios(c.Channels, found)
	checkWishes(c, found)
	checkHolidays(c.Holidays, found)
	numbers := make(map[string]string) // phone_number_id → the channel that has it
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		checkChannel(name, c.Channels[name], numbers, found)
	}
	checkSchedules(c.Schedules, found)
	checkSealKeys(c.SealKeys, found)
}

func checkLedger(ledger string, found *mistakes) {
	kind, file, _ := strings.Cut(ledger, ":")
	switch {
	case kind == "postgres" || kind == "postgresql":
		found.need(isServer(ledger), "ledger", "is no address of PostgreSQL; write postgres://user@host/database")
	case kind != "sqlite" || file == "":
		found.fault("ledger", "names no ledger; write sqlite: and a file, such as sqlite:carillon.db, or postgres://user@host/database")
	case strings.HasPrefix(file, ":memory:"):
		found.fault("ledger", "must outlive the process, which memory does not; write sqlite: and a file")
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
	found.need(listens, "http.listen", "is not a host and a port; write them like 127.0.0.1:8080 or :8080")
	if listens && len(h.Tokens) == 0 && !isLoopback(host) {
		found.fault("http.tokens",
			"is empty and http.listen is not loopback, so that anybody could send; add a token, or listen on 127.0.0.1:%d", number)
	}
	checkProxies(h.TrustedProxies, found)
	names, secrets := make(map[string]int), make(map[string]int)
	for i, token := range h.Tokens {
		at := fmt.Sprintf("http.tokens[%d]", i)
		checkToken(at, token, found)
		earlier, taken := names[token.Name]
		found.need(!taken, at+".name", "is that of http.tokens[%d]; the records could not tell them apart", earlier)
		earlier, taken = secrets[token.Token]
		found.need(!taken, at+".token", "is that of http.tokens[%d]; give each caller one of its own", earlier)
		names[token.Name], secrets[token.Token] = i, i
	}
}

func checkToken(at string, t Token, found *mistakes) {
	found.need(t.Name != "", at+".name", "is missing; write who uses the token, for the records")
	found.need(len(t.Token) >= MinTokenLength, at+".token",
		"has fewer than %d characters; make one with: openssl rand -hex 32", MinTokenLength)
	found.need(isWord(t.Token), at+".token",
		"has a space, a line break or another character that cannot stand in a header; make one with: openssl rand -hex 32")
	found.need(slices.Contains([]Role{Viewer, Operator, Admin}, t.Role), at+".role", "must be viewer, operator or admin")
}

func checkChannel(name string, c Channel, numbers map[string]string, found *mistakes) {
	at := "channels." + name
	switch c.Provider {
	case Cloud:
	case "service4u":
		found.fault(at+".provider", "service4u is the Cloud API at another address; write cloud with its base_url, and api_version: \"\"")
	case "360dialog", "360dialog-cloud", "vonage", "vonage-beta", "gateway":
		found.fault(at+".provider", "this provider is not supported in this version; write cloud and send through Meta's own API")
	default:
		found.fault(at+".provider", "there is no such provider; write cloud")
	}
	found.need(isBase(c.BaseURL), at+".base_url", "is not an address without user, ? and #; write it like %s", DefaultBaseURL)
	found.need(c.APIVersion == "" || versionForm.MatchString(c.APIVersion), at+".api_version",
		"is not a version; write it like %s, or \"\" where the address has none", DefaultAPIVersion)
	checkNumber(name, c, numbers, found)
	checkSecrets(at, c, found)
	found.need(!math.IsNaN(c.Rate) && !math.IsInf(c.Rate, 0) && c.Rate >= 0, at+".rate", "must be a number of messages a second, or 0 for no limit")
	checkLimits(at, c, found)
	found.need(c.Timeout > 0 && c.Timeout <= maxTimeout, at+".timeout", "must be more than 0 and at most 10m")
	found.need(c.UnknownAfter > 0 && c.UnknownAfter <= maxUnknownAfter, at+".unknown_after", "must be more than 0 and at most 24h")
	found.need(c.OnUnknown == Hold || c.OnUnknown == Resend, at+".on_unknown", "is none of the choices; write hold or resend")
	checkGuard(at+".guard", c.Guard, found)
	// Last, for a mistake of the channel as a whole hides those within it.
	found.need(nameForm.MatchString(name), at, "a channel's name begins with a letter or a digit, and has letters, digits, - and _ alone, at most 64; rename it")
}

func checkGuard(at string, g Guard, found *mistakes) {
	found.need(g.SameRefusal >= 0, at+".same_refusal", "must be a number of messages, or 0 to leave it unwatched")
	const share = "must be a share between 0 and 1, such as 0.2 for one in five, or 0 to leave it unwatched"
	found.need(g.RefusedShare >= 0 && g.RefusedShare <= 1, at+".refused_share", share)
	found.need(g.UnreachableShare >= 0 && g.UnreachableShare <= 1, at+".unreachable_share", share)
}

// maxPair bounds how far back the messages to one recipient are looked up.
const maxPair = Duration(24 * time.Hour)

func checkLimits(at string, c Channel, found *mistakes) {
	found.need(c.Pair.Every > 0 && c.Pair.Every <= maxPair, at+".pair.every", "must be more than 0 and at most 24h")
	found.need(c.Pair.Burst >= 0, at+".pair.burst", "must be a number of messages, or 0 for no limit")
	found.need(Duration(c.Pair.Burst)*c.Pair.Every <= maxPair, at+".pair", "saves up more than a day; lower burst or every")
	found.need(c.DailyRecipients >= 0, at+".daily_recipients", "must be a number of recipients, or 0 for no limit")
	found.need(c.Portfolio == "" || nameForm.MatchString(c.Portfolio), at+".portfolio",
		"a portfolio's name begins with a letter or a digit, and has letters, digits, - and _ alone, at most 64; rename it")
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
		found.need(c.DailyRecipients == channels[other].DailyRecipients, "channels."+name+".daily_recipients",
			"is another than that of channels.%s, whose portfolio it shares; a portfolio has one limit", other)
	}
}

func checkHolidays(files map[string]string, found *mistakes) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		at := "holidays." + name
		found.need(files[name] != "", at, "names no file; write its path, relative to this one, such as holidays/es.txt")
		found.need(nameForm.MatchString(name), at, "a calendar's name begins with a letter or a digit, and has letters, digits, - and _ alone, at most 64; rename it")
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

func checkNumber(name string, c Channel, numbers map[string]string, found *mistakes) {
	at := "channels." + name
	path := at + ".phone_number_id"
	found.need(c.PhoneNumberID != "", path, "is missing; it stands in the app's dashboard under WhatsApp, API setup")
	found.need(isDigits(c.PhoneNumberID), path, "must be digits alone; it is Meta's identifier of the number, not the number itself")
	found.need(isDigits(c.WABAID), at+".waba_id", "must be digits alone; it is Meta's identifier of the WhatsApp Business account")
	if c.PhoneNumberID == "" {
		return
	}
	other, taken := numbers[c.PhoneNumberID]
	found.need(!taken, path, "is that of channels.%s; a number's rate and receipts belong to one channel, remove the other", other)
	numbers[c.PhoneNumberID] = name
}

func checkSecrets(at string, c Channel, found *mistakes) {
	found.need(c.AccessToken != "", at+".access_token", "is missing; make one for a system user that may send messages")
	found.need(isWord(c.AccessToken), at+".access_token", "has a space, a line break or another character that no token has; copy it again")
	found.need(c.AppSecret != "", at+".app_secret",
		"is missing, and no receipt could be believed without it; it stands in the app's dashboard under App settings, Basic")
	found.need(strings.TrimSpace(c.AppSecret) == c.AppSecret, at+".app_secret", "begins or ends with a space or a line break; copy it again")
	found.need(c.VerifyToken == "" || strings.TrimSpace(c.VerifyToken) != "", at+".verify_token", "is blank; write a word of your own")
}

// isLoopback reports whether only this machine reaches a host. "localhost" is
// taken at its word.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// isBase reports whether an API's path can follow the address.
func isBase(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" &&
		u.User == nil && !strings.ContainsAny(address, "?#")
}

func isDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// isWord reports whether a text can be a bearer token.
func isWord(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
