package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestBodiesThatCannotBeRead are explained to somebody who knows JSON and not Go.
func TestBodiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.finished()
	for _, test := range []struct{ path, body, want string }{
		{"/api/suppressions", `[]`, "it has the type array and must have the type object"},
		{"/api/suppressions", `"+4915112345601"`, "it has the type string and must have the type object"},
		{"/api/suppressions", `{"phone": 4915112345601}`, `"phone" has the type number and must have the type string`},
		{"/api/suppressions", `{"items": {}}`, `"items" has the type object and must have the type array`},
		{"/api/suppressions", `{"items": [{"phone": true}]}`, `"phone" has the type bool and must have the type string`},
		{"/api/suppressions", `{"items": ["+4915112345601"]}`, `"items" has the type string and must have the type object`},
		{"/api/suppressions", `{"phones": []}`, `unknown field "phones"`},
		{"/api/suppressions", `{"phone": +49}`, "it is not JSON: invalid character '+'"},
		{"/api/suppressions", `{"phone": "+49`, "it ends in the middle"},
		{"/api/suppressions", ``, "it is empty"},
		{"/api/forget", `{"phone": []}`, `"phone" has the type array and must have the type string`},
		{"/api/schedules", `[]`, "it has the type array and must have the type object"},
		{"/api/schedules", `{"contacts": "list.csv"}`, `"contacts" has the type string and must have the type object`},
		{"/api/schedules", `{"contacts": {"allow_private": 1}}`, `"allow_private" has the type number and must have the type bool`},
		{"/api/campaigns/" + id + "/retry", `["failed"]`, "it has the type array and must have the type object"},
		{"/api/campaigns/" + id + "/retry", `{"statuses": [7]}`, `"statuses" has the type number and must have the type string`},
		{"/api/campaigns/" + id + "/resolve", `{"decision": 1.5}`, `"decision" has the type number and must have the type string`},
	} {
		answer := f.do(call{
			method: http.MethodPost, path: test.path, header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(test.body),
		})
		if p := wantProblem(t, answer, badRequest); !strings.Contains(p.Detail, test.want) || strings.Contains(p.Detail, "Go ") || strings.Contains(p.Detail, "Request") {
			t.Errorf("%s to %s: %q, want %q", test.body, test.path, p.Detail, test.want)
		}
	}
}

func TestAScopeThatIsNoneNamesTheChoices(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	for _, answer := range []reply{
		f.suppress("", "application/json", `{"items": [{"phone": "+4915112345601", "scope": "nonsense"}]}`),
		f.suppress("?scope=nonsense", "text/csv", "Phone\n+4915112345601\n"),
	} {
		if p := wantProblem(t, answer, badSuppression); !strings.Contains(p.Detail, `the scope "nonsense" is not all, marketing or a campaign's id`) {
			t.Errorf("%s", p.Detail)
		}
	}
}
