package sources

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	const public, private, never = "public", "private", "never"
	for address, want := range map[string]string{
		"8.8.8.8": public, "93.184.215.14": public, "172.32.0.1": public, "100.128.0.1": public, "192.169.0.1": public,
		"2606:4700:4700::1111": public, "2a00:1450:4001::1": public, "::ffff:8.8.8.8": public,
		"127.0.0.1": private, "127.9.9.9": private, "::1": private, "::ffff:127.0.0.1": private,
		"10.0.0.1": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private, "::ffff:10.1.2.3": private,
		"100.64.0.1": private, "100.127.255.255": private, "fd12:3456::1": private, "fc00::1": private,
		"64:ff9b::a00:1": private, "64:ff9b:1::1": private,
		"64:ff9b::a9fe:a9fe": never, "64:ff9b::808:808": private, "64:ff9b::7f00:1": private, "64:ff9b::e000:1": never,
		"169.254.169.254": never, "::ffff:169.254.169.254": never, "169.254.0.1": never, "100.100.100.200": never, "168.63.129.16": never,
		"fd00:ec2::254": never, "fe80::1": never, "fe80::1%eth0": never,
		"0.0.0.0": never, "0.1.2.3": never, "::": never, "::ffff:0.0.0.0": never, "224.0.0.1": never, "239.255.255.255": never, "ff02::1": never,
		"255.255.255.255": never, "240.0.0.1": never, "192.0.0.192": never, "192.0.2.1": never, "198.18.0.1": never, "203.0.113.9": never,
		"::7f00:1": never, "2002:7f00:1::": never, "2001::1": never, "2001:db8::1": never, "5f00::1": never,
	} {
		parsed := netip.MustParseAddr(address)
		closed, open := judge(parsed, false), judge(parsed, true)
		if (closed == nil) != (want == public) || (open == nil) != (want != never) {
			t.Errorf("%s should be %s: %v; with allow_private: %v", address, want, closed, open)
		}
		for _, err := range []error{closed, open} {
			if err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v is not for good", address, err)
			}
		}
	}
}

// The blocks have to cover at least what Go's own library calls local.
func TestNoLocalAddressIsPublic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var address netip.Addr
		if bytes := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"); rapid.Bool().Draw(t, "four") {
			address = netip.AddrFrom4([4]byte(bytes))
		} else {
			address = netip.AddrFrom16([16]byte(bytes))
		}
		if judge(address, false) == nil && (!address.IsGlobalUnicast() || address.IsPrivate()) {
			t.Errorf("%s is taken for public", address)
		}
	})
}
