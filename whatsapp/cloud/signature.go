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

// Challenge answers the verification request that comes when the webhook is
// saved in the app's dashboard. Without a VerifyToken it refuses every one.
func (c *Client) Challenge(query url.Values) (string, error) {
	if query.Get("hub.mode") != "subscribe" {
		return "", fmt.Errorf("%w: hub.mode is not subscribe", whatsapp.ErrRefused)
	}
	if c.verifyToken == "" {
		return "", fmt.Errorf("%w: no verify_token is configured", whatsapp.ErrRefused)
	}
	if subtle.ConstantTimeCompare([]byte(query.Get("hub.verify_token")), []byte(c.verifyToken)) != 1 {
		return "", fmt.Errorf("%w: hub.verify_token is another one than the configured verify_token", whatsapp.ErrRefused)
	}
	return query.Get("hub.challenge"), nil
}

// verify checks the signature over the bytes as they came. They must not be
// decoded and encoded again before: the provider signs its own escapes.
func (c *Client) verify(header http.Header, body []byte) error {
	if len(c.appSecrets) == 0 {
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
	for _, secret := range c.appSecrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), claimed) {
			return nil
		}
	}
	return fmt.Errorf("%w: signed with none of the configured app secrets", whatsapp.ErrRefused)
}

// appOf names an app by its secrets without telling them: by their hash.
func appOf(secrets [][]byte) string {
	hash := sha256.New()
	for _, secret := range secrets {
		each := sha256.Sum256(secret)
		hash.Write(each[:])
	}
	return "cloud " + hex.EncodeToString(hash.Sum(nil))
}
