package cli

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/client"
)

func TestSuppressFile(t *testing.T) {
	t.Parallel()
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
	exits(t, err, 2, "holds no usable number")
	_, err = SuppressFile(t.Context(), c, "no/such/file", client.SuppressOptions{Scope: "all", Reason: "", Region: ""})
	exits(t, err, 2, "no such file or directory")
}
