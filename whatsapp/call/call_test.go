package call

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"

	"github.com/google/go-cmp/cmp"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const (
	yes     = `{"messages":[{"id":"1"}]}`
	timeout = 30 * time.Second
)

// caller makes the same request again and again.
type caller struct {
	*Client
	url string
}

// to is a caller of url; without a transport it has the client's own.
func to(t *testing.T, url string, transport http.RoundTripper) caller {
	t.Helper()
	client := New(timeout, transport)
	t.Cleanup(client.Close)
	return caller{client, url}
}

// through is a caller whose connections come from dial.
func through(t *testing.T, dial func(context.Context) (net.Conn, error)) caller {
	t.Helper()
	transport := newTransport()
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }
	return to(t, "http://api.example.com", transport)
}

// send is one request. Its error is nil where there was an answer.
func (c caller) send(ctx context.Context) (*Answer, error) {
	prototype, err := http.NewRequest(http.MethodPost, c.url, nil)
	if err != nil {
		return nil, err
	}
	answer, refusal := c.Do(ctx, prototype, []byte(`{"to":"1"}`))
	if refusal != nil {
		return nil, refusal
	}
	return answer, nil
}

// serve answers yes to every request on conn until it is closed, and counts
// them.
func serve(conn net.Conn, requests *atomic.Int32) {
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		requests.Add(1)
		answer := http.Response{
			StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1,
			ContentLength: int64(len(yes)), Body: io.NopCloser(strings.NewReader(yes)),
		}
		if answer.Write(conn) != nil {
			return
		}
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var refused *whatsapp.Error
	if !errors.As(err, &refused) {
		t.Fatalf("got error %v, want a *whatsapp.Error", err)
	}
	if diff := cmp.Diff(want, whatsapptest.Summary(refused)); diff != "" {
		t.Error(diff)
	}
}

// TestNoConnectionWaitsAsLongAsServersDo: a request never leaves on a connection
// that its server is about to close.
func TestNoConnectionWaitsAsLongAsServersDo(t *testing.T) {
	const shortest = 5 * time.Second
	synctest.Test(t, func(t *testing.T) {
		var dials, requests atomic.Int32
		client := through(t, func(context.Context) (net.Conn, error) {
			dials.Add(1)
			near, far := net.Pipe()
			go serve(far, &requests)
			return near, nil
		})
		for _, pause := range []time.Duration{0, time.Second, shortest - time.Millisecond} {
			time.Sleep(pause)
			if _, err := client.send(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if dials.Load() != 2 || requests.Load() != 3 {
			t.Errorf("%d requests over %d connections, want 3 over 2", requests.Load(), dials.Load())
		}
	})
}

func TestSlowAnswerIsAmbiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		go func() { _, _ = io.Copy(io.Discard, far) }() // reads, never answers
		client := through(t, func(context.Context) (net.Conn, error) { return near, nil })
		start := time.Now()
		_, err := client.send(t.Context())
		wantRefusal(t, err, "ambiguous timeout")
		if took := time.Since(start); took != timeout {
			t.Errorf("took %v", took)
		}
	})
}

func TestCancelledWhileWaitingForTheAnswerIsAmbiguous(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := to(t, server.URL, nil).send(ctx)
	wantRefusal(t, err, "ambiguous connection_lost")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestConnectionClosedAfterTheRequestIsAmbiguous(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		requests.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	defer server.Close()
	_, err := to(t, server.URL, nil).send(t.Context())
	wantRefusal(t, err, "ambiguous connection_lost")
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests were made", n)
	}
}

// A kept connection that breaks after the request was read is not followed by
// a second try, though the transport has another connection to make.
func TestKeptConnectionClosedAfterTheRequestIsAmbiguous(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) == 1 {
			_, _ = io.WriteString(w, yes)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	defer server.Close()
	client := to(t, server.URL, nil)
	if _, err := client.send(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := client.send(t.Context())
	wantRefusal(t, err, "ambiguous connection_lost")
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests were made", n)
	}
}

func TestRefusedConnectionIsUnwritten(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := to(t, server.URL, nil).send(t.Context())
	wantRefusal(t, err, "retry_soon unreachable wait=1s unwritten")
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestUntrustedCertificateIsUnwritten(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := to(t, server.URL, nil).send(t.Context())
	wantRefusal(t, err, "retry_soon unreachable wait=1s unwritten")
}

func TestTimeoutWhileConnectingIsUnwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := through(t, func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		_, err := client.send(t.Context())
		wantRefusal(t, err, "retry_soon unreachable wait=1s unwritten")
	})
}

