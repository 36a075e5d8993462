package sources

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
)

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source campaign.Source
		want   []string // the beginnings of the mistakes
	}{
		"file":         {campaign.Source{File: "lists/%Y/%m-%d 100%%.csv"}, nil},
		"pattern":      {campaign.Source{File: "lists/[a-c]*.csv"}, nil},
		"url":          {campaign.Source{URL: "https://host/%Y%m%d.csv?a=%20%D0", Headers: map[string]string{"X-Key": "a b"}}, nil},
		"private url":  {campaign.Source{URL: "http://10.0.0.1:80/", AllowPrivate: true}, nil},
		"postgres":     {campaign.Source{DSN: "postgres:///shop?host=/run", Query: "SELECT 1; SELECT 2"}, nil},
		"sqlite":       {campaign.Source{DSN: "sqlite:a.db", Query: "SELECT ';' AS \"a;b\", [c;d] -- e;f\n/* g;h */ FROM t; \n"}, nil},
		"nothing":      {campaign.Source{}, []string{"does not name a list"}},
		"two":          {campaign.Source{File: "a", URL: "https://host/"}, []string{"names several lists: file and url"}},
		"percent":      {campaign.Source{File: "a%H"}, []string{"file: has a % with no meaning"}},
		"percent last": {campaign.Source{File: "a%"}, []string{"file: has a %"}},
		"bracket":      {campaign.Source{File: "a[b"}, []string{"file: is not a valid pattern"}},
		"file's extras": {campaign.Source{File: "a", Headers: map[string]string{"A": "b"}, AllowPrivate: true, Query: "SELECT 1"},
			[]string{"headers: needs url", "allow_private: needs url", "query: needs dsn"}},
		"scheme":         {campaign.Source{URL: "ftp://host/a"}, []string{"url: is not an http or https address"}},
		"no host":        {campaign.Source{URL: "https:///a"}, []string{"url: is not an http or https address"}},
		"private":        {campaign.Source{URL: "http://10.0.0.1:80/?key"}, []string{"url: its host is a private network; set allow_private"}},
		"this machine":   {campaign.Source{URL: "https://LocalHost/a"}, []string{"url: its host is this machine; set allow_private"}},
		"private IPv6":   {campaign.Source{URL: "http://[fd12::1]/"}, []string{"url: its host is a private network; set allow_private"}},
		"metadata":       {campaign.Source{URL: "http://169.254.169.254/", AllowPrivate: true}, []string{"url: its host is a local link"}},
		"public":         {campaign.Source{URL: "https://8.8.8.8/"}, nil},
		"half an escape": {campaign.Source{URL: "https://host/%d0%9f"}, []string{"url: has a %d that may be part"}},
		"two percents":   {campaign.Source{URL: "https://host/%%"}, []string{"url: has %%"}},
		"header's name":  {campaign.Source{URL: "https://host/", Headers: map[string]string{"a b": "c"}}, []string{"headers: has an invalid header name"}},
		"header's value": {campaign.Source{URL: "https://host/", Headers: map[string]string{"A": "c\r\nB: d"}},
			[]string{"headers.A: contains a line break"}},
		"header twice": {campaign.Source{URL: "https://host/", Headers: map[string]string{"x-key": "1", "X-Key": "2"}},
			[]string{"headers.x-key: is given twice"}},
		"host":             {campaign.Source{URL: "https://host/", Headers: map[string]string{"host": "a"}}, []string{"headers.host: is taken from url"}},
		"no query":         {campaign.Source{DSN: "postgres://host/shop", Query: " "}, []string{"query: is missing"}},
		"mysql":            {campaign.Source{DSN: "mysql://host/shop", Query: "SELECT 1"}, []string{"dsn: is not a database address"}},
		"no database":      {campaign.Source{DSN: "postgres://host", Query: "SELECT 1"}, []string{"dsn: is not a database address"}},
		"memory":           {campaign.Source{DSN: "sqlite::memory:", Query: "SELECT 1"}, []string{"dsn: does not name a file"}},
		"two statements":   {campaign.Source{DSN: "sqlite:a.db", Query: "SELECT 'a'; SELECT 'b'"}, []string{"query: has several statements"}},
		"within a comment": {campaign.Source{DSN: "sqlite:a.db", Query: "SELECT '--'; DELETE FROM a --'"}, []string{"query: has several statements"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Mistakes(test.source)
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %q", Validate(test.source), test.want)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i].Error(), want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"lists/today.csv":     "lists/today.csv",
		"a:b.csv":             "a:b.csv",
		"https://host/a.csv":  "https://host/a.csv",
		"postgres://host/db":  "postgres query",
		"sqlite:lists/a b.db": "sqlite query",
	} {
		if got := Parse(text).String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	if got, want := datedPath("%Y/%m/%d %%d%%.csv", at), "2026/03/01 %d%.csv"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := datedURL("https://host/%Y%m%d?a=%20%D0", at), "https://host/20260301?a=%20%D0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorsNameTheAddressOfTheDay(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	src := private(strings.Replace(address, "http://", "http://ann:hidden@", 1) + "/list-%Y%m%d.csv?key=hidden-%d")
	fails(t, src, Options{}, "contacts from "+address+"/list-20260301.csv: ", false)
}

func TestMistakenSourceIsRefused(t *testing.T) {
	t.Parallel()
	file, err := Fetch(t.Context(), campaign.Source{}, time.Now(), Options{})
	if !errors.Is(err, ErrRefused) || file != nil {
		t.Errorf("got %v", err)
	}
	var mistake *Mistake
	if !errors.As(err, &mistake) {
		t.Errorf("%v holds no *Mistake", err)
	}
}
