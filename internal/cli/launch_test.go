package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// received is what a server got of a launch.
type received struct{ query, key, campaign, contacts string }

func receive(t *testing.T, r *http.Request) received {
	t.Helper()
	got := received{query: r.URL.RawQuery, key: r.Header.Get("Idempotency-Key")}
	for name, into := range map[string]*string{"campaign": &got.campaign, "contacts": &got.contacts} {
		part, _, err := r.FormFile(name)
		if err != nil {
			t.Errorf("part %s: %v", name, err)
			return got
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Error(err)
		}
		*into = string(text)
	}
	return got
}

// hangUp closes the connection instead of answering.
func hangUp() { panic(http.ErrAbortHandler) }

func TestLaunchSendsBothFiles(t *testing.T) {
	t.Parallel()
	list := strings.Repeat("phone\n+4915123018622\n", 10_000)
	at := time.Date(2030, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600))
	for _, test := range []struct {
		at    time.Time
		late  time.Duration
		query string
	}{
		{time.Time{}, 0, "start=true"},
		{at, 0, "at=2030-03-01T09%3A00%3A00%2B01%3A00"},
		{at, 15 * time.Minute, "at=2030-03-01T09%3A00%3A00%2B01%3A00&late=15m0s"},
	} {
		c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
			got := receive(t, r)
			if got.key == "" {
				t.Error("there is no Idempotency-Key")
			}
			got.key = ""
			want := received{query: test.query, campaign: "name: x\n", contacts: list}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(received{})); diff != "" {
				t.Error(diff)
			}
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":"abc","state":"running"}`)
		})
		launched, err := Launch(t.Context(), c, LaunchRequest{
			Campaign: file(t, "c.yaml", "name: x\n"), Contacts: file(t, "c.csv", list), At: test.at, Late: test.late,
		})
		if err != nil {
			t.Fatal(err)
		}
		if launched.ID != "abc" {
			t.Errorf("id is %q", launched.ID)
		}
	}
}

// What the server made of the list is shown, and stays in the JSON when the campaign
// has gone on.
func TestLaunchShowsWhatWasTaken(t *testing.T) {
	t.Parallel()
	const layout = `{"format":"csv","encoding":"windows-1252","delimiter":";","columns":["Phone","Name"],"phone":0,"full_name":1,"language":-1,"header":true,` +
		`"guessed":["delimiter semicolon, by how the rows divide"],"taken":[{"column":"Phone","as":["phone"],"cells":["+34612345678"]},` +
		`{"column":"Name","as":["name","placeholder"],"cells":["José","Ana"]}],"encoding_cells":["José"],"hidden_rows":2}`
	var launched, ended client.Campaign
	for text, into := range map[string]*client.Campaign{
		`{"id":"abc","name":"x","state":"running","verdicts":{"ok":2},"layout":` + layout + `}`: &launched,
		`{"id":"abc","name":"x","state":"finished","verdicts":{"ok":2},"new":[1]}`:              &ended,
	} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	WriteLaunched(&out, launched)
	const want = `The list is read as csv, encoding "windows-1252", delimiter ";", phone numbers in column "Phone".
  guessed: delimiter semicolon, by how the rows divide
  letters in this encoding, for example "José"
  column "Phone" is used for phone: "+34612345678"
  column "Name" is used for name, placeholder: "José", "Ana"
2 hidden rows are left out; include_hidden: true under contacts includes them.
campaign "x" is running: messages go to 2 of 2 rows, steps: 0
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	raw, err := json.Marshal(ended.WithLaunch(launched))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if string(got["state"]) != `"finished"` || string(got["new"]) != "[1]" || string(got["layout"]) != layout {
		t.Errorf("got %s", raw)
	}
	if again, err := json.Marshal(ended.WithLaunch(ended)); err != nil || string(again) != string(ended.Raw) {
		t.Errorf("without a layout: %s, %v", again, err)
	}
	out.Reset()
	WriteLaunched(&out, client.Campaign{Created: api.Created{Layout: &campaign.Layout{Format: "csv", Phone: 3}}})
	if !strings.HasPrefix(out.String(), "The list is read as csv.\n") {
		t.Errorf("a layout without columns: %s", out.String())
	}
}

func TestLaunchRepeatsALostRequestWithItsKey(t *testing.T) {
	t.Parallel()
	var got []received
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, receive(t, r))
		switch len(got) {
		case 1:
			hangUp()
		case 2: // the first one is still being worked on
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"detail":"the list is not in yet"}`)
		default:
			fmt.Fprint(w, `{"id":"abc"}`)
		}
	})
	launched, err := Launch(t.Context(), c, LaunchRequest{Campaign: file(t, "c.yaml", "name: x"), Contacts: file(t, "c.csv", "phone")})
	if err != nil {
		t.Fatal(err)
	}
	if launched.ID != "abc" {
		t.Errorf("id is %q", launched.ID)
	}
	if diff := cmp.Diff([]received{got[0], got[0], got[0]}, got, cmp.AllowUnexported(received{})); diff != "" {
		t.Error(diff)
	}
}

func TestLaunchDoesNotRepeatARefusal(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 409, 422, 503} {
		var tries atomic.Int64
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.WriteHeader(status) // without a look at the body
			fmt.Fprint(w, `{"detail":"not so"}`)
		})
		long := strings.Repeat("+4915123018622\n", 1_000_000) // more than fits into the sockets' buffers
		_, err := Launch(t.Context(), c, LaunchRequest{Campaign: file(t, "c.yaml", "name: x"), Contacts: file(t, "c.csv", long)})
		if err == nil || !strings.Contains(err.Error(), "not so") {
			t.Errorf("%d: the error is %v", status, err)
		}
		if got := tries.Load(); got != 1 {
			t.Errorf("%d: %d tries", status, got)
		}
	}
}

func TestLaunchWantsItsFiles(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was called") })
	there := file(t, "c.yaml", "name: x")
	_, err := Launch(t.Context(), c, LaunchRequest{Campaign: there, Contacts: there + ".csv"})
	exits(t, err, 2, "no such file or directory")
	_, err = Launch(t.Context(), c, LaunchRequest{Campaign: t.TempDir(), Contacts: there})
	exits(t, err, 2, "is a folder; name a file")
}

func TestLaunchInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) {
		receive(t, r)
		// Only behind the end of the body does a server look for who has gone.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		cancel()
		<-r.Context().Done()
	})
	_, err := Launch(ctx, c, LaunchRequest{Campaign: file(t, "c.yaml", "name: x"), Contacts: file(t, "c.csv", "phone")})
	exits(t, err, 1, "`carillon list` shows whether it was made")
}
