package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/ledger"
)

func (f *fixture) suppress(query, kind, body string) reply {
	f.t.Helper()
	return f.do(call{method: "POST", path: "/api/suppressions" + query, header: map[string]string{"Content-Type": kind}, body: strings.NewReader(body)})
}

// suppressed lists the opt-outs, two at a time.
func (f *fixture) suppressed() []string {
	f.t.Helper()
	var found []string
	for query := "limit=2"; ; {
		p := decode[api.Page[api.Suppression]](f.t, f.get("/api/suppressions?"+query))
		for _, s := range p.Items {
			found = append(found, strings.TrimSpace(s.Phone+" "+s.Scope+" "+s.Reason))
		}
		if p.Next == nil {
			return found
		}
		query = "limit=2&cursor=" + *p.Next
	}
}

func TestSuppressJSON(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	done := decode[api.Suppressed](t, f.suppress("", "application/json; charset=utf-8", `{"phone": "+49 151 12345601", "reason": "asked"}`))
	if done.Suppressed != 1 || done.Rejected != 0 {
		t.Errorf("%+v", done)
	}
	items := `{"items": [{"phone": "+5511987654321", "scope": "marketing"}, {"phone": "+49 (0)151 12345601", "reason": "again"},
		{"phone": "+4915112345602", "scope": "` + strings.ToUpper(id) + `"}]}`
	wantStatus(t, f.suppress("", "application/json", items), http.StatusOK)
	want := []string{"+4915112345601 all asked", "+4915112345602 " + id, "+5511987654321 marketing"}
	if diff := cmp.Diff(want, f.suppressed()); diff != "" {
		t.Error(diff)
	}
}

func TestSuppressJSONIsAllOrNothing(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	p := wantProblem(t, f.suppress("", "application/json", `{"items": [{"phone": "+4915112345601"}, {"phone": "12"}, {"phone": "+4915112345602", "scope": "some"}]}`), badSuppression)
	var paths []string
	for _, e := range p.Errors {
		paths = append(paths, e.Path)
	}
	if diff := cmp.Diff([]string{"items[1]", "items[2]"}, paths); diff != "" {
		t.Error(diff)
	}
	for body, want := range map[string]api.Kind{
		`{}`:            badSuppression,
		`{"items": []}`: badSuppression,
		`{"phone": 7}`:  badRequest,
		`{"phones": 7}`: badRequest,
		``:              badRequest,
		`{"phone": "+4915112345601", "reason": "` + strings.Repeat("x", 501) + `"}`: badSuppression,
	} {
		wantProblem(t, f.suppress("", "application/json", body), want)
	}
	wantProblem(t, f.suppress("", "application/xml", "<phone/>"), wrongType)
	if list := f.suppressed(); list != nil {
		t.Errorf("%v", list)
	}
}

func TestSuppressFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct{ kind, body string }{
		"one number per line": {"text/plain", "+4915112345601\nnobody\n+4915112345602\n"},
		"a list":              {"text/csv", "Name;Phone\nAda;+4915112345601\nGrace;nobody\nEdsger;+4915112345602\n"},
	} {
		f := start(t, nil)
		answer := f.suppress("?scope=marketing&reason=asked", file.kind, file.body)
		wantStatus(t, answer, http.StatusOK)
		got := decode[api.Suppressed](t, answer)
		if got.Suppressed != 2 || got.Rejected != 1 || len(got.Problems) != 1 || got.Problems[0].Row != 2 || got.Problems[0].Detail == "" {
			t.Errorf("%s: %+v", name, got)
		}
		if diff := cmp.Diff([]string{"+4915112345601 marketing asked", "+4915112345602 marketing asked"}, f.suppressed()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		wantProblem(t, f.suppress("?scope=some", file.kind, file.body), badSuppression)
		wantProblem(t, f.suppress("", file.kind, ""), badContacts)
	}
}

func TestSuppressFileAsPeopleHaveIt(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	got := decode[api.Suppressed](t, f.suppress("?reason=usual&region=es", "text/csv",
		"Phone,Reason,SCOPE\n4915112345601,,\n+49 151 12345601,by letter,marketing\n600123456,,"+strings.ToUpper(id)+"\n+4915112345602,,sometimes\n"))
	if got.Suppressed != 2 || got.Rejected != 1 || len(got.Problems) != 1 || got.Problems[0].Row != 4 || !strings.Contains(got.Problems[0].Detail, "sometimes") {
		t.Errorf("%+v", got)
	}
	want := []string{"+34600123456 " + id + " usual", "+4915112345601 all usual", "+4915112345601 marketing by letter"}
	if diff := cmp.Diff(want, f.suppressed()); diff != "" {
		t.Error(diff)
	}
	one := decode[api.Suppressed](t, f.suppress("", "application/json", `{"items": [{"phone": "4915112345603"}, {"phone": "+4915112345603"}]}`))
	if one.Suppressed != 1 {
		t.Errorf("one person twice counts as %d", one.Suppressed)
	}
}

func TestUnsuppress(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.suppress("", "text/plain", "+4915112345601\n+4915112345602\n+4915112345603\n")
	remove := func(query string) reply {
		return f.do(call{method: "DELETE", path: "/api/suppressions?" + query})
	}
	wantStatus(t, remove("phone=%2B4915112345601"), http.StatusNoContent)
	wantStatus(t, remove("phone=+4915112345602&scope=all"), http.StatusNoContent) // the plus is a space here
	wantProblem(t, remove("phone=%2B4915112345602"), notFound)
	wantProblem(t, remove("phone=%2B4915112345603&scope=marketing"), notFound)
	wantProblem(t, remove("phone=12"), badSuppression)
	wantProblem(t, remove(""), badSuppression)
	if diff := cmp.Diff([]string{"+4915112345603 all"}, f.suppressed()); diff != "" {
		t.Error(diff)
	}
	wantProblem(t, f.get("/api/suppressions?cursor=x"), badRequest)
}

func FuzzCursor(f *testing.F) {
	f.Add("+4915112345601", "all")
	f.Add("+5511987654321", "campaign:7")
	f.Fuzz(func(t *testing.T, person, scope string) {
		if strings.Contains(person, " ") {
			t.Skip("no number in E.164 has a space")
		}
		want := ledger.Suppression{Person: person, Scope: ledger.CampaignScope(1)}
		got, err := readCursor(writeCursor(want))
		if err != nil || got != want {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
		_, _ = readCursor(scope) // anything may be sent as a cursor
	})
}
