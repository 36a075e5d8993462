package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

func TestProblemOf(t *testing.T) {
	t.Parallel()
	_, badID := campaign.ParseID("nonsense")
	for _, c := range []struct {
		name   string
		err    error
		kind   api.Kind
		detail string
	}{
		{"a problem stays as it is", fmt.Errorf("deep: %w", refuse(wrongType, "h", "d")), wrongType, "d"},
		{"bad id", badID, notFound, `"nonsense"`},
		{"no campaign", fmt.Errorf("campaign x %w", ledger.ErrNotFound), notFound, "campaign x not found"},
		{"state", fmt.Errorf("pause campaign x: %w: it is draft", ledger.ErrState), wrongState, "it is draft"},
		{"other body", &ledger.ExistsError{ID: 1}, keyReused, "0000001"},
		{"other body, importing", &ledger.ExistsError{ID: 1, Importing: true}, keyReused, "0000001"},
		{"importing", &ledger.ExistsError{ID: 1, Same: true, Importing: true}, stillImporting, "0000001"},
		{"list", &contacts.Error{Line: 17, Column: "Phone", Problem: "odd", Hint: "even it"}, badContacts, `line 17: column "Phone": odd`},
		{"list beside another", errors.Join(&contacts.Error{Problem: "odd"}, errBroken), badContacts, "odd"},
		{"mistake", errors.Join(&campaign.Mistake{Line: 3, Path: "name", Message: "is missing"}), badCampaign, "line 3: name: is missing"},
		{"size", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 7}), tooLarge, "7 bytes"},
		{"gone", context.Canceled, unavailable, "given up"},
		{"disk", fmt.Errorf("keep: %w", &fs.PathError{Op: "write", Path: "/secret/place", Err: fs.ErrPermission}), internal, "a file of the server"},
		{"ledger", errBroken, unavailable, "ledger"},
	} {
		got := problemOf(c.err)
		status, title := about(c.kind)
		if got.Type != "urn:carillon:problem:"+string(c.kind) || got.Status != status || got.Title != title || got.Hint == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		if !strings.Contains(got.Detail, c.detail) || strings.Contains(got.Detail, "/secret/") || strings.Contains(got.Detail, "on fire") {
			t.Errorf("%s: detail %q, want %q in it", c.name, got.Detail, c.detail)
		}
	}
}

func TestMistakesAreListed(t *testing.T) {
	t.Parallel()
	first, second := &campaign.Mistake{Line: 3, Path: "name", Message: "is missing"}, &campaign.Mistake{Path: "steps[0].body[1]", Message: "is odd"}
	p := problemOf(fmt.Errorf("compile: %w", errors.Join(first, errors.Join(second))))
	want := []api.Fault{{Line: 3, Path: "name", Detail: "is missing"}, {Path: "steps[0].body[1]", Detail: "is odd"}}
	if diff := cmp.Diff(want, p.Errors); diff != "" || p.Line != 3 {
		t.Errorf("line %d, errors %s", p.Line, diff)
	}
}

// TestProblemsOfTheCommandLine asks what the command line asks. Its users see
// detail and hint and know no method, path or parameter.
func TestProblemsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	draft := f.upload()
	for name, test := range map[string]struct {
		answer reply
		want   api.Kind
	}{
		"resume of a draft":           {f.post("/api/campaigns/" + draft + "/resume"), wrongState},
		"status of what is no id":     {f.get("/api/campaigns/1234567890"), notFound},
		"status of what is not there": {f.get("/api/campaigns/1234567"), notFound},
		"launch in the past":          {f.do(uploadCall("/api/campaigns?at=2020-01-01T00:00:00Z", "")), badRequest},
		"retry of a draft":            {f.post("/api/campaigns/" + draft + "/retry"), wrongState},
		"no such opt-out":             {f.do(call{method: "DELETE", path: "/api/suppressions?phone=%2B4915112345601&scope=all"}), notFound},
		"no such schedule":            {f.get("/api/schedules/daily"), notFound},
	} {
		p := wantProblem(t, test.answer, test.want)
		for _, word := range []string{"GET", "POST", "DELETE", "/api/", "start=", "at="} {
			if strings.Contains(p.Detail+" "+p.Hint, word) {
				t.Errorf("%s: %q stands in %q (%s)", name, word, p.Detail, p.Hint)
			}
		}
	}
	if p := problemOf(errBroken); strings.Contains(p.Hint, "/") {
		t.Errorf("the hint %q names a path", p.Hint)
	}
}
