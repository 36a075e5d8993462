package vonage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"carillon/whatsapp"
)

const (
	// clockSkew is what the clocks may differ.
	clockSkew = time.Minute
	// fresh is how old a token may be that says nothing of the body.
	fresh = 5 * time.Minute
)

// hook takes webhooks that a token proves (Vonage, signed webhooks).
type hook struct {
	secret whatsapp.Secret
	now    func() time.Time
}

// claims are what a webhook's token says.
type claims struct {
	jwt.RegisteredClaims
	// PayloadHash is the SHA-256 of the body in hexadecimal.
	PayloadHash string `json:"payload_hash"`
}

// Receive verifies the token over the raw body and reads it. There is no
// verification request.
func (h hook) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	if r.Method != http.MethodPost {
		return whatsapp.Events{}, nil, fmt.Errorf("%w: a webhook is a POST", whatsapp.ErrRefused)
	}
	if err := h.verify(r.Header, r.Body); err != nil {
		return whatsapp.Events{}, nil, err
	}
	events, err := read(r.Body)
	return events, nil, err
}

// verify wants a token that is signed with the secret by HMAC-SHA256 and by nothing
// else, that is not over, and that is of this body. One that says nothing of the
// body could be put before any other, so it has to be fresh.
func (h hook) verify(header http.Header, body []byte) error {
	if h.secret == "" {
		return fmt.Errorf("%w: no signature_secret is configured", whatsapp.ErrRefused)
	}
	token, ok := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !ok {
		return fmt.Errorf("%w: no token in the Authorization header; have Vonage sign webhooks", whatsapp.ErrRefused)
	}
	var told claims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithTimeFunc(h.now), jwt.WithStrictDecoding())
	_, err := parser.ParseWithClaims(token, &told, func(*jwt.Token) (any, error) { return []byte(h.secret), nil })
	if err != nil {
		return fmt.Errorf("%w: the token in the Authorization header: %w", whatsapp.ErrRefused, err)
	}
	if told.PayloadHash == "" {
		if told.IssuedAt == nil || h.now().Sub(told.IssuedAt.Time) > fresh {
			return fmt.Errorf("%w: the token says nothing of the body, and was not made within the last %v", whatsapp.ErrRefused, fresh)
		}
		return nil
	}
	hash := sha256.Sum256(body)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(told.PayloadHash)), []byte(hex.EncodeToString(hash[:]))) != 1 {
		return fmt.Errorf("%w: the token is of another body", whatsapp.ErrRefused)
	}
	return nil
}
