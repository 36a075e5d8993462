package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"carillon/ledger"
)

func (b *brittle) SessionEnded(ctx context.Context, id string) (bool, error) {
	b.looked.Add(1)
	if b.forgetful.Load() {
		return false, errBroken
	}
	return b.Ledger.SessionEnded(ctx, id)
}

func (b *brittle) EndSession(ctx context.Context, id string, ends time.Time) error {
	b.ended.Add(1)
	if b.forgetful.Load() {
		return errBroken
	}
	return b.Ledger.EndSession(ctx, id, ends)
}

// locked puts tokens before every door that there is.
func locked(o *Options) {
	o.Tokens = threeTokens()
	o.Asynqmon = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
}

// process is a web process of its own over a ledger.
func process(t *testing.T, record Ledger) *Server {
	t.Helper()
	o := Options{Ledger: record, Door: testDoor()}
	locked(&o)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// asks sends a cookie to a process, as a browser does where page says so.
func asks(t *testing.T, s *Server, method, path string, cookie *http.Cookie, page bool) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, nil)
	r.AddCookie(cookie)
	if page {
		r.Header.Set("Accept", "text/html")
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// wantOpen holds every door of a process against whether a cookie is worth something.
func wantOpen(t *testing.T, s *Server, cookie *http.Cookie, open bool) {
	t.Helper()
	for path, refused := range map[string]int{
		"/api/campaigns": http.StatusUnauthorized, "/metrics": http.StatusUnauthorized, "/": http.StatusSeeOther, "/asynqmon/": http.StatusSeeOther,
	} {
		want := http.StatusOK
		if !open {
			want = refused
		}
		if got := asks(t, s, http.MethodGet, path, cookie, refused == http.StatusSeeOther); got.Code != want {
			t.Errorf("%s: %d, want %d: %s", path, got.Code, want, got.Body)
		}
	}
}

// TestLoggingOutEndsTheSession for every process and after a restart, wherever the
// cookie was copied to; and no other one, though it has the same token.
func TestLoggingOutEndsTheSession(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "ledger.db")
	record, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	here, there := process(t, record), process(t, record)
	cookie := here.newCookie(caller{"ada", Admin}, adminToken, false)
	other := there.newCookie(caller{"ada", Admin}, adminToken, false)
	for _, s := range []*Server{here, there} {
		wantOpen(t, s, cookie, true)
	}
	for range 2 {
		out := asks(t, here, http.MethodPost, "/logout", cookie, true)
		if out.Code != http.StatusSeeOther || !strings.Contains(out.Header().Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("logging out: %d %v", out.Code, out.Header())
		}
		for _, s := range []*Server{here, there} {
			wantOpen(t, s, cookie, false)
			wantOpen(t, s, other, true)
		}
	}
	here.Close()
	there.Close()
	if err := record.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	restarted := process(t, again)
	wantOpen(t, restarted, cookie, false)
	wantOpen(t, restarted, other, true)
	restarted.Close()
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestASilentLedgerLetsNobodyInByCookie, also not to where there is nothing, and ends
// no session that it does not know to have ended.
func TestASilentLedgerLetsNobodyInByCookie(t *testing.T) {
	t.Parallel()
	f := start(t, locked)
	cookie := f.logIn(adminToken)
	f.ledger.forgetful.Store(true)
	for path, page := range map[string]bool{"/": true, "/nothing/here": true, "/asynqmon/": true, "/api/campaigns": false, "/metrics": false} {
		if got := asks(t, f.server, http.MethodGet, path, cookie, page); got.Code != http.StatusServiceUnavailable {
			t.Errorf("%s is answered with %d: %s", path, got.Code, got.Body)
		}
	}
	wantStatus(t, f.do(call{method: "GET", path: "/metrics", token: viewerToken}), http.StatusOK)
	for _, page := range []bool{true, false} {
		out := asks(t, f.server, http.MethodPost, "/logout", cookie, page)
		if html := strings.HasPrefix(out.Header().Get("Content-Type"), "text/html"); out.Code != http.StatusServiceUnavailable || html != page || out.Header().Get("Set-Cookie") != "" {
			t.Errorf("logging out: %d %v %s", out.Code, out.Header(), out.Body)
		}
	}
	f.ledger.forgetful.Store(false)
	wantOpen(t, f.server, cookie, true)
	if out := asks(t, f.server, http.MethodPost, "/logout", cookie, true); out.Code != http.StatusSeeOther {
		t.Errorf("logging out: %d %s", out.Code, out.Body)
	}
	wantOpen(t, f.server, cookie, false)
}

// TestABrowserThatIsClosedIsLoggedOut: what it has asked for happens all the same.
func TestABrowserThatIsClosedIsLoggedOut(t *testing.T) {
	t.Parallel()
	f := start(t, locked)
	cookie := f.logIn(viewerToken)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/logout", nil)
	r.AddCookie(cookie)
	f.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
	answer := f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Cookie": cookieName + "=" + cookie.Value}})
	wantProblem(t, answer, unauthorized)
}

// TestOnlySessionsOfOursAreWrittenDown, or anybody could fill the ledger.
func TestOnlySessionsOfOursAreWrittenDown(t *testing.T) {
	t.Parallel()
	f := start(t, locked)
	cookie := f.logIn(viewerToken)
	for _, value := range []string{"", "x", cookie.Value + "A", oldCookie(viewerToken, time.Now().Add(time.Hour))} {
		answer := f.do(call{method: "POST", path: "/logout", header: map[string]string{"Cookie": cookieName + "=" + value}})
		wantStatus(t, answer, http.StatusSeeOther)
	}
	wantStatus(t, f.post("/logout"), http.StatusSeeOther)
	if n := f.ledger.ended.Load(); n != 0 {
		t.Errorf("%d sessions have ended", n)
	}
	wantOpen(t, f.server, cookie, true)
}

// TestAPageLooksOnce for the session, whatever it asks of the API. Who sends a token
// has none.
func TestAPageLooksOnce(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, viewerToken)
	for _, path := range []string{"/", "/campaigns/" + id, "/campaigns/" + id + "/people", "/api/campaigns"} {
		before := b.f.ledger.looked.Load()
		b.wants(b.get(path), http.StatusOK)
		if n := b.f.ledger.looked.Load() - before; n != 1 {
			t.Errorf("%s looks %d times", path, n)
		}
	}
	before := b.f.ledger.looked.Load()
	b.wants(b.ask(http.MethodGet, "/campaigns/"+id, nil, map[string]string{"Authorization": "Bearer " + viewerToken}), http.StatusOK)
	if n := b.f.ledger.looked.Load() - before; n != 0 {
		t.Errorf("with a token it looks %d times", n)
	}
}

