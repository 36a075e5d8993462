package campaign

import (
	"net/url"
	"slices"
	"strings"
)

// Secrets are the parts of a source that let whoever reads them in elsewhere.
type Secrets struct {
	// URL is a whole address that has a user, a password or a query.
	URL string `json:"url,omitempty"`
	// Headers are all there are.
	Headers map[string]string `json:"headers,omitempty"`
	// DSN is a whole address of a database that has a password, or settings of
	// which nobody can tell.
	DSN string `json:"dsn,omitempty"`
}

// Parts names what there is: url, headers, dsn.
func (s Secrets) Parts() []string {
	var parts []string
	if s.URL != "" {
		parts = append(parts, "url")
	}
	if len(s.Headers) > 0 {
		parts = append(parts, "headers")
	}
	if s.DSN != "" {
		parts = append(parts, "dsn")
	}
	return parts
}

// Part takes the secrets out of a source. What is left may be shown and stored:
// String and Database say of it what they say of the whole. The path of an
// address is no secret.
func (s Source) Part() (Source, Secrets) {
	secrets := Secrets{Headers: s.Headers}
	s.Headers = nil
	if strings.ContainsAny(s.URL, "?#@") {
		secrets.URL, s.URL = s.URL, bareURL(s.URL)
	}
	if secretDSN(s.DSN) {
		secrets.DSN, s.DSN = s.DSN, s.Database()
	}
	return s, secrets
}

// With puts back what Part has taken out.
func (s Source) With(secrets Secrets) Source {
	s.Headers = secrets.Headers
	if secrets.URL != "" {
		s.URL = secrets.URL
	}
	if secrets.DSN != "" {
		s.DSN = secrets.DSN
	}
	return s
}

// harmlessSettings are the parameters of a PostgreSQL address that are known to
// hold no secret (PostgreSQL manual, 32.1.2, and the settings of a session that
// people put there).
func harmlessSettings() []string {
	return []string{
		"host", "port", "user", "dbname", "database", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslsni", "sslnegotiation",
		"connect_timeout", "application_name", "target_session_attrs", "search_path", "timezone", "client_encoding", "channel_binding",
	}
}

// secretDSN reports whether an address of a database may hold a secret.
func secretDSN(dsn string) bool {
	if dsn == "" || strings.HasPrefix(dsn, "sqlite:") {
		return false
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.Contains(u.Path, "@") {
		return true
	}
	_, password := u.User.Password()
	settings, err := url.ParseQuery(u.RawQuery)
	for name := range settings {
		password = password || !slices.Contains(harmlessSettings(), strings.ToLower(name))
	}
	return password || err != nil
}
