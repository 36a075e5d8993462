package cloud

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"carillon/whatsapp"
)

// challenge is the answer to a verification request.
func challenge(client *Client, query url.Values) (string, error) {
	_, reply, err := client.Receive(whatsapp.Request{Method: http.MethodGet, Query: query})
	if err != nil {
		return "", err
	}
	return reply.Text, nil
}

func TestChallenge(t *testing.T) {
	asked := func(mode, token string) url.Values {
		return url.Values{"hub.mode": {mode}, "hub.verify_token": {token}, "hub.challenge": {"1158201444"}}
	}
	for name, test := range map[string]struct {
		query  url.Values
		change func(*Settings)
		ok     bool
	}{
		"right":              {asked("subscribe", "verify-1"), nil, true},
		"wrong token":        {asked("subscribe", "verify-2"), nil, false},
		"shorter token":      {asked("subscribe", "verify"), nil, false},
		"no token":           {asked("subscribe", ""), nil, false},
		"wrong mode":         {asked("unsubscribe", "verify-1"), nil, false},
		"nothing":            {nil, nil, false},
		"nothing configured": {asked("subscribe", ""), func(o *Settings) { o.VerifyToken = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := challenge(newClient(t, "https://example.com", test.change), test.query)
			if test.ok && (err != nil || got != "1158201444") {
				t.Errorf("got %q, %v", got, err)
			}
			if !test.ok && (!errors.Is(err, whatsapp.ErrRefused) || got != "") {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "verify-1") {
				t.Errorf("%q tells the token", err)
			}
		})
	}
}

func TestSignature(t *testing.T) {
	body := fixture(t, "inbound_escaped.json")
	header := func(value string) http.Header { return http.Header{"X-Hub-Signature-256": {value}} }
	right := signed(appSecret, body).Get(signatureHeader)
	for name, test := range map[string]struct {
		header http.Header
		body   []byte
		ok     bool
	}{
		"right":             {signed(appSecret, body), body, true},
		"upper-case digits": {header("sha256=" + strings.ToUpper(strings.TrimPrefix(right, "sha256="))), body, true},
		"no prefix":         {header(strings.TrimPrefix(right, "sha256=")), body, false},
		"another hash":      {header("sha1=" + strings.TrimPrefix(right, "sha256=")), body, false},
		"too short":         {header(right[:len(right)-2]), body, false},
		"no digits":         {header("sha256=" + strings.Repeat("zz", 32)), body, false},
		"body unescaped":    {signed(appSecret, body), []byte(strings.ReplaceAll(string(body), `\/`, "/")), false},
	} {
		t.Run(name, func(t *testing.T) {
			events, _, err := newClient(t, "https://example.com", nil).Receive(whatsapp.Request{Method: http.MethodPost, Header: test.header, Body: test.body})
			if test.ok && (err != nil || len(events.Inbound) == 0) {
				t.Errorf("got %d messages, %v", len(events.Inbound), err)
			}
			if !test.ok && !errors.Is(err, whatsapp.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
}
