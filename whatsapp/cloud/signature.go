package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"carillon/whatsapp"
)

// signatureHeader holds "sha256=" and the HMAC of the body in hexadecimal
// (Meta, create-webhook-endpoint page).
const signatureHeader = "X-Hub-Signature-256"

// Signing is how webhooks prove that they come from the provider.
type Signing struct {
	// Secret is the key that bodies are signed with. Without one every body is
	// refused.
	Secret whatsapp.Secret
	// VerifyToken is the word that the verification request has to bring. Without
	// one every such request is refused.
	VerifyToken whatsapp.Secret
}

// Challenge answers the verification request that comes when the webhook is
// saved in the app's dashboard.
func (s Signing) Challenge(query url.Values) (string, error) {
	if query.Get("hub.mode") != "subscribe" {
		return "", fmt.Errorf("%w: hub.mode is not subscribe", whatsapp.ErrRefused)
	}
	if s.VerifyToken == "" {
		return "", fmt.Errorf("%w: no verify_token is configured", whatsapp.ErrRefused)
	}
	if subtle.ConstantTimeCompare([]byte(query.Get("hub.verify_token")), []byte(s.VerifyToken)) != 1 {
		return "", fmt.Errorf("%w: hub.verify_token is another one than the configured verify_token", whatsapp.ErrRefused)
	}
	return query.Get("hub.challenge"), nil
}

// Verify checks the signature over the bytes as they came. They must not be
// decoded and encoded again before: the provider signs its own escapes.
func (s Signing) Verify(header http.Header, body []byte) error {
	if s.Secret == "" {
		return fmt.Errorf("%w: no app_secret is configured", whatsapp.ErrRefused)
	}
	digits, ok := strings.CutPrefix(header.Get(signatureHeader), "sha256=")
	if !ok {
		return fmt.Errorf("%w: no %s header", whatsapp.ErrRefused, signatureHeader)
	}
	claimed, err := hex.DecodeString(digits)
	if err != nil || len(claimed) != sha256.Size {
		return fmt.Errorf("%w: the %s header holds no SHA-256", whatsapp.ErrRefused, signatureHeader)
	}
	if !hmac.Equal(s.sum(body), claimed) {
		return fmt.Errorf("%w: signed with another secret than the configured app_secret", whatsapp.ErrRefused)
	}
	return nil
}

// sum is the signature of a body.
func (s Signing) sum(body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(s.Secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// Hook takes webhooks that are signed as Meta signs them.
type Hook struct {
	Signing
	// Read reads a body that is proven.
	Read func(body []byte) (whatsapp.Events, error)
}

// Receive answers a verification request, which is a GET, with its challenge. Of
// anything else it verifies the signature over the raw body and reads it.
func (h Hook) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	if r.Method == http.MethodGet {
		text, err := h.Challenge(r.Query)
		if err != nil {
			return whatsapp.Events{}, nil, err
		}
		return whatsapp.Events{}, &whatsapp.Reply{Text: text}, nil
	}
	if err := h.Verify(r.Header, r.Body); err != nil {
		return whatsapp.Events{}, nil, err
	}
	events, err := h.Read(r.Body)
	return events, nil, err
}
