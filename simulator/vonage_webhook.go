package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"carillon/campaign"
)

// webhook tells the first of a list, which is all there is.
func (d *vonageDialect) webhook(_ string, list []telling) []byte {
	if t := list[0]; t.said == nil {
		return jsonOf(d.status(t))
	}
	return jsonOf(d.words(list[0]))
}

// status is a receipt (Vonage, message status of v1 and of v0.1).
func (d *vonageDialect) status(t telling) object {
	status := d.about(t, t.number, t.phone[1:])
	status["message_uuid"], status["status"] = t.id, vonageStatus(t)
	if t.reference != "" {
		status["client_ref"] = t.reference
	}
	digits := waID(t.phone, t.twin)
	switch {
	case d.beta && t.hidden:
		delete(status, "to")
	case d.beta:
		status["to"] = d.party(digits)
	case t.hidden:
		delete(status, "to")
		status["whatsapp"] = object{"recipient": object{"user_id": userID(t.phone)}}
	default:
		status["whatsapp"] = object{"recipient": object{"wa_id": digits, "user_id": userID(t.phone)}}
	}
	if t.status == campaign.Failed {
		status["error"] = d.failed(t)
	}
	return status
}

// vonageStatus is the word for a status. What did not reach WhatsApp has one of
// its own.
func vonageStatus(t telling) string {
	switch {
	case t.status == campaign.Sent:
		return "submitted"
	case t.status == campaign.Failed && t.code == vonageNotSubmitted:
		return "undeliverable"
	case t.status == campaign.Failed:
		return "rejected"
	}
	return t.status.String()
}

// failed is the error of a receipt. In v1 its title is the code: one half of them
// as a number, the other as a text.
func (d *vonageDialect) failed(t telling) object {
	words := "The message was not accepted by WhatsApp."
	if t.code == vonageNoUser {
		words = "The number is not a user of WhatsApp."
	}
	if d.beta {
		return object{"code": t.code, "reason": words}
	}
	failed := object{"type": d.errorType(t.code), "title": t.code, "detail": words, "instance": t.id}
	if mix(hash(hashStart, t.phone))&1 == 1 {
		failed["title"] = strconv.Itoa(t.code)
	}
	return failed
}

// about is what all that is told has.
func (d *vonageDialect) about(t telling, from, to string) object {
	about := object{"from": d.party(from), "to": d.party(to), "timestamp": t.at.UTC().Format("2006-01-02T15:04:05.000Z")}
	if !d.beta {
		about["channel"] = "whatsapp"
	}
	return about
}

// party is a number as it is told.
func (d *vonageDialect) party(number string) any {
	if d.beta {
		return object{"type": "whatsapp", "number": number}
	}
	return number
}

// words are what a person says (Vonage, inbound message of v1 and of v0.1).
func (d *vonageDialect) words(t telling) object {
	say := t.said
	told := d.about(t, say.From, t.number)
	told["message_uuid"] = say.ID
	if say.Hidden {
		delete(told, "from")
	}
	if say.Message != "" && say.quotes {
		told["context"] = object{"message_uuid": say.Message, "message_from": t.number}
	}
	kind, content := "text", object{"text": say.text}
	if say.Kind == Press {
		kind, content = "button", object{"button": object{"payload": say.payload, "text": say.text}}
	}
	if d.beta {
		content["type"] = kind
		told["direction"], told["message"] = "inbound", object{"content": content}
		return told
	}
	told["message_type"], told["profile"] = kind, object{"name": profileName(say.Person)}
	for key, value := range content {
		told[key] = value
	}
	return told
}

// sign adds a token of the body (Vonage, signed webhooks).
func (*vonageDialect) sign(h http.Header, o Options, body []byte) {
	if o.AppSecret == "" {
		return
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "Vonage", "iat": time.Now().Unix(), "jti": digest[:32], "api_key": "abcd1234", "payload_hash": digest,
	}).SignedString([]byte(o.AppSecret))
	if err != nil {
		panic(err) // any secret signs
	}
	h.Set("Authorization", "Bearer "+token)
}
