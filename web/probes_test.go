package web

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"carillon/ledger"
	"carillon/whatsapp"
)

// TestAProcessWithoutTheRoleShowsHowItDoes: health and metrics under the same rules
// as a server's, and neither the API nor webhooks nor their series.
func TestAProcessWithoutTheRoleShowsHowItDoes(t *testing.T) {
	t.Parallel()
	record, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := NewProbes(Options{
		Ledger: record, Tokens: threeTokens(), Channels: map[string]Channel{"main": {Hook: provider{}, Identity: whatsapp.Identity{Number: "1001"}}},
		Queue: func() map[string]string { return map[string]string{"main": "Redis is full"} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answers := func(method, path, token string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(method, path, nil)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, request)
		return answer
	}
	for _, test := range []struct {
		method, path, token string
		status              int
		body                string
	}{
		{"GET", "/healthz", "", http.StatusOK, `"ok"`},
		{"POST", "/healthz", "", http.StatusMethodNotAllowed, "use one of GET, HEAD"},
		{"GET", "/readyz", "", http.StatusServiceUnavailable, "Redis is full"},
		{"GET", "/metrics", "", http.StatusUnauthorized, "token"},
		{"GET", "/metrics", viewerToken, http.StatusOK, `carillon_http_requests_total{code="2xx",route="GET /healthz"} 1`},
		{"GET", "/metrics", viewerToken, http.StatusOK, `carillon_messages{status="pending"} 0`},
		{"GET", "/api/campaigns", viewerToken, http.StatusNotFound, ""},
		{"POST", "/webhooks/main", "", http.StatusNotFound, ""},
		{"GET", "/login", "", http.StatusNotFound, ""},
		{"GET", "/asynqmon/", viewerToken, http.StatusNotFound, ""},
	} {
		got := answers(test.method, test.path, test.token)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.body) {
			t.Errorf("%s %s: %d %s; want %d and %q", test.method, test.path, got.Code, got.Body, test.status, test.body)
		}
	}
	if shown := answers("GET", "/metrics", viewerToken).Body.String(); strings.Contains(shown, "carillon_webhook") || strings.Contains(shown, "/api/") {
		t.Errorf("it counts what never comes:\n%s", shown)
	}
}
