package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	here  = netip.MustParsePrefix("203.0.113.7/32")
	there = netip.MustParsePrefix("203.0.113.8/32")
	noon  = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

func guess(n int) proof { return newProof("Bearer guess-"+strconv.Itoa(n), false) }

func right() proof { return newProof("Bearer right", true) }

// guessing is a throttle at which an address has guessed so many times.
func guessing(times int) *throttle {
	t := newThrottle()
	for n := range times {
		t.judge(here, guess(n), noon)
	}
	return t
}

func TestEachWrongTokenMakesTheWaitLonger(t *testing.T) {
	t.Parallel()
	tries := guessing(freeTries)
	if r := tries.judge(here, right(), noon); r.wait != 0 {
		t.Errorf("a person who has mistyped waits %s", r.wait)
	}
	if r := tries.judge(here, guess(freeTries), noon); r.tries != freeTries+1 {
		t.Errorf("%d wrong tokens are told", r.tries)
	}
	last, lines := time.Duration(0), 0 // the line of its first wait is behind it
	for n := range 1000 {
		r := tries.judge(here, guess(100+n), noon)
		if r.wait < last || r.wait <= last && last < mostWait {
			t.Fatalf("try %d waits %s after %s", n, r.wait, last)
		}
		if last = r.wait; r.tries > 0 {
			lines++
		}
	}
	if last != mostWait {
		t.Errorf("the longest wait is %s", last)
	}
	if lines != 0 {
		t.Errorf("%d more lines for one address", lines)
	}
	if r := tries.judge(there, right(), noon); r.wait != 0 {
		t.Errorf("another address waits %s", r.wait)
	}
}

func TestTheRightTokenIsTakenAfterTheWait(t *testing.T) {
	t.Parallel()
	tries := guessing(freeTries + 5)
	wait := tries.judge(here, right(), noon).wait
	if wait == 0 {
		t.Fatal("it is looked at while the address waits")
	}
	for range 100 { // it does not make the wait longer
		if again := tries.judge(here, right(), noon).wait; again != wait {
			t.Fatalf("it waits %s after %s", again, wait)
		}
	}
	if r := tries.judge(here, right(), noon.Add(wait)); r.wait != 0 {
		t.Errorf("after %s it waits %s", wait, r.wait)
	}
	// Whoever has one token gets no more tries at another by it.
	if r := tries.judge(here, guess(1000), noon.Add(wait)); r.wait != 0 {
		t.Errorf("after the wait a wrong one is told to wait for %s", r.wait)
	}
	if r := tries.judge(here, right(), noon.Add(wait)); r.wait <= wait {
		t.Errorf("a right token between has made the wait %s, after %s", r.wait, wait)
	}
}

// A program with an old token keeps nobody else of its address out.
func TestAnOldTokenWaitsByItself(t *testing.T) {
	t.Parallel()
	tries := newThrottle()
	waited := time.Duration(0)
	for range 1000 {
		waited = tries.judge(here, guess(1), noon).wait
		if r := tries.judge(here, right(), noon); r.wait != 0 {
			t.Fatalf("the right one waits %s", r.wait)
		}
	}
	if waited != mostWait {
		t.Errorf("the old one waits %s", waited)
	}
	if n := tries.known[here].Value.(*trier).guesses.misses; n != 1 {
		t.Errorf("it counts for %d guesses", n)
	}
}

func TestAddressesAreForgotten(t *testing.T) {
	t.Parallel()
	tries := guessing(freeTries + 20)
	if r := tries.judge(here, right(), noon.Add(tryMemory)); r.wait != 0 || len(tries.known) != 0 {
		t.Errorf("after an hour it waits %s, %d addresses are known", r.wait, len(tries.known))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	tries := guessing(10 * mostTokens)
	if n := len(tries.known[here].Value.(*trier).wrong); n != mostTokens {
		t.Errorf("%d tokens are remembered", n)
	}
	for n := range 3 * mostAddresses {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 32)
		tries.judge(from, guess(n), noon)
	}
	if len(tries.known) != mostAddresses || tries.recent.Len() != mostAddresses {
		t.Errorf("%d and %d addresses are remembered", len(tries.known), tries.recent.Len())
	}
}

// watched is a server with tokens whose clock a test sets.
func watched(t *testing.T, change func(*Options)) (*fixture, *atomic.Int64) {
	t.Helper()
	passed := &atomic.Int64{}
	return start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Now = func() time.Time { return noon.Add(time.Duration(passed.Load())) }
		if change != nil {
			change(o)
		}
	}), passed
}

// wrongLogins sends so many wrong tokens to the login page.
func (f *fixture) wrongLogins(times int, header map[string]string) (last reply) {
	f.t.Helper()
	for n := range times {
		c := call{method: "POST", path: "/login", header: form(), body: strings.NewReader("token=hidden-" + strconv.Itoa(n))}
		for name, value := range header {
			c.header[name] = value
		}
		last = f.do(c)
	}
	return last
}

func seconds(t *testing.T, r reply) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(r.header.Get("Retry-After"))
	if err != nil || n < 1 {
		t.Fatalf("Retry-After %q", r.header.Get("Retry-After"))
	}
	return time.Duration(n) * time.Second
}

