package simulator

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// vonageDialect is Vonage's Messages API: tokens that an application's key signs,
// numbers without the plus sign, problem documents, and webhooks that tell of one
// message each. Nothing is told of templates, accounts and wishes.
type vonageDialect struct {
	// beta speaks the API before v1: other bodies, and texts alone.
	beta bool
	// key is the application's. It is made when it is first needed.
	key func() *rsa.PrivateKey
}

var _ Dialect = (*vonageDialect)(nil)

func newVonage(beta bool) *vonageDialect {
	return &vonageDialect{beta: beta, key: sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(nil, 2048) // of its own randomness
		if err != nil {
			panic(err) // 2048 bits always do
		}
		return key
	})}
}

func (d *vonageDialect) Name() string {
	if d.beta {
		return "vonage-beta"
	}
	return "vonage"
}

func (d *vonageDialect) About() string {
	const lacks = "no preference, number_change, errors, " + noNews
	if d.beta {
		return "Vonage's Messages API before v1: numbers as objects, a body's texts alone; " + lacks
	}
	return "Vonage's Messages API v1: signed tokens both ways, one message in each webhook, 1300 for 131026; " + lacks
}

func (*vonageDialect) lacks() []string {
	return append([]string{preference, numberChange, numberErrors}, platformNews...)
}

func (*vonageDialect) alone() bool { return true }

// vonageNamespace is that of all templates.
const vonageNamespace = "simulated_namespace"

func (d *vonageDialect) settings(o Options, base string) map[string]string {
	der, err := x509.MarshalPKCS8PrivateKey(d.key())
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return map[string]string{
		"base_url": base, "application_id": applicationOf(o), "sender": cmp.Or(o.PhoneNumberID, displayNumber),
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"namespace":   vonageNamespace, "signature_secret": o.AppSecret,
	}
}

// applicationOf is the application that goes with an access token.
func applicationOf(o Options) string {
	digits := strconv.FormatUint(1e15+hash(hashStart, o.AccessToken)%9e15, 16)
	return "aaaaaaaa-bbbb-4ccc-8ddd-" + digits[:12]
}

func (d *vonageDialect) routes() []string {
	if d.beta {
		return []string{"POST /beta/messages", "POST /v0.1/messages"}
	}
	return []string{"POST /v1/messages"}
}

// knows reports whether a request comes from the application: its token is signed
// with the key of the settings, or with the one whose public half is the access
// token.
func (d *vonageDialect) knows(r *http.Request, o Options) bool {
	if o.AccessToken == "" {
		return true
	}
	key, of := &d.key().PublicKey, applicationOf(o)
	if public, err := jwt.ParseRSAPublicKeyFromPEM([]byte(o.AccessToken)); err == nil {
		key, of = public, ""
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var claims jwt.MapClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	return bearer && err == nil && (of == "" || claims["application_id"] == of)
}

func (*vonageDialect) accept(_ request, id string, _ decision) answer {
	return answer{status: http.StatusAccepted, kind: "application/json", body: jsonOf(object{"message_uuid": id})}
}

func jsonOf(value object) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return text
}

// vonageProblem is a problem document. Without a code it is about the request and
// not about the message.
type vonageProblem struct {
	status, code   int
	title, details string
}

func (d *vonageDialect) refuse(no refusal) answer {
	switch no.reason {
	case timedOut:
		return timeoutAnswer()
	case gatewayDown:
		return gatewayAnswer()
	}
	p := d.problemOf(no)
	kind := "https://developer.vonage.com/api-errors"
	if p.code != 0 {
		kind = d.errorType(p.code)
	}
	return answer{
		status: p.status, kind: "application/problem+json", code: cmp.Or(p.code, p.status), retryAfter: no.wait,
		body: jsonOf(object{"type": kind, "title": p.title, "detail": cmp.Or(no.details, p.details), "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf"}),
	}
}

// errorType is the page about an error.
func (d *vonageDialect) errorType(code int) string {
	page := "https://developer.vonage.com/api-errors/messages#"
	if d.beta {
		page = "https://developer.nexmo.com/api-errors/messages-olympus#"
	}
	return page + strconv.Itoa(code)
}

// problemOf words a reason. The beta has 400 for 422.
func (d *vonageDialect) problemOf(no refusal) vonageProblem {
	wrong := http.StatusUnprocessableEntity
	if d.beta {
		wrong = http.StatusBadRequest
	}
	switch no.reason {
	case badToken:
		return vonageProblem{http.StatusUnauthorized, 0, "Unauthorized", "You did not provide correct credentials."}
	case noSuchPath:
		if no.details != "" {
			return vonageProblem{wrong, 1120, "Illegal Sender Address - rejected", ""}
		}
		return vonageProblem{http.StatusNotFound, 0, "Not Found", "There is nothing at this address."}
	case unsupported:
		return vonageProblem{wrong, 1040, "Invalid message", "This kind of message is not taken."}
	case missingText:
		return vonageProblem{wrong, 1010, "Missing params", "A parameter of the template is empty."}
	case forbiddenText:
		return vonageProblem{wrong, 1020, "Invalid params", "A parameter has a line break, a tab or too many spaces."}
	case invalidRecipient:
		if no.coin {
			return vonageProblem{wrong, 1170, "Invalid or Missing Msisdn Param", ""}
		}
		return vonageProblem{wrong, 1430, "Invalid recipient", ""}
	case overRate: // one half of each
		if no.coin {
			return vonageProblem{http.StatusTooManyRequests, 1000, "Throttled", "You have exceeded the submission capacity of this account."}
		}
		return vonageProblem{http.StatusTooManyRequests, 0, "Rate Limit Hit", "Please wait, then retry your request."}
	case noSuchMedia:
		return vonageProblem{http.StatusUnprocessableEntity, 1380, "Invalid resource", "The file is not there."}
	case slowTemplate:
		return vonageProblem{http.StatusTooManyRequests, 1000, "Throttled", "This template was sent too often."}
	case outOfService:
		return vonageProblem{http.StatusServiceUnavailable, 1100, "Communication Failed", "The message was not submitted."}
	}
	return vonageProblem{wrong, 1020, "Invalid params", "The value of one or more parameters is invalid."}
}

// The codes of messages that failed in the end. WhatsApp's cap on marketing has
// none of Vonage's own.
const (
	vonageNotSubmitted = 1100
	vonageNoUser       = 1300
	vonageUnknown      = 1330
	vonageNoWindow     = 1340
)

func (*vonageDialect) failure(fate fault) int {
	switch fate {
	case undeliverable:
		return vonageNoUser
	case marketingCap:
		return vonageUnknown
	case outsideWindow:
		return vonageNoWindow
	}
	return vonageNotSubmitted
}
