package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
)

// progress writes an event.
func progress(w http.ResponseWriter, name, data string) {
	fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data)
	w.(http.Flusher).Flush()
}

func TestFollow(t *testing.T) {
	t.Parallel()
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
			_, err := Follow(t.Context(), c, campaignOf(api.Campaign{ID: "abc"}), &out)
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
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: the campaign should be left alone", r.Method, r.URL)
		}
		progress(w, "progress", `{"id":"abc","state":"running"}`)
		cancel()
		<-r.Context().Done()
	})
	_, err := Follow(ctx, c, campaignOf(api.Campaign{ID: "abc"}), &strings.Builder{})
	exits(t, err, 1, "campaign abc goes on; `carillon status abc` shows it")
}

// TestFollowTellsOfTheQueue: what is wrong with it is said when it begins and when
// it is over, and not what was said at the launch.
func TestFollowTellsOfTheQueue(t *testing.T) {
	t.Parallel()
	view := func(trouble string) string {
		return `{"id":"abc","state":"running","channels":["main","south"],"counts":{"sent":1,"pending":1},"queue_trouble":{` + trouble + `}}`
	}
	const full, away = `"main":"Redis is full; give it more memory"`, `"south":"Redis does not answer; start it"`
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			fmt.Fprint(w, `{"id":"abc","state":"finished","counts":{"delivered":2}}`)
			return
		}
		for _, trouble := range []string{full, full + "," + away, full + "," + away, "", ""} {
			progress(w, "progress", view(trouble))
		}
		progress(w, "end", view(""))
	})
	var launch, out strings.Builder
	launched := read(t, view(full))
	WriteLaunched(&launch, launched)
	if want := "the queue accepts no tasks for main: Redis is full; give it more memory; sending resumes by itself once that is fixed\n"; !strings.HasSuffix(launch.String(), want) {
		t.Errorf("the launch says %q", launch.String())
	}
	if _, err := Follow(t.Context(), c, launched, &out); err != nil {
		t.Fatal(err)
	}
	var notes []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "queue") {
			notes = append(notes, line)
		}
	}
	want := []string{
		"the queue accepts no tasks for south: Redis does not answer; start it; sending resumes by itself once that is fixed\n",
		"the queue accepts tasks again\n",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
}
