package sources

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

const sqliteScheme = "sqlite:"

// Mistake is one thing wrong with a source.
type Mistake struct {
	// Key is that of the source, such as url or headers.Accept; empty for the
	// source as a whole.
	Key string
	// Message says what is wrong and what to write instead. It repeats no value,
	// which may be a secret.
	Message string
}

var _ error = (*Mistake)(nil)

func (m *Mistake) Error() string {
	if m.Key == "" {
		return m.Message
	}
	return m.Key + ": " + m.Message
}

// Parse reads a source that is written as a text: an http or https address, a
// database, or else a file. A database wants its Query added.
func Parse(text string) campaign.Source {
	scheme, _, _ := strings.Cut(text, ":")
	switch scheme {
	case "http", "https":
		return campaign.Source{URL: text}
	case "postgres", "postgresql", "sqlite":
		return campaign.Source{DSN: text}
	}
	return campaign.Source{File: text}
}

// Mistakes returns everything that keeps a source from working.
func Mistakes(src campaign.Source) []*Mistake {
	var found []*Mistake
	wrong := func(key, message string) { found = append(found, &Mistake{key, message}) }
	var kinds []string
	for _, kind := range []struct{ key, value string }{{"file", src.File}, {"url", src.URL}, {"dsn", src.DSN}} {
		if kind.value != "" {
			kinds = append(kinds, kind.key)
		}
	}
	switch len(kinds) {
	case 0:
		wrong("", "does not name a list; write file, url, or dsn with query")
	case 1:
	default:
		wrong("", "names several lists: "+strings.Join(kinds, " and ")+"; keep one")
	}
	checkFile(src, wrong)
	checkURL(src, wrong)
	checkDatabase(src, wrong)
	return found
}

// Validate joins the Mistakes; nil of none.
func Validate(src campaign.Source) error {
	var all []error
	for _, mistake := range Mistakes(src) {
		all = append(all, mistake)
	}
	return errors.Join(all...)
}

func checkFile(src campaign.Source, wrong func(key, message string)) {
	name := src.File
	if strings.ContainsRune(name, 0) {
		wrong("file", "contains a zero byte, which no file name can contain")
	}
	for rest := name; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			break
		}
		if after == "" || !strings.ContainsAny(after[:1], "Ymd%") {
			wrong("file", "has a % with no meaning; write %Y, %m or %d for the date, and %% for the character %")
			break
		}
		rest = after[1:]
	}
	if _, err := path.Match(name, ""); err != nil {
		wrong("file", `is not a valid pattern; close the bracket, or write \[ for the character`)
	}
}

// The forms of a header, which are those of RFC 9110, 5.1 and 5.5, in ASCII.
var (
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	headerValue = regexp.MustCompile(`^[\t -~]*$`)
)

// uncertain is a %d that may be half of an escape as well.
var uncertain = regexp.MustCompile(`%d[0-9A-Fa-f]`)

func checkURL(src campaign.Source, wrong func(key, message string)) {
	if src.URL == "" {
		if len(src.Headers) > 0 {
			wrong("headers", "needs url; add it, or remove this")
		}
		if src.AllowPrivate {
			wrong("allow_private", "needs url; add it, or remove this")
		}
		return
	}
	u, err := url.Parse(datedURL(src.URL, time.Unix(0, 0)))
	switch {
	case uncertain.MatchString(src.URL):
		wrong("url", "has a %d that may be part of an escape; write the escape in capitals, or put another character after the day")
	case strings.Contains(src.URL, "%%"):
		wrong("url", "has %%; write %25 for the character %")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		wrong("url", "is not an http or https address; write it like https://host/list.csv")
	default:
		if why := objectionToHost(u.Hostname(), src.AllowPrivate); why != "" {
			wrong("url", "its host is "+why)
		}
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(src.Headers)) {
		key, canonical := "headers."+name, http.CanonicalHeaderKey(name)
		switch {
		case !headerName.MatchString(name):
			wrong("headers", "has an invalid header name; use letters, digits and -")
		case canonical == "Host":
			wrong(key, "is taken from url; remove it")
		case !headerValue.MatchString(src.Headers[name]):
			wrong(key, "contains a line break or another character that is not allowed in a header; copy it again")
		case seen[canonical]:
			wrong(key, "is given twice, because case does not matter; remove one")
		}
		seen[canonical] = true
	}
}

func checkDatabase(src campaign.Source, wrong func(key, message string)) {
	if src.DSN == "" {
		if src.Query != "" {
			wrong("query", "needs dsn; add the database, or remove query")
		}
		return
	}
	file, isSQLite := strings.CutPrefix(src.DSN, sqliteScheme)
	switch {
	case isSQLite && (file == "" || strings.HasPrefix(file, ":memory:") || strings.ContainsRune(file, 0)):
		wrong("dsn", "does not name a file; write sqlite: and a file, such as sqlite:shop.db")
	case !isSQLite && !isPostgres(src.DSN):
		wrong("dsn", "is not a database address; write postgres://user@host/database, or sqlite: and a file")
	}
	switch {
	case strings.TrimSpace(src.Query) == "":
		wrong("query", "is missing; write a SELECT that returns the columns of the list")
	case isSQLite && !isOneStatement(src.Query):
		wrong("query", "has several statements; write one")
	}
}

// isPostgres reports whether an address names a host and a database.
func isPostgres(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") &&
		(u.Host != "" || u.Query().Get("host") != "") && strings.Trim(u.Path, "/") != ""
}

// quotedSQL is what SQLite reads no statement's end in: texts, names in quotes,
// and comments.
var quotedSQL = regexp.MustCompile("(?s)'[^']*'|\"[^\"]*\"|`[^`]*`|\\[[^\\]]*\\]|--[^\n]*|/\\*.*?\\*/")

// isOneStatement looks for a semicolon before the end. SQLite's driver would
// run what follows it; PostgreSQL refuses that itself.
func isOneStatement(query string) bool {
	bare := strings.TrimRight(quotedSQL.ReplaceAllString(query, ""), "; \t\r\n")
	return !strings.Contains(bare, ";")
}

// datedPath puts a date into a file's name.
func datedPath(name string, at time.Time) string {
	return strings.NewReplacer("%%", "%", "%Y", at.Format("2006"), "%m", at.Format("01"), "%d", at.Format("02")).Replace(name)
}

// datedURL puts a date into an address, in which every other % is an escape's.
func datedURL(address string, at time.Time) string {
	return strings.NewReplacer("%Y", at.Format("2006"), "%m", at.Format("01"), "%d", at.Format("02")).Replace(address)
}
