package sources

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carillon/campaign"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// private is a source on this machine.
func private(url string) campaign.Source { return campaign.Source{URL: url, AllowPrivate: true} }

func TestURL(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s %s %s %s:%s", r.Method, r.URL, r.Header.Get("X-Key"), user, password)
	})
	src := private(strings.Replace(address, "http://", "http://ann:word@", 1) + "/%Y/%m-%d.csv?a=%20")
	src.Headers = map[string]string{"x-key": "key"}
	got, err := fetch(t, src, Options{})
	if want := "GET /2026/03-01.csv?a=%20 key ann:word"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestAnswersThatAreNoList(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/missing":
			http.Error(w, r.Header.Get("X-Key"), http.StatusNotFound)
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "phone\n")
		case "/aborted":
			fmt.Fprint(w, "phone\n")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/endless":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(conn, "HTTP/1.0 200 OK\r\n\r\nphone\n")
			conn.Close()
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", 2000))
		case "/round":
			http.Redirect(w, r, "/round?key=hidden", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///hidden", http.StatusFound)
		case "/nowhere":
			w.WriteHeader(http.StatusFound)
		}
	})
	for path, want := range map[string]string{
		"/missing": "answered 404 Not Found; check that", "/empty": "answered 204 No Content",
		"/cut": "broke off: unexpected EOF", "/aborted": "broke off", "/endless": "does not say how long its answer is",
		"/long": "it has more than 1000 bytes", "/round": "more than 5 redirects",
		"/file": "redirects to an address that is not http", "/nowhere": "redirects to an address that is not http",
	} {
		src := private(strings.Replace(address, "http://", "http://ann:hidden@", 1) + path + "?key=hidden")
		src.Headers = map[string]string{"X-Key": "hidden"}
		fails(t, src, Options{Limit: 1000}, want, false)
	}
}

func TestRedirectsAreFollowedWithoutTheHeaders(t *testing.T) {
	type seen struct{ key, user, referer string }
	look := func(r *http.Request) seen {
		user, _, _ := r.BasicAuth()
		return seen{r.Header.Get("X-Key"), user, r.Header.Get("Referer")}
	}
	var home, other, back seen
	var homeURL string
	otherURL := serve(t, func(w http.ResponseWriter, r *http.Request) {
		other = look(r)
		http.Redirect(w, r, homeURL+"/back", http.StatusPermanentRedirect)
	})
	homeURL = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/same", http.StatusMovedPermanently)
		case "/same":
			home = look(r)
			http.Redirect(w, r, otherURL, http.StatusTemporaryRedirect)
		case "/back":
			back = look(r)
			fmt.Fprint(w, "phone\n")
		}
	})
	src := private(strings.Replace(homeURL, "http://", "http://ann:word@", 1) + "/?secret")
	src.Headers = map[string]string{"X-Key": "key"}
	if got, err := fetch(t, src, Options{}); err != nil || got != "phone\n" {
		t.Fatalf("got %q, %v", got, err)
	}
	if (home != seen{"key", "ann", ""}) || other != (seen{}) || back != (seen{}) {
		t.Errorf("the same host saw %+v, the other %+v, the first again %+v", home, other, back)
	}
}

func TestRedirectKeepsTLS(t *testing.T) {
	t.Parallel()
	from, err := url.Parse("https://host/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := redirect(from, "http://host/b"); err == nil || !strings.Contains(err.Error(), "redirects from https to http") {
		t.Errorf("got %v", err)
	}
	if to, err := redirect(from, "//other/b"); err != nil || to.String() != "https://other/b" {
		t.Errorf("got %v, %v", to, err)
	}
}

