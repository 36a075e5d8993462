package simulator

import "net/http"

// cloudDialect is Meta's Cloud API.
type cloudDialect struct{}

var _ Dialect = cloudDialect{}

func (cloudDialect) Name() string { return "cloud" }

// routes have a version in them or not: relaying services leave it out.
func (cloudDialect) routes() []string {
	return []string{"POST /{version}/{number}/messages", "POST /{number}/messages"}
}

func (cloudDialect) decode(r *http.Request, o Options) (request, *refusal) {
	if token := o.AccessToken; token != "" && r.Header.Get("Authorization") != "Bearer "+token {
		return request{}, &refusal{reason: badToken}
	}
	number := r.PathValue("number")
	if only := o.PhoneNumberID; only != "" && number != only {
		return request{}, &refusal{reason: noSuchPath}
	}
	return decodeCloud(r, number)
}

func (cloudDialect) accept(m request, id string, d decision) answer { return acceptCloud(m, id, d) }

func (cloudDialect) refuse(no refusal) answer { return refuseCloud(no) }

func (cloudDialect) failure(fate fault) int { return cloudFailure(fate) }

func (cloudDialect) webhook(account string, list []telling) []byte {
	return cloudWebhook(account, list)
}

func (cloudDialect) sign(h http.Header, o Options, body []byte) {
	h.Set("User-Agent", "facebookexternalua")
	if o.AppSecret != "" {
		h.Set("X-Hub-Signature-256", Sign(o.AppSecret, body))
	}
}
