package campaign

import (
	"regexp"
	"strings"
)

// longestUserID bounds an identifier that a provider gives a person, in bytes.
// WhatsApp's have two letters, a dot, perhaps "ENT.", and at most 128 letters and
// digits (Meta, business-scoped user IDs).
const longestUserID = 200

// UserID is the key of a person whom a provider names by an identifier of its
// own, as WhatsApp does where it hides the number. It is empty for what can be no
// identifier. Numbers begin with a plus and identifiers do not, so no key is both.
func UserID(id string) string {
	for _, r := range id {
		if r <= ' ' || r > '~' {
			return ""
		}
	}
	if len(id) > longestUserID || strings.HasPrefix(id, "+") || strings.Contains(id, ":") {
		return ""
	}
	return id
}

// IsNumber reports whether a person's key is a number. The others are user IDs, and
// the hashes of people who were erased, to whom nothing goes.
func IsNumber(key string) bool { return strings.HasPrefix(key, "+") }

var userIDForm = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// LooksLikeUserID reports whether a text that stands where a number may stand is
// a user ID as WhatsApp writes them: US.13491208655302741918.
func LooksLikeUserID(text string) bool {
	return len(text) > 3 && text[2] == '.' && userIDForm.MatchString(text)
}