func TestPrivateAddressesAreNotAsked(t *testing.T) {
	var asked atomic.Bool
	address := serve(t, func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	for host, want := range map[string]string{
		"127.0.0.1": "this machine; set allow_private", "localhost": "this machine; set allow_private",
		"[::ffff:127.0.0.1]": "this machine; set allow_private", "0.0.0.0": "unspecified; lists are not fetched from there",
	} {
		fails(t, campaign.Source{URL: "http://" + host + ":" + port}, Options{}, "url: its host is "+want, true)
	}
	fails(t, private("http://0.0.0.0:"+port), Options{}, "lists are not fetched from there", true)
	if asked.Load() {
		t.Error("the server was asked")
	}
}

// However this machine is spelt, and whatever name stands for it, nobody asks it
// for a list.
func TestSpellingsOfThisMachineAreNotAsked(t *testing.T) {
	var asked atomic.Bool
	address := serve(t, func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	o := Options{Resolver: nameServer(t, [4]byte{127, 0, 0, 1}), Timeout: 20 * time.Second}
	for _, host := range []string{
		"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.0.1.", "localhost.", "LOCALHOST", "a.localhost",
		"[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]", "0", "0.0.0.0",
		"%31%32%37.0.0.1", "１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "8.8.8.8@127.0.0.1", "ann:8.8.8.8@localhost", "[fe80::1%25lo]", "[::1%25lo]",
	} {
		src := campaign.Source{URL: "http://" + host + ":" + port + "/"}
		if list, err := fetch(t, src, o); err == nil {
			t.Errorf("%s gives %q", host, list)
		}
	}
	if asked.Load() {
		t.Error("the server was asked")
	}
}

// A name may stand for a public address when somebody looks, and for a private
// one when it is dialled.
func TestNameThatMovesIsJudgedWhenItIsDialled(t *testing.T) {
	var asked atomic.Int64
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "phone\n")
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	o := Options{Resolver: nameServer(t, [4]byte{127, 0, 0, 1})}
	src := campaign.Source{URL: "http://lists.example:" + port + "/?key=hidden"}
	fails(t, src, o, "127.0.0.1 is this machine; set allow_private", true)
	if asked.Load() != 0 {
		t.Error("the server was asked")
	}
	src.AllowPrivate = true
	if got, err := fetch(t, src, o); err != nil || got != "phone\n" {
		t.Errorf("with allow_private: %q, %v", got, err)
	}
	o.Resolver = nameServer(t, [4]byte{169, 254, 169, 254})
	fails(t, src, o, "where metadata services are", true)
}

// A redirect is judged as the first address is.
func TestRedirectToAPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	transport := newTransport(false, nil)
	defer transport.CloseIdleConnections()
	to, err := redirect(&url.URL{Scheme: "https", Host: "lists.example"}, "https://127.0.0.1:1/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t.Context(), transport, to, nil); err == nil || !strings.Contains(err.Error(), "is this machine") {
		t.Errorf("got %v", err)
	}
}

// nameServer knows one address of every name.
func nameServer(t *testing.T, address [4]byte) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		packet := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return // it was closed
			}
			_, _ = server.WriteTo(answerName(packet[:n], address), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// answerName answers a question of the form of RFC 1035, 4.1, with an address
// if it asks for an IPv4 one, and else with nothing.
func answerName(question []byte, address [4]byte) []byte {
	const header, isAnswer, typeA = 12, 0x8180, 1
	end := header
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the zero, the type and the class
	answers := uint16(0)
	if binary.BigEndian.Uint16(question[end-4:]) == typeA {
		answers = 1
	}
	answer := append([]byte{}, question[:2]...)
	for _, field := range []uint16{isAnswer, 1, answers, 0, 0} {
		answer = binary.BigEndian.AppendUint16(answer, field)
	}
	answer = append(answer, question[header:end]...)
	if answers > 0 { // the name by its place, type, class, seconds to live, length
		answer = append(answer, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, address[:]...)
	}
	return answer
}

// A host that never answers is given up, and so is any when the program stops.
func TestSilentHost(t *testing.T) {
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	fails(t, private(address), Options{Timeout: 50 * time.Millisecond}, "the list did not arrive within 50ms", false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(ctx, private(address), slot, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