func TestCancelledBeforeWritingIsUnwritten(t *testing.T) {
	var requests atomic.Int32
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := to(t, "http://api.example.com", roundTripper(func(*http.Request) (*http.Response, error) {
			requests.Add(1)
			return nil, io.EOF
		}))
		_, err := client.send(ctx)
		wantRefusal(t, err, "retry_soon cancelled unwritten")
	})
	t.Run("while connecting", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := through(t, func(dialing context.Context) (net.Conn, error) {
			cancel()
			<-dialing.Done()
			return nil, dialing.Err()
		})
		_, err := client.send(ctx)
		wantRefusal(t, err, "retry_soon cancelled unwritten")
	})
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestTransportThatReportsNothingIsAmbiguous(t *testing.T) {
	client := to(t, "http://api.example.com", roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
	_, err := client.send(t.Context())
	wantRefusal(t, err, "ambiguous connection_lost")
}

// brittle is a connection that takes nothing more once it is broken.
type brittle struct {
	net.Conn
	broken atomic.Bool
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.broken.Load() {
		return 0, syscall.EPIPE
	}
	return b.Conn.Write(p)
}

// A kept connection that takes no byte costs nothing: the request goes over
// another one, and where there is none, nothing was written.
func TestStaleConnection(t *testing.T) {
	for name, test := range map[string]struct {
		again bool
		want  int32
	}{
		"another one": {true, 2},
		"none":        {false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			var first *brittle
			client := through(t, func(context.Context) (net.Conn, error) {
				if first != nil && !test.again {
					return nil, syscall.ECONNREFUSED
				}
				near, far := net.Pipe()
				go serve(far, &requests)
				conn := &brittle{Conn: near}
				if first == nil {
					first = conn
				}
				return conn, nil
			})
			if _, err := client.send(t.Context()); err != nil {
				t.Fatal(err)
			}
			first.broken.Store(true)
			_, err := client.send(t.Context())
			if test.again && err != nil {
				t.Error(err)
			}
			if !test.again {
				wantRefusal(t, err, "retry_soon unreachable wait=1s unwritten")
			}
			if n := requests.Load(); n != test.want {
				t.Errorf("%d requests were made, want %d", n, test.want)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 307, 308} {
		var requests atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			http.Redirect(w, r, "/elsewhere", status)
		}))
		defer server.Close()
		answer, err := to(t, server.URL, nil).send(t.Context())
		if err != nil || answer.Status != status {
			t.Errorf("HTTP %d: %+v, %v", status, answer, err)
		}
		if n := requests.Load(); n != 1 {
			t.Errorf("HTTP %d: %d requests were made", status, n)
		}
	}
}

func TestConnectionIsKept(t *testing.T) {
	peers := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peers[r.RemoteAddr] = true
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":100}}`)
	}))
	defer server.Close()
	client := to(t, server.URL, nil)
	for range 5 {
		if _, err := client.send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(peers) != 1 {
		t.Errorf("%d connections were made", len(peers))
	}
}

// Once a request is written over HTTP/2, the transport gets no second body;
// over HTTP/1 it asks only where it wrote nothing, and gets it.
func TestNoSecondBodyOverHTTP2(t *testing.T) {
	for name, test := range map[string]struct {
		http2 bool
		proto string
		want  error
	}{
		"http2": {true, "HTTP/2.0", errNoSecondTry},
		"http1": {false, "HTTP/1.1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var proto string
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				proto = r.Proto
				_, _ = io.WriteString(w, yes)
			}))
			server.EnableHTTP2 = test.http2
			server.StartTLS()
			defer server.Close()
			transport := newTransport()
			transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			transport.TLSClientConfig.NextProtos = nil
			defer transport.CloseIdleConnections()
			var second error
			client := to(t, server.URL, roundTripper(func(r *http.Request) (*http.Response, error) {
				answer, err := transport.RoundTrip(r)
				// An answer may overtake the word that the request is written.
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
					if _, second = r.GetBody(); errors.Is(second, test.want) {
						break
					}
				}
				return answer, err
			}))
			if _, err := client.send(t.Context()); err != nil {
				t.Fatal(err)
			}
			if proto != test.proto {
				t.Errorf("spoke %s", proto)
			}
			if !errors.Is(second, test.want) {
				t.Errorf("the second body: got %v, want %v", second, test.want)
			}
		})
	}
}
