package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// clientOf is a client for a server with this handler. It waits for nothing
// long.
func clientOf(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return clientAt(t, server.URL)
}

func clientAt(t *testing.T, url string) *client.Client {
	t.Helper()
	return clientWith(t, url, "a-token-of-enough-length")
}

func clientWith(t *testing.T, url, token string) *client.Client {
	t.Helper()
	c, err := NewClient(url, token)
	if err != nil {
		t.Fatal(err)
	}
	c.Pause = time.Millisecond
	t.Cleanup(c.Close)
	return c
}

// file writes a file into a folder of the test and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// exits fails the test unless err has this text in it and this exit code.
func exits(t *testing.T, err error, code int, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %q", text)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %q; it should say %q", err, text)
	}
	if got := ExitCode(err); got != code {
		t.Errorf("%q exits with %d, want %d", err, got, code)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		text   string
		exit   int
	}{
		{400, `{"title":"Bad","detail":"limit is 0","hint":"write 1 or more"}`, "limit is 0 (write 1 or more)", 2},
		{401, `{"title":"Not logged in","detail":"the token is unknown","hint":"send one"}`, "the token is unknown (set CARILLON_TOKEN to one of", 1},
		{401, `Unauthorized`, "answered 401 Unauthorized (set CARILLON_TOKEN", 1},
		{403, `{"title":"Not allowed","detail":"a viewer may not","hint":"use another token"}`, "a viewer may not (use another token)", 1},
		{404, `{"title":"Not found","detail":"campaign abc not found"}`, "campaign abc not found", 2},
		{409, `{"title":"Wrong state","detail":"it is finished"}`, "it is finished", 2},
		{413, `{"title":"Too large"}`, "Too large", 2},
		{415, `{"title":"Wrong type"}`, "Wrong type", 2},
		{422, `{"title":"Mistakes","detail":"line 1: a\nline 2: b","hint":"mend it"}`, "line 1: a\nline 2: b (mend it)", 2},
		{500, `{"title":"Inside","detail":"broke","hint":"look at the log"}`, "broke (look at the log)", 1},
		{502, `<html>bad gateway</html>`, "the server answered 502 Bad Gateway", 1},
		{503, `{}`, "the server answered 503 Service Unavailable", 1},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.body), func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := c.Campaign(t.Context(), "abc")
			exits(t, err, test.exit, test.text)
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close() // its port is free again
	_, err := clientAt(t, server.URL).Campaigns(t.Context())
	exits(t, err, 1, "no server answers at "+server.URL+"; start one with `carillon serve`, or name another one with --server")
}

func TestSomebodyElseAnswers(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") })
	_, err := c.Campaign(t.Context(), "abc")
	exits(t, err, 1, "is --server right?")
}

func TestServerAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost:8080", "ftp://host", "http://", "http://%zz"} {
		_, err := NewClient(address, "")
		exits(t, err, 2, "is not a server's address")
	}
	if _, err := NewClient("https://carillon.example/behind/a/proxy/", ""); err != nil {
		t.Error(err)
	}
}

func TestSnapshotOfACampaign(t *testing.T) {
	t.Parallel()
	c := api.Campaign{Rate: 7, Counts: campaign.Counts{
		campaign.Waiting: 1, campaign.Pending: 2, campaign.Posting: 4, campaign.Unknown: 8, campaign.Accepted: 16, campaign.Held: 32, campaign.Sent: 64, campaign.Delivered: 128,
		campaign.Read: 256, campaign.Failed: 512, campaign.Undelivered: 1024, campaign.Skipped: 2048, campaign.Expired: 4096, campaign.Rejected: 8192,
	}}
	const went, arrived, lost = 16 + 32 + 64 + 128 + 256 + 512 + 1024, 128 + 256, 512 + 1024
	want := Snapshot{Sent: went, Delivered: arrived, Failed: lost, Total: went + 1 + 2 + 4 + 8, Rate: 7}
	if diff := cmp.Diff(want, SnapshotOf(c)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteErrorPrefixesEveryLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	WriteError(&out, errors.Join(errors.New("one"), errors.New("two")))
	if got, want := out.String(), "carillon: one\ncarillon: two\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("broke"), 1},
		{fmt.Errorf("more: %w", Usagef("wrong flag")), 2},
		{fmt.Errorf("more: %w", &api.Problem{Status: 404}), 2},
		{&api.Problem{Status: 401}, 1},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("%v exits with %d, want %d", test.err, got, test.want)
		}
	}
}
