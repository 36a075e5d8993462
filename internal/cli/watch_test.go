package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEvents(t *testing.T) {
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
	ended, err := c.Watch(t.Context(), "abc", func(now Campaign) { seen = append(seen, now.Counts["sent"]) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, seen); diff != "" {
		t.Error(diff)
	}
	if ended.State != "finished" || ended.Counts["delivered"] != 3 {
		t.Errorf("it ended as %s", ended.Raw)
	}
}

func TestWatchGivesUp(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		tries   int64
		exit    int
	}{
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 1, 2},
		{"always gone", func(http.ResponseWriter, *http.Request) { hangUp() }, watchRetries + 1, 1},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) { progress(w, "progress", "[") }, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tries atomic.Int64
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				tries.Add(1)
				test.handler(w, r)
			})
			_, err := c.Watch(t.Context(), "abc", func(Campaign) { t.Error("something was shown") })
			exits(t, err, test.exit, "")
			if got := tries.Load(); got != test.tries {
				t.Errorf("%d tries, want %d", got, test.tries)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	const paused = `{"id":"abc","state":"paused","reason":"account locked (131031)","counts":{"sent":1,"pending":1}}`
	for _, test := range []struct {
		name, state, err string
	}{
		{"to the end", "finished", ""},
		{"until it is cancelled", "cancelled", "campaign abc was cancelled by ops"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/events") {
					progress(w, "progress", paused)
					progress(w, "end", paused)
					return
				}
				fmt.Fprintf(w, `{"id":"abc","state":%q,"reason":"%[1]s by ops","counts":{"delivered":2}}`, test.state)
			})
			var out strings.Builder
			_, err := Follow(t.Context(), c, Campaign{ID: "abc"}, &out)
			if got := fmt.Sprint(err); test.err == "" && err != nil || !strings.Contains(got, test.err) {
				t.Errorf("the error is %v", err)
			}
			want := "paused: account locked (131031); `carillon resume abc` goes on\n" +
				"sent 1/2  delivered 0  failed 0\n" +
				"sent 2/2  delivered 2  failed 0\n"
			if diff := cmp.Diff(want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFollowInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: the campaign should be left alone", r.Method, r.URL)
		}
		progress(w, "progress", `{"id":"abc","state":"running"}`)
		cancel()
		<-r.Context().Done()
	})
	_, err := Follow(ctx, c, Campaign{ID: "abc"}, &strings.Builder{})
	exits(t, err, 1, "campaign abc goes on; `carillon status abc` shows it")
}
