package configs

import (
	"fmt"
	"net/netip"
	"strings"
)

// defaultProxies are those of this machine: the proxy that speaks TLS is most
// often there, and whoever else is there can take any loopback address anyway.
func defaultProxies() []string { return []string{"127.0.0.0/8", "::1"} }

// Proxies returns the networks of the trusted proxies; an address is a network
// of its own. Load has seen that all can be read.
func (h HTTP) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range h.TrustedProxies {
		if prefix, err := parseProxy(text); err == nil {
			all = append(all, prefix)
		}
	}
	return all
}

func parseProxy(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		return prefix.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("no address: %w", err)
	}
	address = address.Unmap()
	return address.Prefix(address.BitLen())
}

func checkProxies(proxies []string, found *mistakes) {
	for i, text := range proxies {
		at := fmt.Sprintf("http.trusted_proxies[%d]", i)
		prefix, err := parseProxy(text)
		found.need(err == nil, at, "is neither an address nor a network; write one such as 10.0.0.5 or 10.0.0.0/8")
		if err == nil && prefix.Bits() == 0 {
			found.fault(at, "trusts everybody, so anybody could claim any address; write the proxy's own")
		}
	}
}
