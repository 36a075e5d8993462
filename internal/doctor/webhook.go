package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"carillon/whatsapp"
)

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 64 << 10

// address says where webhooks come in.
func (d *doctor) address(context.Context) []whatsapp.Finding {
	var e whatsapp.Examination
	public := d.config.HTTP.PublicURL
	if public == "" {
		e.Doubt("public_url", "http.public_url is not set, so whether webhooks arrive is not looked at", "write the address at which providers reach the server, such as https://carillon.example.com")
		return e.Findings
	}
	u, err := url.Parse(public)
	if err == nil && u.Scheme == "http" && !isLocal(u.Hostname()) {
		e.Doubt("public_url", public+" is without TLS, which providers want", "set up a proxy with TLS, and write its https address")
		return e.Findings
	}
	e.Add("public_url", "webhooks are made at "+d.config.HTTP.Webhooks())
	return e.Findings
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// probe makes webhooks as the provider does, from outside in.
func (d *doctor) probe(ctx context.Context, e *whatsapp.Examination, channel string, provider whatsapp.Provider) {
	prober, probes := provider.(whatsapp.Prober)
	base := d.config.HTTP.Webhooks()
	if !probes || base == "" {
		return
	}
	for _, probe := range prober.Probes() {
		answer, err := d.make(ctx, base+channel, probe.Request)
		if err != nil {
			e.Fault("webhook", "cannot be reached: "+plain(err), "start the server, and see that the proxy passes /webhooks/ on to it")
			return
		}
		if !judge(e, probe, answer) {
			return // the rest fails for the same reason
		}
	}
}

// plain is what went wrong, without the address, which holds the word of a challenge.
func plain(err error) string {
	var wrong *url.Error
	if errors.As(err, &wrong) {
		return wrong.Err.Error()
	}
	return err.Error()
}

// answered is what a webhook was answered.
type answered struct {
	status int
	to     string // of a redirect
	body   string
}

// make makes a webhook.
func (d *doctor) make(ctx context.Context, address string, w whatsapp.Request) (answered, error) {
	r, err := http.NewRequestWithContext(ctx, w.Method, address, bytes.NewReader(w.Body))
	if err != nil {
		return answered{}, err
	}
	r.URL.RawQuery = w.Query.Encode()
	for name, values := range w.Header {
		r.Header[name] = values
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	return answered{answer.StatusCode, answer.Header.Get("Location"), string(body)}, err
}

// judge says what an answer means. goOn is false where another request would tell
// nothing more.
func judge(e *whatsapp.Examination, probe whatsapp.Probe, a answered) (goOn bool) {
	refused := a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
	taken := a.status == http.StatusOK
	switch {
	case !refused && !taken:
		e.Fault("webhook", unanswered(a), "see that the proxy passes /webhooks/ on to the server, and that the server runs with this configuration")
		return false
	case probe.Kind == whatsapp.Challenge && taken && a.body == probe.Reply:
		e.Add("webhook challenge", "is answered")
	case probe.Kind == whatsapp.Challenge && taken:
		e.Fault("webhook challenge", "is answered, but not with its word, so something else answers there", "see that the proxy passes /webhooks/ on to the server, unchanged")
		return false
	case probe.Kind == whatsapp.Challenge:
		e.Fault("webhook challenge", "is refused: the running server has another "+probe.Key, "restart the server")
	case probe.Kind == whatsapp.Proven && taken:
		e.Add("webhook", "what is proven by "+probe.Key+" is accepted")
	case probe.Kind == whatsapp.Proven:
		e.Fault("webhook", "what is proven by "+probe.Key+" is refused: the running server has another one, or the proxy changes the request", "restart the server; have the proxy pass bodies and headers on unchanged")
	case refused:
		e.Add("webhook proof", "what is not proven is refused")
	default:
		e.Fault("webhook proof", "what is not proven is answered 200, so something else answers there", "see that the proxy passes /webhooks/ on to the server, and answers nothing itself")
	}
	return true
}

// unanswered says what it means that neither yes nor no was answered.
func unanswered(a answered) string {
	switch {
	case a.to != "":
		return fmt.Sprintf("is answered with HTTP %d to %s, which no provider follows", a.status, a.to)
	case a.status == http.StatusNotFound:
		return "is not there (HTTP 404): the proxy does not pass it on, or the running server has no such channel"
	case a.status >= http.StatusInternalServerError:
		return strings.TrimSpace(fmt.Sprintf("is answered with HTTP %d: the server does not run or is not ready", a.status))
	}
	return fmt.Sprintf("is answered with HTTP %d", a.status)
}
