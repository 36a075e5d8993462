package whatsapptest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// Wire is how a provider talks over HTTP: it reads requests, and writes answers
// and webhooks. It shares no code with the provider's folder.
type Wire interface {
	// Read reads a request for a message, of any content that the provider takes.
	// The number is as it is written there, a template's components are in the Cloud
	// API's words.
	Read(r *http.Request, body []byte) (whatsapp.Message, error)
	// Accept is the answer to a message that is taken. It tells of the recipient
	// what the provider tells.
	Accept(a whatsapp.Accepted) Answer
	// Refuse is the answer to a message that is refused for a fault with a code.
	Refuse(f codes.Fault) Answer
	// Webhook writes receipts and what people say, in their order, as the bodies of
	// webhooks. Of a failure's error the code and the message are told; without an
	// error none is. What people say has the type text or button.
	Webhook(e whatsapp.Events) [][]byte
	// Silent lists bodies that make sense and tell nothing: unknown statuses and
	// kinds, empty lists, values of other types than documented.
	Silent() []string
}

// Preparer is a Wire whose provider makes a request before that for a message.
// Whatever becomes of it, the message was not sent yet.
type Preparer interface {
	// Prepared answers such a request; ok is false for any other.
	Prepared(r *http.Request, body []byte) (a Answer, ok bool)
}

// Answer is what an API answers.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

func (a Answer) write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write([]byte(a.Body)) // the client may have hung up
}

// Proof is how a webhook proves that it comes from the provider.
type Proof struct {
	// Key is the key of the settings that holds the secret.
	Key string
	// Prove adds to a request, which has its body, what the secret makes of it.
	Prove func(r *whatsapp.Request, secret string)
	// Whole says that the body is proven, and not only who calls.
	Whole bool
}

// Signature is the proof of Meta's own webhooks: the HMAC-SHA256 of the body in
// X-Hub-Signature-256 (Meta, create-webhook-endpoint page).
func Signature(key string) Proof {
	return Proof{Key: key, Whole: true, Prove: func(r *whatsapp.Request, secret string) {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(r.Body)
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}}
}

// SecretHeader is the proof of a service that repeats a secret in a header.
func SecretHeader(key, header string) Proof {
	return Proof{Key: key, Prove: func(r *whatsapp.Request, secret string) { r.Header.Set(header, secret) }}
}
