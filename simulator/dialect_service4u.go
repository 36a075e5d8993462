package simulator

import (
	"net/http"
	"strconv"

	"carillon/campaign"
)

// service4uDialect is Service4U's WhatsApp API: the Cloud API's bodies, sent
// from a number instead of its id. References are not echoed, and one half of
// the webhooks comes flat, without the Cloud API's envelope. Its documentation
// tells of messages and their statuses alone.
type service4uDialect struct{}

var _ Dialect = service4uDialect{}

func (service4uDialect) Name() string { return "service4u" }

func (service4uDialect) About() string {
	return "Service4U: a number in the path, some webhooks flat, references not echoed, 1026 for 131026; no preference, " + noNews
}

func (service4uDialect) alone() bool { return false }

func (service4uDialect) lacks() []string { return append([]string{preference}, platformNews...) }

func (service4uDialect) settings(o Options, base string) map[string]string {
	sender := o.PhoneNumberID
	if sender == "" {
		sender = displayNumber
	}
	return map[string]string{
		"base_url": base, "sender": sender,
		"access_token": o.AccessToken, "app_secret": o.AppSecret, "verify_token": "any-word",
	}
}

func (service4uDialect) routes() []string { return []string{"POST /{number}/messages"} }

func (service4uDialect) decode(r *http.Request, o Options) (request, *refusal) {
	m, no := decodeBearer(r, o)
	if no == nil && !m.read && !campaign.IsNumber(m.phone) { // its documentation knows numbers alone
		return request{}, malformed("The parameter to is required.")
	}
	return m, no
}

func (service4uDialect) accept(m request, id string, d decision) answer { return acceptCloud(m, id, d) }

func (service4uDialect) refuse(no refusal) answer { return refuseCloud(no) }

// receiverIncapable is the code that Service4U's documentation has for a message
// that the person's WhatsApp could not take.
const receiverIncapable = 1026

func (service4uDialect) failure(fate fault) int {
	if fate == undeliverable {
		return receiverIncapable
	}
	return cloudFailure(fate)
}

func (service4uDialect) sign(h http.Header, o Options, body []byte) { signCloud(h, o, body) }

// webhook is flat by a coin that falls for the first that is told. Errors of a
// number have no flat form, and a flat one does not say whose it is: numbers do
// not share it.
func (service4uDialect) webhook(account string, list []telling) []byte {
	first := list[0]
	word := first.phone + first.status.String()
	if first.said != nil {
		word = first.said.Person + string(first.said.Kind)
	}
	flat := mix(hash(hashStart, word))&1 == 1
	for i := range list {
		t := &list[i]
		flat = flat && t.number == first.number && (t.said == nil || t.said.notice == nil)
		t.reference, t.display = "", t.number
	}
	if flat {
		return escaped(flatBody(list))
	}
	for i := range list { // Meta, whose envelope it is, has an id for the number
		list[i].number = madeUpID(list[i].number)
	}
	return cloudWebhook(account, list)
}

// madeUpID is an identifier of a number that goes by another name.
func madeUpID(name string) string {
	const span = 1e12
	return strconv.FormatUint(106*span+hash(hashStart, name)%span, 10)
}

// flatBody has contacts, messages, statuses and errors at the top.
func flatBody(list []telling) object {
	var contacts, messages, statuses, errors []object
	for _, t := range list {
		switch {
		case t.said == nil:
			statuses = append(statuses, flatStatus(t))
			continue
		case t.said.notice != nil:
			errors = append(errors, v1Error(t.said.notice.Code, "Simulated trouble", "It was asked for."))
			continue
		}
		if t.said.Kind != ChangeNumber {
			contacts = append(contacts, cloudContact(t.said))
		}
		messages = append(messages, cloudWords(t))
	}
	body := object{}
	for key, part := range map[string][]object{"contacts": contacts, "messages": messages, "statuses": statuses, "errors": errors} {
		if len(part) > 0 {
			body[key] = part
		}
	}
	return body
}

// flatStatus is a receipt as the on-premises API had it.
func flatStatus(t telling) object {
	status := object{
		"id": t.id, "status": t.status.String(), "timestamp": strconv.FormatInt(t.at.Unix(), 10), "type": "message",
	}
	if !t.hidden {
		digits := waID(t.phone, t.twin)
		status["recipient_id"], status["message"] = digits, object{"recipient_id": "+" + digits}
	}
	if t.status != campaign.Failed {
		status["recipient_user_id"] = userID(t.phone)
		return status
	}
	title, _ := failureWords(t.code)
	status["errors"] = []object{{"code": t.code, "title": title, "href": "https://developers.facebook.com/docs/whatsapp/api/errors/"}}
	return status
}
