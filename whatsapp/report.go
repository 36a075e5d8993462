package whatsapp

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Report collects what is wrong with a channel's settings. No message repeats a
// value, which may be a secret.
type Report struct {
	// Fault puts a mistake of a key on record.
	Fault func(key, message string)
}

// Need reports a mistake unless ok.
func (r *Report) Need(ok bool, key, format string, args ...any) {
	if !ok {
		r.Fault(key, fmt.Sprintf(format, args...))
	}
}

// Address wants the address of an API, to which a path can be added.
func (r *Report) Address(key, value, example string) {
	u, err := url.Parse(value)
	ok := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" &&
		u.User == nil && !strings.ContainsAny(value, "?#")
	r.Need(ok, key, "must be an http or https address without user, ? and #; write it like %s", example)
}

// Token wants what can stand in a header. missing says where it is to be had.
func (r *Report) Token(key string, value Secret, missing string) {
	r.Need(value != "", key, "is missing; %s", missing)
	odd := strings.ContainsFunc(string(value), func(c rune) bool { return c <= ' ' || c > '~' })
	r.Need(!odd, key, "contains a space, a line break or another character that is not allowed in a token; copy it again")
}

// Key wants a secret that webhooks are proven with. missing says where it is to
// be had.
func (r *Report) Key(key string, value Secret, missing string) {
	r.Need(value != "", key, "is missing; without it no receipt can be verified; %s", missing)
	r.Need(strings.TrimSpace(string(value)) == string(value), key, "begins or ends with a space or a line break; copy it again")
}

// headerForm is a header's name (RFC 9110, 5.6.2).
var headerForm = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// Header wants the name of a header.
func (r *Report) Header(key, value, example string) {
	r.Need(headerForm.MatchString(value), key, "is not a header name; write one such as %s", example)
}

// Digits wants digits alone, or nothing. what says what they are.
func (r *Report) Digits(key, value, what string) {
	other := strings.ContainsFunc(value, func(c rune) bool { return c < '0' || c > '9' })
	r.Need(!other, key, "must contain only digits; it is %s", what)
}
