package vonage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// Examine asks by a message that says nothing and is for nobody whether the
// application's key is accepted. Whether the number is linked to the application,
// Vonage tells only of a message.
func (c *Client) Examine(ctx context.Context, _ string) (e whatsapp.Examination) {
	began := time.Now()
	answer, refusal := c.postTwice(ctx, []byte("{}"))
	if refusal == nil {
		e.Clock.Read(answer.Header, began, time.Now())
		_, refusal = result(answer, time.Now())
	}
	cloud.EmptyRefused(&e, refusal)
	return e
}

// emptyWebhook is a body that tells of no message.
const emptyWebhook = `{"channel":"whatsapp","note":"d\u00e9j\u00e0 vu \/"}`

// Probes are an empty webhook with a token and one without.
func (h hook) Probes() []whatsapp.Probe {
	const key = "signature_secret"
	proven := cloud.PostProbe(whatsapp.Proven, key, emptyWebhook)
	sum := sha256.Sum256([]byte(emptyWebhook))
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "carillon doctor", "iat": h.now().Unix(), "jti": rand.Text(), "payload_hash": hex.EncodeToString(sum[:]),
	}).SignedString([]byte(h.secret))
	if err != nil {
		panic(err) // any secret signs
	}
	proven.Request.Header.Set("Authorization", "Bearer "+token)
	return []whatsapp.Probe{proven, cloud.PostProbe(whatsapp.Unproven, key, emptyWebhook)}
}
