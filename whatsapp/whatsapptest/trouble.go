package whatsapptest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// longest is the longest wait that a provider is believed.
const longest = 24 * time.Hour

// waits has the provider ask for a wait. It is what counts where a message is
// tried again, and nothing where it is not.
func (s Suite) waits(t *testing.T) {
	for at := range s.Book.Codes {
		for _, f := range reach(s.Book.Codes, at, codeFault) {
			if f.Mode == codes.InAnswer {
				s.waitAsked(t, f)
				break
			}
		}
	}
	throttled := s.Book.JudgeStatus(codes.Fault{Mode: codes.InAnswer, Status: 429})
	answer := Answer{Status: 429, Header: http.Header{"Retry-After": {"7200"}}, Body: page}
	if got := s.refused(t, s.answering(t, answer)); got.Wait != max(2*time.Hour, throttled.Wait) || !got.Asked {
		t.Errorf("HTTP 429 waits %v, want what was asked for", got.Wait)
	}
}

func (s Suite) waitAsked(t *testing.T, f codes.Fault) {
	t.Helper()
	answer := s.Wire.Refuse(f)
	f.Status = answer.Status
	meant := s.Book.Judge(f)
	again := waits(meant.Class) && meant.Wait <= longest
	shorter := again && (meant.Wait <= time.Second || meant.Budget == whatsapp.TemplateBudget)
	longer := meant.Wait + time.Minute
	for _, test := range []struct {
		header string
		counts bool
		want   time.Duration
	}{
		{strconv.Itoa(int(longer / time.Second)), again, min(longer, longest)},
		{"86400000", again, longest},
		{"Fri, 31 Dec 2100 23:59:59 GMT", again, longest},
		{"1", shorter, time.Second},
		{"-5", false, 0},
		{"soon", false, 0},
	} {
		if !test.counts {
			test.want = meant.Wait
		}
		answer.Header = http.Header{"Retry-After": {test.header}}
		got := s.refused(t, s.answering(t, answer))
		if got.Wait != test.want || got.Asked != test.counts {
			t.Errorf("%s (%d), Retry-After: %s: waits %v (asked: %v), want %v", got.Reason, f.Code, test.header, got.Wait, got.Asked, test.want)
		}
	}
}

// ambiguous is all after which a message may have been taken. None of it may make
// a second request.
func (s Suite) ambiguous(t *testing.T) {
	yes := s.Wire.Accept(whatsapp.Accepted{ID: "id-1"})
	long := strings.Repeat(" ", 2<<20) // longer than any answer that is read
	for name, answer := range map[string]Answer{
		"a yes without a word":    {Status: yes.Status},
		"a yes that says nothing": {Status: yes.Status, Body: "{}"},
		"a yes that is cut":       {Status: yes.Status, Body: yes.Body[:len(yes.Body)/2]},
		"a yes that breaks off":   {Status: yes.Status, Body: yes.Body[:len(yes.Body)/2], Header: http.Header{"Content-Length": {"5000"}}},
		"a yes that is endless":   {Status: yes.Status, Body: long + yes.Body},
		"a yes that goes on":      {Status: yes.Status, Body: yes.Body + long},
		"a page":                  {Status: yes.Status, Body: page},
		"a fault without a word":  {Status: 500},
		"a bad gateway":           {Status: 502, Body: page},
		"a fault with a wait":     {Status: 503, Header: http.Header{"Retry-After": {"7"}}},
		"a proxy's own JSON":      {Status: 504, Body: `{"message":"upstream timed out"}`},
		"a fault that breaks off": {Status: 500, Body: "{", Header: http.Header{"Content-Length": {"5000"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.answering(t, answer)
			got := s.refused(t, c)
			ambiguous(t, name, got)
			if got.HTTPStatus != answer.Status || got.Wait != 0 {
				t.Errorf("got HTTP %d and a wait of %v", got.HTTPStatus, got.Wait)
			}
		})
	}
	t.Run("no answer in time", s.slow)
	t.Run("hung up", s.hungUp)
	t.Run("stopped while waiting", s.stoppedWaiting)
}

// slow is an API that reads a request and says nothing.
func (s Suite) slow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		go s.saysNothing(far)
		var dialled atomic.Int32
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			if dialled.Add(1) > 1 {
				return nil, syscall.ECONNREFUSED
			}
			return near, nil
		}}
		c := s.open(t, s.Settings(nowhere), whatsapp.Opening{Transport: transport})
		start := time.Now()
		_, err := c.Send(t.Context(), letter())
		sameRefusal(t, "no answer", refusal(t, err), codes.TimedOut().Because(nil))
		if took := time.Since(start); took != timeout || dialled.Load() != 1 {
			t.Errorf("took %v and %d connections, want %v and 1", took, dialled.Load(), timeout)
		}
	})
}

// saysNothing reads requests and answers what goes before a message alone.
func (s Suite) saysNothing(far net.Conn) {
	requests := bufio.NewReader(far)
	for {
		r, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if a, ok := s.prepared(r, body); ok {
			_, _ = fmt.Fprintf(far, "HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s", a.Status, len(a.Body), a.Body)
		}
	}
}

// hungUp is an API that reads a request and closes the connection, a new one or
// one that was kept.
func (s Suite) hungUp(t *testing.T) {
	var hangUp atomic.Bool
	c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !hangUp.Load() {
			s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}).write(w)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	})
	if _, err := c.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	hangUp.Store(true)
	for _, connection := range []string{"a kept connection", "a new connection"} {
		before := c.messages.Load()
		sameRefusal(t, connection, s.refused(t, c), codes.ConnectionLost().Because(nil))
		if n := c.messages.Load() - before; n != 1 {
			t.Errorf("%s: %d requests were made after one that may have been taken", connection, n-1)
		}
	}
}

func (s Suite) stoppedWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := s.serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := c.Send(ctx, letter())
	sameRefusal(t, "stopped", refusal(t, err), codes.ConnectionLost().Because(nil))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// unwritten is all after which a message surely was not taken, for the API was
// not reached or is elsewhere.
func (s Suite) unwritten(t *testing.T) {
	unreachable := codes.Unreachable().Because(nil)
	t.Run("nobody listens", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		_, err := s.open(t, s.Settings(server.URL), whatsapp.Opening{}).Send(t.Context(), letter())
		sameRefusal(t, "nobody listens", refusal(t, err), unreachable)
	})
	t.Run("a stranger's certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		_, err := s.open(t, s.Settings(server.URL), whatsapp.Opening{}).Send(t.Context(), letter())
		sameRefusal(t, "certificate", refusal(t, err), unreachable)
	})
	t.Run("stopped before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := s.answering(t, s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}))
		_, err := c.Send(ctx, letter())
		sameRefusal(t, "stopped", refusal(t, err), codes.Cancelled().Because(nil))
		if n := c.requests.Load(); n != 0 {
			t.Errorf("%d requests were made", n)
		}
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run("redirected "+strconv.Itoa(status), func(t *testing.T) {
			c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					t.Error("the redirect was followed")
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			})
			if got := s.refused(t, c); got.HTTPStatus != status {
				t.Errorf("got HTTP %d", got.HTTPStatus)
			}
		})
	}
}
