package faults

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"
)

// front is where the API and the webhooks are reached, whichever processes
// serve them at the moment.
type front struct {
	*httptest.Server

	mu       sync.Mutex
	behind   []string // addresses of the processes
	turn     int
	answered func() // called before the next webhook's 200 is passed on
}

func startFront(t *testing.T) *front {
	t.Helper()
	f := &front{}
	transport := &http.Transport{DialContext: f.dial, MaxIdleConnsPerHost: 32}
	f.Server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "carillon"
		},
		Transport:      transport,
		ModifyResponse: f.pass,
		ErrorLog:       log.New(io.Discard, "", 0), // processes are killed all the time
	})
	t.Cleanup(func() {
		f.Close()
		transport.CloseIdleConnections()
	})
	return f
}

// add puts a process behind the front.
func (f *front) add(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = append(slices.Clone(f.behind), strings.TrimPrefix(url, "http://"))
}

// remove takes one away, before it dies: another run may get its port.
func (f *front) remove(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	address := strings.TrimPrefix(url, "http://")
	f.behind = slices.DeleteFunc(slices.Clone(f.behind), func(a string) bool { return a == address })
}

// dial connects to one of the processes, each in its turn.
func (f *front) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	f.mu.Lock()
	behind, turn := f.behind, f.turn
	f.turn++
	f.mu.Unlock()
	err := errors.New("nobody serves")
	for n := range behind {
		var c net.Conn
		if c, err = new(net.Dialer).DialContext(ctx, "tcp", behind[(turn+n)%len(behind)]); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// afterReceipt has f called once, as soon as a webhook has been answered with
// 200 and before the provider sees that.
func (f *front) afterReceipt(call func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answered = call
}

func (f *front) pass(r *http.Response) error {
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Request.URL.Path, "/webhooks/") {
		return nil
	}
	f.mu.Lock()
	call := f.answered
	f.answered = nil
	f.mu.Unlock()
	if call != nil {
		call()
	}
	return nil
}
