package sources

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// reserved is a block of addresses that no list is fetched from.
type reserved struct {
	block string
	what  string
	// private blocks are opened by allow_private. Nothing that hands out lists
	// lives in the others.
	private bool
}

// reservedBlocks are those of the IANA special-purpose address registries, and
// where clouds answer with a machine's own secrets.
func reservedBlocks() []reserved {
	return []reserved{
		{"127.0.0.0/8", "this machine", true},
		{"::1/128", "this machine", true},
		{"10.0.0.0/8", "a private network", true},
		{"172.16.0.0/12", "a private network", true},
		{"192.168.0.0/16", "a private network", true},
		{"fd00:ec2::/32", "a cloud's metadata service", false},
		{"fc00::/7", "a private network", true},
		{"100.100.100.200/32", "a cloud's metadata service", false},
		{"100.64.0.0/10", "a carrier's inner network", true},
		{"64:ff9b::/96", "behind a translator of addresses (NAT64)", true},
		{"64:ff9b:1::/48", "behind a translator of addresses (NAT64)", true},
		{"169.254.0.0/16", "a local link, where metadata services are", false},
		{"fe80::/10", "a local link", false},
		{"168.63.129.16/32", "a cloud's metadata service", false},
		{"192.0.0.0/24", "reserved", false},
		{"0.0.0.0/8", "unspecified", false},
		{"::/128", "unspecified", false},
		{"224.0.0.0/4", "a multicast group", false},
		{"ff00::/8", "a multicast group", false},
		{"240.0.0.0/4", "reserved", false},
		{"192.88.99.0/24", "a relay to other addresses", false},
		{"198.18.0.0/15", "a network for measurements", false},
		{"192.0.2.0/24", "an example's", false},
		{"198.51.100.0/24", "an example's", false},
		{"203.0.113.0/24", "an example's", false},
		{"2001::/23", "reserved", false},
		{"2001:db8::/32", "an example's", false},
		{"3fff::/20", "an example's", false},
		{"2002::/16", "a relay to other addresses", false},
	}
}

// translated is where an IPv4 address stands at the end of each IPv6 address (RFC
// 6052), and is reached by a translator.
const translated = "64:ff9b::/96"

// globalIPv6 is what is handed out of IPv6; all else is reserved.
const globalIPv6 = "2000::/3"

// judge says why no list is fetched from an address; nil if one may be.
func judge(address netip.Addr, allowPrivate bool) error {
	if why := objection(address, allowPrivate); why != "" {
		return refusef("%s is %s", address.Unmap().WithZone(""), why)
	}
	return nil
}

// objection is what an address is that no list is fetched from, and what to do;
// empty if one may be.
func objection(address netip.Addr, allowPrivate bool) string {
	const never = "; lists are not fetched from there"
	address = address.Unmap().WithZone("")
	if netip.MustParsePrefix(translated).Contains(address) {
		within := address.As16()
		if why := objection(netip.AddrFrom4([4]byte(within[12:])), allowPrivate); why != "" {
			return why
		}
	}
	for _, r := range reservedBlocks() {
		if !netip.MustParsePrefix(r.block).Contains(address) {
			continue
		}
		switch {
		case !r.private:
			return r.what + never
		case !allowPrivate:
			return r.what + "; set allow_private if the list is really there"
		}
		return ""
	}
	if address.Is6() && !netip.MustParsePrefix(globalIPv6).Contains(address) {
		return "reserved" + never
	}
	return ""
}

// objectionToHost is the objection to a host that is written as an address; one
// that is a name is looked up when it is dialled, and judged then. The name
// localhost stands for this machine everywhere (RFC 6761, 6.3).
func objectionToHost(host string, allowPrivate bool) string {
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	return objection(address, allowPrivate)
}

// guard judges an address when it is about to be dialled. What a name stood for
// when it was looked up before says nothing: it may stand for another now.
func guard(allowPrivate bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		parsed, err := netip.ParseAddr(host)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		return judge(parsed, allowPrivate)
	}
}
