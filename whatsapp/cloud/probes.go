package cloud

import (
	"encoding/hex"
	"net/http"
	"net/url"

	"carillon/whatsapp"
)

// EmptyWebhook is a webhook's body that tells nothing. It has the escapes in which
// Meta signs, so that whatever writes the body anew on its way is found out.
const EmptyWebhook = `{"object":"whatsapp_business_account","entry":[],"note":"d\u00e9j\u00e0 vu \/ \ud83d\udc4b"}`

// probeWord is the word that a challenge has to be answered with.
const probeWord = "1158201444"

var _ whatsapp.Prober = Hook{}

// Probes are a verification request, and an empty webhook that is signed and one
// that is not.
func (h Hook) Probes() []whatsapp.Probe { return h.Signing.Probes() }

// Probes are those of the secrets that there are.
func (s Signing) Probes() []whatsapp.Probe {
	var all []whatsapp.Probe
	if s.VerifyToken != "" {
		all = append(all, whatsapp.Probe{Kind: whatsapp.Challenge, Key: "verify_token", Reply: probeWord, Request: whatsapp.Request{
			Method: http.MethodGet,
			Query:  url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {probeWord}, "hub.verify_token": {string(s.VerifyToken)}},
		}})
	}
	if s.Secret == "" {
		return all
	}
	proven := PostProbe(whatsapp.Proven, "app_secret", EmptyWebhook)
	proven.Request.Header.Set(signatureHeader, "sha256="+hex.EncodeToString(s.sum([]byte(EmptyWebhook))))
	return append(all, proven, PostProbe(whatsapp.Unproven, "app_secret", EmptyWebhook))
}

// PostProbe is a webhook with a body and without a proof.
func PostProbe(kind whatsapp.ProbeKind, key, body string) whatsapp.Probe {
	return whatsapp.Probe{Kind: kind, Key: key, Request: whatsapp.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body),
	}}
}
