package whatsapptest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
)

// forgery changes a proven webhook.
type forgery func(r *whatsapp.Request)

// forged sends what does not come from the provider, and wants nothing of it to
// be believed, whatever the body.
func (s Suite) forged(t *testing.T) {
	bodies := slices.Concat(s.Wire.Webhook(progress(campaign.Delivered, campaign.Failed)), s.Wire.Webhook(words()), [][]byte{nil, []byte("{"), []byte("{}")})
	right := s.Settings(nowhere)
	without := s.with(s.Proof.Key, "")
	for _, body := range bodies {
		for name, forge := range s.forgeries(body) {
			for state, settings := range map[string]whatsapp.Settings{"": right, ", no secret set": without} {
				r := s.proven(body)
				forge(&r)
				s.refuses(t, name+state, settings, r)
			}
		}
		s.refuses(t, "right, no secret set", without, s.proven(body))
	}
}

func (s Suite) refuses(t *testing.T, name string, settings whatsapp.Settings, r whatsapp.Request) {
	t.Helper()
	told, reply, err := s.open(t, settings, whatsapp.Opening{}).(whatsapp.Hook).Receive(r)
	if !errors.Is(err, whatsapp.ErrRefused) {
		t.Errorf("%s: %.80s: got %v", name, r.Body, err)
		return
	}
	if diff := gocmp.Diff(whatsapp.Events{}, told); diff != "" || reply != nil {
		t.Errorf("%s: %.80s: told all the same: %s %v", name, r.Body, diff, reply)
	}
	tellsNone(t, settings, err.Error())
}

// forgeries are the ways in which a body is not proven.
func (s Suite) forgeries(body []byte) map[string]forgery {
	by := func(secret string) forgery {
		return func(r *whatsapp.Request) {
			r.Header, r.Query = http.Header{}, url.Values{}
			s.Proof.Prove(r, secret)
		}
	}
	secret := fields(s.Settings(nowhere))[s.Proof.Key].String()
	all := map[string]forgery{
		"unsigned":            func(r *whatsapp.Request) { r.Header, r.Query = http.Header{}, nil },
		"another secret":      by("other-" + hidden),
		"an empty secret":     by(""),
		"a part of a secret":  by(secret[:len(secret)-1]),
		"more than a secret":  by(secret + "x"),
		"unsigned and a GET":  func(r *whatsapp.Request) { r.Header, r.Query, r.Method = http.Header{}, nil, http.MethodGet },
		"another's challenge": func(r *whatsapp.Request) { *r = challenge() },
	}
	if s.Proof.Whole {
		all["another body"] = func(r *whatsapp.Request) { r.Body = append(bytes.Clone(body), ' ') }
		if len(body) > 0 {
			all["a body that is cut"] = func(r *whatsapp.Request) { r.Body = body[:len(body)-1] }
		}
	}
	for name, values := range s.proven(body).Header {
		if name == "Content-Type" {
			continue
		}
		for i, other := range []string{"", values[0][1:], values[0][:len(values[0])-1], values[0] + "0", " "} {
			all[fmt.Sprintf("%s, %d", name, i)] = func(r *whatsapp.Request) { r.Header.Set(name, other) }
		}
	}
	return all
}

// challenge is a check of the webhook's address with a word that is not ours.
func challenge() whatsapp.Request {
	return whatsapp.Request{Method: http.MethodGet, Header: http.Header{}, Query: url.Values{
		"hub.mode": {"subscribe"}, "hub.verify_token": {"other-" + hidden}, "hub.challenge": {"1158201444"},
	}}
}

// strange sends what is proven and is not as documented.
func (s Suite) strange(t *testing.T) {
	hook := s.hook(t)
	told := progress(campaign.Sent, campaign.Failed)
	told.Receipts[1].Err = &whatsapp.Error{Code: s.unknownCode(), Message: "no"}
	bodies := slices.Concat(s.Wire.Webhook(told), s.Wire.Webhook(words()))
	t.Run("no sense", func(t *testing.T) {
		malformed := []string{"", "{", "<html>", "[]", `"x"`, "1", "{}{", "\x00\xff", page}
		for _, body := range bodies {
			malformed = append(malformed, string(body[:len(body)/2]), string(body)+"}")
		}
		for _, body := range malformed {
			if events, reply, err := hook.Receive(s.proven([]byte(body))); !errors.Is(err, whatsapp.ErrMalformed) {
				t.Errorf("%q: got %+v, %v, %v", body, events, reply, err)
			}
		}
	})
	t.Run("unknown fields", func(t *testing.T) {
		for _, body := range bodies {
			if diff := gocmp.Diff(s.receive(t, hook, body), s.receive(t, hook, grown(t, body))); diff != "" {
				t.Errorf("%s: %s", body, diff)
			}
		}
	})
	t.Run("nothing told", func(t *testing.T) {
		for _, body := range append(s.Wire.Silent(), "{}") {
			if diff := gocmp.Diff(whatsapp.Events{}, s.receive(t, hook, []byte(body))); diff != "" {
				t.Errorf("%s: %s", body, diff)
			}
		}
	})
	t.Run("other types", func(t *testing.T) {
		for _, body := range bodies {
			spoilt(t, body, func(text []byte) { s.receive(t, hook, text) })
		}
	})
	t.Run("nulls", func(t *testing.T) { s.nulls(t, hook) })
}

// nulls has texts hold U+0000: PostgreSQL stores none, and would refuse the
// webhook however often it came.
func (s Suite) nulls(t *testing.T, hook whatsapp.Hook) {
	const nul = "\x00"
	told := progress(campaign.Failed)
	told.Receipts[0].ID, told.Receipts[0].Reference = "id"+nul, nul+reference
	told.Receipts[0].Err = &whatsapp.Error{Code: s.unknownCode(), Message: "n" + nul + "o"}
	told.Inbound = words().Inbound
	for i := range told.Inbound {
		m := &told.Inbound[i]
		m.ID, m.Text, m.Payload, m.ReplyTo = m.ID+nul, nul+m.Text, m.Payload+nul, m.ReplyTo+nul
		m.From.UserID += nul
	}
	got := s.receive(t, hook, s.Wire.Webhook(told)...)
	if text := encode(got); bytes.Contains(text, []byte(`\u0000`)) {
		t.Errorf("a null was kept: %s", text)
	}
}
