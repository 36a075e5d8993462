package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	s := &Server{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, test := range map[string]struct {
		peer          string
		addresses     []string // of X-Forwarded-For, one for each line
		scheme        string   // of X-Forwarded-Proto
		forwarded     []string // of Forwarded, one for each line
		direct        bool     // by TLS to us
		from          string   // the network that waits together
		tls, disputed bool
	}{
		"a stranger":                {peer: "203.0.113.7:1", from: "203.0.113.7/32"},
		"a stranger by TLS":         {peer: "203.0.113.7:1", direct: true, from: "203.0.113.7/32", tls: true},
		"a stranger's claims":       {peer: "203.0.113.7:1", addresses: []string{"8.8.8.8"}, scheme: "https", from: "203.0.113.7/32", disputed: true},
		"a proxy":                   {peer: "127.0.0.1:1", addresses: []string{"203.0.113.7"}, scheme: "https", from: "203.0.113.7/32", tls: true},
		"a proxy without TLS":       {peer: "127.0.0.1:1", addresses: []string{"203.0.113.7"}, scheme: "http", from: "203.0.113.7/32"},
		"what the caller has added": {peer: "10.0.0.1:1", addresses: []string{"8.8.8.8, 203.0.113.7"}, from: "203.0.113.7/32"},
		"on a line of its own":      {peer: "10.0.0.1:1", addresses: []string{"8.8.8.8", "203.0.113.7"}, from: "203.0.113.7/32"},
		"two proxies":               {peer: "127.0.0.1:1", addresses: []string{"8.8.8.8, 203.0.113.7, 10.1.2.3"}, scheme: "https, http", from: "203.0.113.7/32", tls: true},
		"proxies alone":             {peer: "127.0.0.1:1", addresses: []string{"10.9.9.9, 10.1.2.3"}, from: "10.9.9.9/32"},
		"a proxy that says nothing": {peer: "127.3.2.1:1", from: "127.0.0.0/8"},
		"what is no address":        {peer: "10.0.0.1:1", addresses: []string{"203.0.113.7, unknown"}, from: "10.0.0.1/32"},
		"with a port":               {peer: "10.0.0.1:1", addresses: []string{"203.0.113.7:4711"}, from: "203.0.113.7/32"},
		"IPv6":                      {peer: "[2001:db8:1:2:3::4]:1", from: "2001:db8:1:2::/64"},
		"IPv6 by a proxy":           {peer: "[fd00::1]:1", addresses: []string{"[2001:db8:1:2:3::4]:80"}, scheme: "HTTPS", from: "2001:db8:1:2::/64", tls: true},
		"IPv4 in IPv6":              {peer: "[::ffff:10.0.0.1]:1", addresses: []string{"::ffff:203.0.113.7"}, from: "203.0.113.7/32"},
		"IPv6 with a zone":          {peer: "[fe80::1%eth0]:1", from: "fe80::/64"},
		"Forwarded":                 {peer: "10.0.0.1:1", forwarded: []string{`for=203.0.113.7;proto=https;by=10.0.0.1`}, from: "203.0.113.7/32", tls: true},
		"Forwarded, two proxies":    {peer: "127.0.0.1:1", forwarded: []string{`for=8.8.8.8, For="203.0.113.7:4711"; Proto="HTTPS"`, `for=10.1.2.3;proto=http`}, from: "203.0.113.7/32", tls: true},
		"Forwarded, IPv6":           {peer: "127.0.0.1:1", forwarded: []string{`proto=http;for="[2001:db8:1:2:3::4]:4711"`}, from: "2001:db8:1:2::/64"},
		"Forwarded, hidden":         {peer: "10.0.0.1:1", forwarded: []string{`for=203.0.113.7, for=_gazonk`}, from: "10.0.0.1/32"},
		"Forwarded, without for":    {peer: "10.0.0.1:1", forwarded: []string{`for=203.0.113.7, proto=https`}, from: "10.0.0.1/32", tls: true},
		"Forwarded by a stranger":   {peer: "203.0.113.7:1", forwarded: []string{`for=8.8.8.8;proto=https`}, from: "203.0.113.7/32", disputed: true},
		"Forwarded by the caller":   {peer: "10.0.0.1:1", addresses: []string{"203.0.113.7"}, forwarded: []string{`for=8.8.8.8`}, from: "203.0.113.7/32"},
		"Forwarded, broken":         {peer: "10.0.0.1:1", forwarded: []string{`;;=;for;"proto=https`}, from: "10.0.0.1/32"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			r.Header["X-Forwarded-For"], r.Header["Forwarded"] = test.addresses, test.forwarded
			if test.scheme != "" {
				r.Header.Set("X-Forwarded-Proto", test.scheme)
			}
			if test.direct {
				r.TLS = &tls.ConnectionState{}
			}
			got := s.originOf(r)
			if network := got.neighbourhood().String(); network != test.from || got.tls != test.tls || got.claims != test.disputed {
				t.Errorf("got %s of %+v, want %+v", network, got, test)
			}
		})
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "@"
	if got := s.originOf(r).neighbourhood(); got != (netip.Prefix{}) {
		t.Errorf("what has no address is %s", got)
	}
}

// The cookie goes back by TLS alone where it came by it; who is not trusted
// cannot claim that.
func TestCookieIsSecureByTLS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		proxies []string
		scheme  string
		want    bool
	}{
		"plain":               {[]string{"127.0.0.0/8"}, "", false},
		"a trusted proxy":     {[]string{"127.0.0.0/8"}, "https", true},
		"a proxy without TLS": {[]string{"127.0.0.0/8"}, "http", false},
		"anybody":             {[]string{"10.0.0.0/8"}, "https", false},
		"nobody is trusted":   {nil, "https", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, func(o *Options) {
				o.Tokens = threeTokens()
				for _, proxy := range test.proxies {
					o.Proxies = append(o.Proxies, netip.MustParsePrefix(proxy))
				}
			})
			c := call{method: "POST", path: "/login", header: form(), body: strings.NewReader("token=" + viewerToken)}
			if test.scheme != "" {
				c.header["X-Forwarded-Proto"] = test.scheme
			}
			answer := f.do(c)
			wantStatus(t, answer, http.StatusSeeOther)
			cookie := (&http.Response{Header: answer.header}).Cookies()[0]
			if cookie.Secure != test.want || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("the cookie is %s", answer.header.Get("Set-Cookie"))
			}
		})
	}
}
