package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	const stream = ": still there\n\nevent: progress\ndata: {\"a\":1}\n\nevent:end\ndata:x\r\n\r\nevent: cut off\ndata: y\n"
	var got []event
	for e, err := range events(strings.NewReader(stream)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	want := []event{{"progress", `{"a":1}`}, {"end", "x"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("event: progress\ndata: {}\n\n: x\n\nevent: end\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		for e, err := range events(bytes.NewReader(stream)) {
			if err == nil && e.data == "" {
				t.Error("an event without data")
			}
		}
	})
}

// progress writes an event.
func progress(w http.ResponseWriter, name, data string) {
	fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data)
	w.(http.Flusher).Flush()
}

func TestWatchOutlivesARestart(t *testing.T) {
	t.Parallel()
	var streams int
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/campaigns/abc" {
			fmt.Fprint(w, `{"id":"abc","state":"finished","counts":{"delivered":3}}`)
			return
		}
		streams++
		switch streams {
		case 1:
			progress(w, "progress", `{"id":"abc","counts":{"sent":1}}`)
			hangUp()
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			progress(w, "progress", `{"id":"abc","counts":{"sent":2}}`) // and a clean end: the server stops
		default:
			progress(w, "progress", `{"id":"abc","counts":{"sent":3}}`)
			progress(w, "end", `{"id":"abc"}`)
		}
	})
	var seen []int64
	ended, err := c.Watch(t.Context(), "abc", func(now Campaign) { seen = append(seen, now.Counts[campaign.Sent]) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, seen); diff != "" {
		t.Error(diff)
	}
	if ended.State != "finished" || ended.Counts[campaign.Delivered] != 3 {
		t.Errorf("it ended as %s", ended.Raw)
	}
}

func TestWatchGivesUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		tries   int64
		lost    bool
	}{
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 1, false},
		{"always gone", func(http.ResponseWriter, *http.Request) { hangUp() }, watchRetries + 1, true},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) { progress(w, "progress", "[") }, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tries atomic.Int64
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				tries.Add(1)
				test.handler(w, r)
			})
			_, err := c.Watch(t.Context(), "abc", func(Campaign) { t.Error("something was shown") })
			if err == nil || errors.Is(err, ErrLost) != test.lost {
				t.Errorf("it gave up with %v", err)
			}
			if got := tries.Load(); got != test.tries {
				t.Errorf("%d tries, want %d", got, test.tries)
			}
		})
	}
}

func TestLaunchGivesUpInTheEnd(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		tries.Add(1)
		hangUp()
	})
	_, err := c.Launch(t.Context(), Upload{Campaign: Text("c.yaml", nil), Contacts: Text("c.csv", nil)})
	if !errors.Is(err, ErrLost) {
		t.Errorf("it gave up with %v", err)
	}
	if got := tries.Load(); got != launchRetries+1 {
		t.Errorf("%d tries, want %d", got, launchRetries+1)
	}
}