// oldCookie is one as versions made it that knew no sessions.
func oldCookie(token string, ends time.Time) string {
	claim := "ZXZl." + strconv.FormatInt(ends.Unix(), 10)
	return claim + "." + sign(sha256.Sum256([]byte(token)), claim)
}

// TestCookieDiesWithItsToken: a server whose configuration has another token
// under the same name does not know the cookie.
func TestCookieDiesWithItsToken(t *testing.T) {
	t.Parallel()
	before := &Server{now: time.Now}
	cookie := before.newCookie(caller{"eve", Viewer}, viewerToken, true)
	for token, want := range map[string]bool{viewerToken: true, "viewer-token-0001": false} {
		secrets, err := newSecrets([]Token{{"eve", token, Viewer}})
		if err != nil {
			t.Fatal(err)
		}
		after := &Server{now: time.Now, tokens: secrets}
		if _, known := after.sessionOf(cookie.Value); known != want {
			t.Errorf("token %s: known is %v", token, known)
		}
	}
}

func FuzzSessionOf(f *testing.F) {
	s := &Server{now: time.Now}
	var err error
	if s.tokens, err = newSecrets(threeTokens()); err != nil {
		f.Fatal(err)
	}
	good := s.newCookie(caller{"eve", Viewer}, viewerToken, true).Value
	f.Add("ZXZl.99999999999.AAAA")
	f.Add(good[:len(good)-1])
	f.Fuzz(func(t *testing.T, value string) {
		if _, known := s.sessionOf(value); known && value != good {
			t.Errorf("%q is let in", value)
		}
	})
}
