package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/client"
)

func TestSuppress(t *testing.T) {
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

func TestSuppressFile(t *testing.T) {
	const list = "+4915123018622\nnobody\n"
	answer := `{"suppressed":1,"rejected":1,"problems":[{"row":2,"verdict":"invalid","phone":"nobody","detail":"letters"}]}`
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != list {
			t.Errorf("got %q, %v", got, err)
		}
		if q := r.URL.Query(); q.Get("scope") != "all" || q.Get("reason") != "old list" {
			t.Errorf("got %s", r.URL)
		}
		fmt.Fprint(w, answer)
	})
	done, err := SuppressFile(t.Context(), c, file(t, "stop.txt", list), client.SuppressOptions{Scope: "all", Reason: "old list", Region: ""})
	if err != nil {
		t.Fatal(err)
	}
	want := api.Suppressed{Suppressed: 1, Rejected: 1, Problems: []api.RowProblem{{Row: 2, Verdict: "invalid", Phone: "nobody", Detail: "letters"}}}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Error(diff)
	}

	answer = `{"suppressed":0,"rejected":2,"problems":[]}`
	_, err = SuppressFile(t.Context(), c, file(t, "stop.txt", list), client.SuppressOptions{Scope: "all", Reason: "old list", Region: ""})
	exits(t, err, 2, "holds no number that could be used")
	_, err = SuppressFile(t.Context(), c, "no/such/file", client.SuppressOptions{Scope: "all", Reason: "", Region: ""})
	exits(t, err, 2, "no such file or directory")
}
