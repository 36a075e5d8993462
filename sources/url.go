package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"carillon/campaign"
)

const (
	// maxRedirects is how many are followed; ours.
	maxRedirects = 5
	// dialTimeout is how long a connection may take; ours.
	dialTimeout = 30 * time.Second
)

// download writes what an address answers with.
func download(ctx context.Context, src campaign.Source, o Options, to io.Writer) error {
	first, err := url.Parse(src.URL)
	if err != nil {
		return refusef("url is not an http or https address; write it like https://host/list.csv")
	}
	transport := newTransport(src.AllowPrivate, o.Resolver)
	defer transport.CloseIdleConnections()
	answer, err := follow(ctx, transport, first, src.Headers)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answered %d %s; check that the list is there, and that the headers give access to it",
			answer.Request.Host, answer.StatusCode, http.StatusText(answer.StatusCode))
	case endless(answer):
		return fmt.Errorf("%s does not say how long its answer is, so a truncated list would go unnoticed; make it send Content-Length",
			answer.Request.Host)
	}
	if _, err := io.Copy(to, answer.Body); err != nil {
		return fmt.Errorf("the answer of %s broke off: %w", answer.Request.Host, err)
	}
	return nil
}

// endless reports whether only the end of the connection ends an answer.
func endless(answer *http.Response) bool {
	return answer.ContentLength < 0 && len(answer.TransferEncoding) == 0 && answer.ProtoMajor == 1 && !answer.Uncompressed
}

// newTransport goes straight to the host: a proxy would look names up itself,
// out of the guard's sight.
func newTransport(allowPrivate bool, resolver *net.Resolver) *http.Transport {
	dialer := net.Dialer{Timeout: dialTimeout, Resolver: resolver, ControlContext: guard(allowPrivate)}
	return &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true}
}

// follow returns the first answer that is no redirect. The headers go to the
// first host alone: what is led elsewhere goes on without them, even back.
// http.Client would take those along that it does not know for secrets.
func follow(ctx context.Context, transport http.RoundTripper, at *url.URL, headers map[string]string) (*http.Response, error) {
	for range maxRedirects + 1 {
		answer, err := get(ctx, transport, at, headers)
		if err != nil {
			return nil, err
		}
		if !isRedirect(answer.StatusCode) {
			return answer, nil
		}
		_ = answer.Body.Close() // the list is elsewhere
		next, err := redirect(at, answer.Header.Get("Location"))
		if err != nil {
			return nil, err
		}
		if next.Scheme != at.Scheme || next.Host != at.Host {
			headers = nil
		}
		at = next
	}
	return nil, fmt.Errorf("there are more than %d redirects; write the final address", maxRedirects)
}

func get(ctx context.Context, transport http.RoundTripper, at *url.URL, headers map[string]string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, errors.New("url is not an http or https address; write it like https://host/list.csv")
	}
	request.Header.Set("User-Agent", "carillon")
	if password, ok := at.User.Password(); ok || at.User != nil {
		request.SetBasicAuth(at.User.Username(), password)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w", at.Host, err)
	}
	return answer, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect is where an answer leads to. Its text may hold a secret, so no error
// repeats it.
func redirect(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	switch {
	case location == "" || err != nil || to.Hostname() == "" || to.Scheme != "http" && to.Scheme != "https":
		return nil, fmt.Errorf("%s redirects to an address that is not http or https; write the address of the list", from.Host)
	case from.Scheme == "https" && to.Scheme == "http":
		return nil, fmt.Errorf("%s redirects from https to http, where the list could be changed on the way; write an https address", from.Host)
	}
	return to, nil
}
