package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// origin is where a request came from, as far as it can be believed.
type origin struct {
	address netip.Addr
	// tls: it came by TLS, to us or to a proxy that we trust.
	tls bool
	// claims: somebody who is not trusted says that it came from elsewhere.
	claims bool
}

// originOf reads X-Forwarded-For from its end: each proxy adds the address that
// it sees, so the first one that is no proxy of ours is the caller's. What
// stands before it the caller may have written himself.
func (s *Server) originOf(r *http.Request) origin {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return origin{tls: r.TLS != nil}
	}
	o := origin{address: plain(peer.Addr()), tls: r.TLS != nil}
	if !s.trusts(o.address) {
		o.claims = r.Header.Get("X-Forwarded-For") != ""
		return o
	}
	for _, scheme := range values(r, "X-Forwarded-Proto") {
		o.tls = o.tls || strings.EqualFold(strings.TrimSpace(scheme), "https")
	}
	hops := values(r, "X-Forwarded-For")
	for i := len(hops) - 1; i >= 0 && s.trusts(o.address); i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		o.address = hop
	}
	return o
}

// values are those of a header that is a list.
func values(r *http.Request, name string) []string {
	return strings.Split(strings.Join(r.Header.Values(name), ","), ",")
}

// parseHop reads an address that a proxy has added, some with a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plain(address), true
	}
	withPort, err := netip.ParseAddrPort(text)
	return plain(withPort.Addr()), err == nil
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (s *Server) trusts(a netip.Addr) bool {
	for _, proxy := range s.proxies {
		if proxy.Contains(a) {
			return true
		}
	}
	return false
}

// neighbourhood is what one caller may have of addresses: an IPv6 network of 64
// bits is handed out as a whole (RFC 6177), and every loopback address is this
// machine's.
func (o origin) neighbourhood() netip.Prefix {
	bits := o.address.BitLen()
	switch {
	case o.address.Is4() && o.address.IsLoopback():
		bits = 8
	case o.address.Is6():
		bits = 64
	}
	prefix, err := o.address.Prefix(bits)
	if err != nil { // an address that could not be read
		return netip.Prefix{}
	}
	return prefix
}
