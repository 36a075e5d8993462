package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRoles asks every route with every kind of caller.
func TestRoles(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Asynqmon = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})
	routes := append(f.server.routes(),
		route{method: "GET", path: "/asynqmon/api/queues", role: Viewer},
		route{method: "POST", path: "/asynqmon/api/queues/q:pause", role: Operator},
		route{method: "DELETE", path: "/asynqmon/api/queues/q", role: Operator})
	callers := []struct {
		token string
		role  Role
	}{{"", ""}, {"not-a-token", ""}, {viewerToken, Viewer}, {operatorToken, Operator}, {adminToken, Admin}}
	for _, r := range routes {
		f.server.tries = newThrottle()
		path := strings.NewReplacer("{id}", "zzzzzzz", "{channel}", "none").Replace(r.path)
		for _, who := range callers {
			answer := f.do(call{method: r.method, path: path, token: who.token})
			refusedHere := answer.status == http.StatusForbidden ||
				answer.status == http.StatusUnauthorized && strings.Contains(answer.header.Get("Content-Type"), "problem")
			switch {
			case who.role.covers(r.role):
				if refusedHere {
					t.Errorf("%s refuses %q: %s", r.pattern(), who.role, answer.body)
				}
			case who.role == "":
				wantProblem(t, answer, unauthorized)
				if answer.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: no WWW-Authenticate", r.pattern())
				}
			default:
				wantProblem(t, answer, forbidden)
			}
		}
	}
}

func TestOtherSchemesAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	for _, header := range []string{"Basic " + adminToken, adminToken, "Bearer", "Bearer " + adminToken + "x"} {
		wantProblem(t, f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Authorization": header}}), unauthorized)
	}
	wantStatus(t, f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Authorization": "bearer " + adminToken}}), http.StatusOK)
}

func TestWithoutTokensOnlyLoopbackNamesAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1:1": 200, "127.9.9.9": 200, "[::1]:80": 200, "[::1]": 200,
		"evil.example": 403, "evil.example:80": 403, "192.168.1.1": 403, "localhost.evil.example": 403,
	} {
		answer := f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Host": host}})
		if answer.status != want {
			t.Errorf("Host %s: %d, want %d: %s", host, answer.status, want, answer.body)
		}
	}
	// A provider reaches the webhook under whatever name a tunnel has.
	answer := f.do(call{method: "GET", path: "/webhooks/main?verify=word&challenge=7", header: map[string]string{"Host": "tunnel.example"}})
	wantStatus(t, answer, http.StatusOK)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	var passed atomic.Int64 // the server's own goroutine reads the clock, too
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Now = func() time.Time { return began.Add(time.Duration(passed.Load())) }
		o.Asynqmon = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the monitor")) })
	})
	page := map[string]string{"Accept": "text/html"}
	answer := f.do(call{method: "GET", path: "/asynqmon/queues?x=1", header: page})
	wantStatus(t, answer, http.StatusSeeOther)
	if to := answer.header.Get("Location"); to != "/login?next=%2Fasynqmon%2Fqueues%3Fx%3D1" {
		t.Errorf("sent to %s", to)
	}
	answer = f.get("/login?next=/asynqmon/queues%3Fx%3D1")
	if !strings.Contains(answer.body, `value="/asynqmon/queues?x=1"`) {
		t.Errorf("the page forgets where to go: %s", answer.body)
	}

	answer = f.do(call{method: "POST", path: "/login", header: form(), body: strings.NewReader("token=wrong")})
	wantStatus(t, answer, http.StatusUnauthorized)
	if len(answer.header.Values("Set-Cookie")) > 0 || !strings.Contains(answer.body, "Unknown token") {
		t.Errorf("%v %s", answer.header, answer.body)
	}

	cookie := f.logIn(viewerToken)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Secure || strings.Contains(cookie.Value, viewerToken) {
		t.Errorf("cookie %v", cookie)
	}
	with := func(method, value string) reply {
		return f.do(call{method: method, path: "/asynqmon/", header: map[string]string{"Cookie": cookieName + "=" + value}})
	}
	if answer = with("GET", cookie.Value); answer.body != "the monitor" {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	wantProblem(t, with("POST", cookie.Value), forbidden)
	wantStatus(t, with("POST", f.logIn(operatorToken).Value), http.StatusOK)
	for _, forged := range []string{cookie.Value + "A", "", ".", "a.99999999999.", strings.Replace(cookie.Value, ".1", ".2", 1)} {
		wantProblem(t, with("GET", forged), unauthorized)
	}
	passed.Store(int64(cookieLife))
	wantProblem(t, with("GET", cookie.Value), unauthorized)
}

func (f *fixture) logIn(token string) *http.Cookie {
	f.t.Helper()
	answer := f.do(call{method: "POST", path: "/login", header: form(), body: strings.NewReader("next=/asynqmon/&token=" + token)})
	wantStatus(f.t, answer, http.StatusSeeOther)
	if to := answer.header.Get("Location"); to != "/asynqmon/" {
		f.t.Errorf("sent to %s", to)
	}
	return (&http.Response{Header: answer.header}).Cookies()[0]
}

func TestMonitorIsMountedOnlyWhenGiven(t *testing.T) {
	t.Parallel()
	wantProblem(t, start(t, nil).get("/asynqmon/"), notFound)
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	const home = "/"
	for next, want := range map[string]string{
		"/api/campaigns?limit=1": "/api/campaigns?limit=1", "/": "/",
		"": home, "https://evil.example": home, "//evil.example": home, `/\evil.example`: home, "/\t/evil.example": home, "javascript:x": home,
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

func TestAbortedAnswersStayAborted(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) {
		o.Asynqmon = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic("half way")
		})
	})
	request := httptest.NewRequest("GET", "http://localhost/asynqmon/", nil)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // it is this very value
			t.Errorf("panic %v", p)
		}
	}()
	f.server.Handler().ServeHTTP(httptest.NewRecorder(), request)
}
