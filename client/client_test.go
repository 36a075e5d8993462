package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
)

// clientOf is a client for a server with this handler. It waits for nothing
// long.
func clientOf(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(server.URL, "a-token-of-enough-length")
	if err != nil {
		t.Fatal(err)
	}
	c.Pause = time.Millisecond
	t.Cleanup(c.Close)
	return c
}

// hangUp closes the connection instead of answering.
func hangUp() { panic(http.ErrAbortHandler) }

func TestCallsCarryTheToken(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/campaigns/a%2Fb/pause" && r.URL.EscapedPath() != "/api/campaigns/a%2Fb/pause" {
			t.Errorf("got %s %s", r.Method, r.URL.EscapedPath())
		}
		if got := r.Header.Get("Authorization"); got != "Bearer a-token-of-enough-length" {
			t.Errorf("Authorization is %q", got)
		}
		fmt.Fprint(w, `{"id":"a","state":"paused"}`)
	})
	changed, err := c.Act(t.Context(), "a/b", "pause")
	if err != nil {
		t.Fatal(err)
	}
	if changed.State != "paused" {
		t.Errorf("state is %q", changed.State)
	}
}

func TestCampaignsReadsEveryPage(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			fmt.Fprint(w, `{"items":[{"id":"c"},{"id":"b"}],"next":"b"}`)
		case "b":
			fmt.Fprint(w, `{"items":[{"id":"a"}],"next":null}`)
		default:
			t.Errorf("asked for %s", r.URL)
		}
	})
	list, err := c.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	if diff := cmp.Diff([]string{"c", "b", "a"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestCampaignKeepsKeysItDoesNotKnow(t *testing.T) {
	t.Parallel()
	const text = `{"id":"a","counts":{"sent":3},"of_a_later_version":[1]}`
	var c Campaign
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal([]Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != "["+text+"]" {
		t.Errorf("got %s", again)
	}
}

func TestResolveSendsTheDecision(t *testing.T) {
	t.Parallel()
	const answer = `{"resolved":2,"campaign":{"id":"abc","of_a_later_version":1}}`
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/api/campaigns/abc/resolve" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %s %s, %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		if diff := cmp.Diff(map[string]string{"decision": "resend"}, body); diff != "" {
			t.Error(diff)
		}
		fmt.Fprint(w, answer)
	})
	done, err := c.Resolve(t.Context(), "abc", api.Resend)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(done); err != nil || string(text) != answer {
		t.Errorf("printed as %s, %v; want %s", text, err, answer)
	}
}

func TestSuppress(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		var got map[string][]map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		want := map[string][]map[string]string{"items": {{"phone": "+4915123018622", "scope": "marketing", "reason": "asked"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		fmt.Fprint(w, `{"suppressed":1,"rejected":0,"problems":[]}`)
	})
	done, err := c.Suppress(t.Context(), []api.NewSuppression{{Phone: "+4915123018622", Scope: "marketing", Reason: "asked"}})
	if err != nil || done.Suppressed != 1 {
		t.Errorf("got %+v, %v", done, err)
	}
}

func TestUnsuppress(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Method + " " + r.URL.String(); got != "DELETE /api/suppressions?phone=%2B4915123018622&scope=all" {
			t.Errorf("got %s", got)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if err := c.Unsuppress(t.Context(), "+4915123018622", "all"); err != nil {
		t.Error(err)
	}
}

// A name is a part of a path, whatever is in it.
func TestScheduleCalls(t *testing.T) {
	t.Parallel()
	var calls []string
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.RequestURI)
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	_, show := c.Schedule(t.Context(), "a/b")
	_, pause := c.ActSchedule(t.Context(), "a/b", "pause")
	_, run := c.RunSchedule(t.Context(), "a/b")
	list, all := c.Schedules(t.Context())
	for _, err := range []error{show, pause, run, all, c.RemoveSchedule(t.Context(), "a/b")} {
		if err != nil {
			t.Error(err)
		}
	}
	if list == nil {
		t.Error("a list of none is printed as null")
	}
	want := []string{"GET /api/schedules/a%2Fb", "POST /api/schedules/a%2Fb/pause", "POST /api/schedules/a%2Fb/run",
		"GET /api/schedules", "DELETE /api/schedules/a%2Fb"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Error(diff)
	}
}

func TestSlotsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	const there = 230
	for limit, want := range map[int]int{1: 1, 100: 100, 150: 150, 1000: there} {
		sent := 0
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			var size int
			if _, err := fmt.Sscan(q.Get("limit"), &size); err != nil || size < 1 || size > 100 {
				t.Errorf("got %s", r.URL)
			}
			if sent > 0 && q.Get("cursor") != fmt.Sprint(sent) {
				t.Errorf("behind %d slots: got %s", sent, r.URL)
			}
			size = min(size, there-sent)
			items := strings.TrimSuffix(strings.Repeat(`{"state":"done"},`, size), ",")
			next := "null"
			if sent += size; sent < there {
				next = fmt.Sprintf("%q", fmt.Sprint(sent))
			}
			fmt.Fprintf(w, `{"items":[%s],"next":%s}`, items, next)
		})
		slots, err := c.Slots(t.Context(), "daily", limit)
		if err != nil || len(slots) != want || sent != want {
			t.Errorf("limit %d: got %d of %d that were sent, %v", limit, len(slots), sent, err)
		}
	}
}

// TestRefusalsAreProblems: a program learns the kind of a refusal, and of an answer
// in between the status at least. The hint on the token is the caller's, where there
// is one.
func TestRefusalsAreProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		kind   api.Kind
		text   string
	}{
		{409, `{"type":"urn:carillon:problem:wrong-state","title":"Not possible","detail":"it has ended","hint":"launch another"}`, api.WrongState, "it has ended (launch another)"},
		{401, `{"type":"urn:carillon:problem:unauthorized","title":"Not logged in","detail":"the token is unknown","hint":"send one"}`, api.Unauthorized, "the token is unknown (look under the mat)"},
		{502, `<html>bad gateway</html>`, "", "the server answered 502 Bad Gateway"},
	} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		})
		c.Hints.Token = "look under the mat"
		_, err := c.Campaign(t.Context(), "abc")
		var refused *api.Problem
		if !errors.As(err, &refused) || refused.Status != test.status || refused.Kind() != test.kind || err.Error() != test.text {
			t.Errorf("%d: %v", test.status, err)
		}
		if Passing(err) != (test.status == 502) {
			t.Errorf("%d may be over after a restart: %t", test.status, Passing(err))
		}
	}
}

// TestRecipientsAreReadByPages: the cursor of a page leads to the next.
func TestRecipientsAreReadByPages(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch got := r.URL.RequestURI(); got {
		case "/api/campaigns/abc/recipients":
			fmt.Fprint(w, `{"items":[{"row":1,"status":"read"}],"next":"1"}`)
		case "/api/campaigns/abc/recipients?cursor=1":
			fmt.Fprint(w, `{"items":[{"row":2,"status":"pondered"}],"next":null}`)
		default:
			t.Errorf("asked for %s", got)
		}
	})
	first, err := c.Recipients(t.Context(), "abc", "")
	if err != nil || len(first.Items) != 1 || first.Next == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := c.Recipients(t.Context(), "abc", *first.Next)
	if err != nil || len(second.Items) != 1 || second.Items[0].Status != "pondered" || second.Next != nil {
		t.Errorf("%+v, %v", second, err)
	}
}
