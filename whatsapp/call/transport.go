package call

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// connectTimeout is for connecting, and again for agreeing on TLS.
const connectTimeout = 5 * time.Second

// What a connection has to write and to read with, in bytes. A message and its
// headers have less than the first, an answer less than the second; a longer one,
// and a file, takes more than one turn.
const (
	writeBuffer = 2 << 10
	readBuffer  = 1 << 10
)

// idleFor is how long a connection may wait for its next request. A server closes
// one that waits too long for it: 5 s is the least that is common (Apache, Node.js;
// Go's and nginx wait longer). A request that leaves at that moment is lost with
// its connection, and nobody knows whether it was read.
const idleFor = 4 * time.Second

// newTransport is a transport for many concurrent requests to one host. Its
// pool holds as many connections as a number of 1,000 messages a second needs
// at half a second each.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: connectTimeout,
		MaxIdleConnsPerHost: 512,
		ReadBufferSize:      readBuffer,
		WriteBufferSize:     writeBuffer,
		IdleConnTimeout:     idleFor,
		DisableCompression:  true, // the answers are a few hundred bytes
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
}

// errNoSecondTry keeps the transport from sending a request again.
var errNoSecondTry = errors.New("the connection broke after the request was written")

// The stages of a request, in the order in which the transport tells them.
const (
	untold int32 = iota
	connecting
	connected
)

// progress knows how far a request has come. The transport reports to it from
// goroutines of its own.
type progress struct {
	stage   atomic.Int32
	http2   atomic.Bool
	written atomic.Bool
}

// watch has the transport report. When it goes back to connecting, it does so
// because the connection it had took nothing of the request (net/http,
// Transport: a POST is tried again only then).
func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			p.stage.Store(connecting)
			p.written.Store(false)
		},
		GotConn: func(info httptrace.GotConnInfo) {
			secure, ok := info.Conn.(*tls.Conn)
			p.http2.Store(ok && secure.ConnectionState().NegotiatedProtocol == "h2")
			p.stage.Store(connected)
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) { p.written.Store(info.Err == nil) },
	})
}

// perhapsTaken reports whether a second try could be a second message. Over
// HTTP/1 the transport makes one only where it wrote nothing; over HTTP/2 also
// for some resets that come after the whole request was written.
func (p *progress) perhapsTaken() bool { return p.http2.Load() && p.written.Load() }

// explain tells what the failure of a round trip means. A transport that
// reports nothing may have written the request.
func (p *progress) explain(err error) *whatsapp.Error {
	var network net.Error
	switch unwritten := p.stage.Load() == connecting; {
	case unwritten && errors.Is(err, context.Canceled):
		return codes.Cancelled().Because(err)
	case unwritten:
		return codes.Unreachable().Because(err)
	case errors.As(err, &network) && network.Timeout():
		return codes.TimedOut().Because(err)
	}
	return codes.ConnectionLost().Because(err)
}
