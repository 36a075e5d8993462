package web

import (
	"net/http"
	"strings"
	"testing"

	"carillon/api"
)

func (f *fixture) forget(token, body string) reply {
	f.t.Helper()
	return f.do(call{method: "POST", path: "/api/forget", token: token, header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(body)})
}

func TestForget(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	const phone = "4915112345601"
	shows := func() bool {
		found := false
		for _, path := range []string{"/recipients", "/report.csv"} {
			found = found || strings.Contains(f.get("/api/campaigns/"+id+path).body, phone)
		}
		return found
	}
	if !shows() {
		t.Fatal("the list does not have the person")
	}
	answer := f.forget("", `{"phone": "+49 151 12345601"}`)
	wantStatus(t, answer, http.StatusOK)
	if done := decode[api.Forgotten](t, answer); done.Rows == 0 || done.Skipped == 0 {
		t.Errorf("%+v", done)
	}
	if shows() || strings.Contains(f.log.String(), phone) {
		t.Error("the person still stands somewhere")
	}
	if done := decode[api.Forgotten](t, f.forget("", `{"phone": "+49 151 12345601"}`)); done != (api.Forgotten{}) {
		t.Errorf("erased again: %+v", done)
	}
	wantProblem(t, f.forget("", `{"phone": "12"}`), badSuppression)
	wantProblem(t, f.forget("", `{"person": "+4915112345601"}`), badRequest)
}