// The login page, the header and the cookie are three doors to one house.
func TestWrongTokensWaitAtEveryDoor(t *testing.T) {
	t.Parallel()
	f, passed := watched(t, nil)
	cookie := f.logIn(viewerToken)
	page := f.wrongLogins(freeTries+2, nil)
	wantStatus(t, page, http.StatusTooManyRequests)
	if !strings.Contains(page.body, "too many wrong tokens") || !strings.Contains(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("the page says %s", page.body)
	}
	waits := []time.Duration{seconds(t, page)}
	for _, c := range []call{
		{method: "GET", path: "/api/campaigns", token: adminToken},
		{method: "GET", path: "/api/campaigns", token: "hidden-wrong"},
		{method: "GET", path: "/api/campaigns", header: map[string]string{"Cookie": cookieName + "=" + cookie.Value}},
		{method: "POST", path: "/logout", header: map[string]string{"Cookie": cookieName + "=" + cookie.Value}},
		{method: "GET", path: "/api/campaigns", header: map[string]string{"Cookie": cookieName + "=ZXZl.99999999999.hidden"}},
	} {
		answer := f.do(c)
		p := wantProblem(t, answer, tooManyTries)
		if !strings.Contains(p.Detail, answer.header.Get("Retry-After")+" s") {
			t.Errorf("%s, Retry-After %s", p.Detail, answer.header.Get("Retry-After"))
		}
		waits = append(waits, seconds(t, answer))
	}
	last := waits[len(waits)-1]
	if last <= waits[0] {
		t.Errorf("the waits are %v", waits)
	}
	// Who carries no token tries none.
	wantProblem(t, f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Authorization": ""}}), unauthorized)
	wantStatus(t, f.get("/healthz"), http.StatusOK)
	passed.Add(int64(last))
	wantStatus(t, f.do(call{method: "GET", path: "/api/campaigns", token: adminToken}), http.StatusOK)
	f.http.Close()
	if log := f.log.String(); strings.Contains(log, "hidden") || strings.Count(log, "an address has to wait") != 1 || !strings.Contains(log, "from=127.0.0.0/8") {
		t.Errorf("the log says\n%s", log)
	}
}

// A browser that is open with an old cookie, whose token is gone, whose time is up or
// which names no session, is told to log in, however often it asks.
func TestOldCookiesOnlyLogIn(t *testing.T) {
	t.Parallel()
	f, passed := watched(t, nil)
	cookie := f.logIn(viewerToken)
	passed.Add(int64(cookieLife))
	foreign := (&Server{now: time.Now}).newCookie(caller{"gone", Viewer}, "a-token-that-is-gone", false)
	for _, value := range []string{cookie.Value, foreign.Value} {
		for range 3 * freeTries {
			wantProblem(t, f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Cookie": cookieName + "=" + value}}), unauthorized)
		}
	}
	for n := range 3 * freeTries { // of as many people behind one address
		value := oldCookie(viewerToken, f.server.now().Add(time.Hour+time.Duration(n)*time.Second))
		wantProblem(t, f.do(call{method: "GET", path: "/api/campaigns", header: map[string]string{"Cookie": cookieName + "=" + value}}), unauthorized)
	}
	wantStatus(t, f.do(call{method: "GET", path: "/api/campaigns", token: adminToken}), http.StatusOK)
}

// Signatures are another thing: a provider is never kept out.
func TestWebhooksNeverWait(t *testing.T) {
	t.Parallel()
	f, _ := watched(t, nil)
	for range 5 * freeTries {
		wantProblem(t, f.webhook("wrong", "{}"), unauthorized)
		wantProblem(t, f.get("/webhooks/main?verify=guess&challenge=1"), unauthorized)
	}
	f.wrongLogins(5*freeTries, nil)
	wantStatus(t, f.webhook("word", "{}"), http.StatusOK)
}

// Behind a proxy that is trusted each caller waits alone, behind another one all
// wait together, and the log says why.
func TestCallersBehindAProxy(t *testing.T) {
	t.Parallel()
	for name, trusted := range map[string]bool{"trusted": true, "not trusted": false} {
		t.Run(name, func(t *testing.T) {
			f, _ := watched(t, func(o *Options) {
				if trusted {
					o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
				}
			})
			f.wrongLogins(2*freeTries, map[string]string{"X-Forwarded-For": "198.51.100.1, 2001:db8:1:2:3::4"})
			ask := func(from string) int {
				return f.do(call{method: "GET", path: "/api/campaigns", token: adminToken, header: map[string]string{"X-Forwarded-For": from}}).status
			}
			if got := ask("2001:db8:1:2:ffff::1"); got != http.StatusTooManyRequests {
				t.Errorf("in the same network: %d", got)
			}
			others := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[trusted]
			for _, from := range []string{"2001:db8:1:3::4", "2001:db8:1:2:3::4, 198.51.100.1", ""} {
				if got := ask(from); got != others {
					t.Errorf("from %q: %d, want %d", from, got, others)
				}
			}
			if told := strings.Contains(f.log.String(), "http.trusted_proxies"); told == trusted {
				t.Errorf("the log says\n%s", f.log)
			}
		})
	}
}

// Whoever asks a thousand times at once gets no more tries.
func TestTriesAtOnce(t *testing.T) {
	t.Parallel()
	f, _ := watched(t, nil)
	var looked atomic.Int64
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := range 25 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.http.URL+"/api/campaigns", nil)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Authorization", fmt.Sprintf("Bearer guess-%d-%d", worker, n))
				answer, err := f.client.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusUnauthorized {
					looked.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := looked.Load(); n != freeTries+1 {
		t.Errorf("%d tokens were looked at, want %d", n, freeTries+1)
	}
}

func TestShortTokensAreRefused(t *testing.T) {
	t.Parallel()
	for token, taken := range map[string]bool{"": false, "15-characters--": false, "16-characters---": true} {
		if _, err := newSecrets([]Token{{"ops", token, Admin}}); (err == nil) != taken || err != nil && token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}
