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

// originOf reads what proxies tell of the caller from its end: each adds the
// address that it sees, so the first one that is no proxy of ours is the
// caller's. What stands before it the caller may have written himself. The header
// Forwarded (RFC 7239) counts where there is no X-Forwarded-For, which more
// proxies write.
func (s *Server) originOf(r *http.Request) origin {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return origin{tls: r.TLS != nil}
	}
	o := origin{address: plain(peer.Addr()), tls: r.TLS != nil}
	hops, schemes := values(r, "X-Forwarded-For"), values(r, "X-Forwarded-Proto")
	senders, told := forwarded(r)
	if len(hops) == 0 {
		hops = senders
	}
	if !s.trusts(o.address) {
		o.claims = len(hops) > 0
		return o
	}
	for _, scheme := range append(schemes, told...) {
		o.tls = o.tls || strings.EqualFold(scheme, "https")
	}
	for i := len(hops) - 1; i >= 0 && s.trusts(o.address); i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		o.address = hop
	}
	return o
}

// forwarded reads the header Forwarded: for each proxy that has added to it the
// address that it saw, empty where it does not say, and the schemes that were told.
func forwarded(r *http.Request) (senders, schemes []string) {
	for _, hop := range values(r, "Forwarded") {
		sender := ""
		for pair := range strings.SplitSeq(hop, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				sender = value
			case "proto":
				schemes = append(schemes, value)
			}
		}
		senders = append(senders, sender)
	}
	return senders, schemes
}

// values are those of a header that is a list. A comma in quotes parts it, too:
// no address has one.
func values(r *http.Request, name string) (all []string) {
	for value := range strings.SplitSeq(strings.Join(r.Header.Values(name), ","), ",") {
		if value = strings.TrimSpace(value); value != "" {
			all = append(all, value)
		}
	}
	return all
}

// parseHop reads an address that a proxy has added, some with a port.
func parseHop(text string) (netip.Addr, bool) {
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
