package campaign

import (
	"net/url"
	"strings"
)

// String is the source as a person may read it: a path, an address without
// user and query, or the kind of database. It shows no secret, so that a
// schedule can be printed.
func (s Source) String() string {
	switch {
	case s.DSN != "":
		kind, _, _ := strings.Cut(s.DSN, ":")
		if kind == "postgresql" {
			kind = "postgres"
		}
		if kind != "postgres" && kind != "sqlite" {
			kind = "unknown"
		}
		return kind + " query"
	case s.URL != "":
		return bareURL(s.URL)
	}
	return s.File
}

// Database is the DSN as a person may read it, without password and parameters;
// empty where there is none.
func (s Source) Database() string {
	if s.DSN == "" || strings.HasPrefix(s.DSN, "sqlite:") {
		return s.DSN
	}
	u, err := url.Parse(s.DSN)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Opaque != "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") { // there may be half a password in it
		return "an unreadable database address"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}

// bareURL is an address without user, query and fragment. Only its host is
// parsed, for placeholders of the date are no escapes.
func bareURL(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(rest, "/")
	u, err := url.Parse(scheme + "://" + host)
	if err != nil || u.Host == "" { // there may be half a password in it
		return "an unreadable address"
	}
	return u.Scheme + "://" + u.Host + "/" + path
}
