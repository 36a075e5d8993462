package simulator

import (
	"cmp"
	"maps"
	"net/http"
	"path"
)

// cloudDialect is Meta's Cloud API.
type cloudDialect struct{}

var (
	_ Dialect = cloudDialect{}
	_ broader = cloudDialect{}
)

func (cloudDialect) Name() string { return "cloud" }

func (cloudDialect) About() string { return "Meta's Cloud API" }

func (cloudDialect) settings(o Options, base string) map[string]string {
	settings := map[string]string{
		"base_url": base, "phone_number_id": cmp.Or(o.PhoneNumberID, "106540352242922"),
		"access_token": o.AccessToken, "app_secret": o.AppSecret, "verify_token": "any-word",
	}
	if o.Templates != nil { // which are listed by the account
		settings["waba_id"] = cmp.Or(o.WABAID, defaultAccount)
	}
	return settings
}

func (cloudDialect) more() map[string]extra {
	all := graphObjects()
	maps.Copy(all, map[string]extra{
		"GET /{version}/{account}/message_templates": listCloud, "GET /{account}/message_templates": listCloud,
		"POST /{version}/{number}/media": storeFile(cloudDialect{}), "POST /{number}/media": storeFile(cloudDialect{}),
	})
	return all
}

// routes have a version in them or not: relaying services leave it out.
func (cloudDialect) routes() []string {
	return []string{
		"POST /{version}/{number}/messages", "POST /{number}/messages",
		"POST /{version}/{number}/" + marketingEndpoint, "POST /{number}/" + marketingEndpoint,
	}
}

// marketingEndpoint takes marketing templates (Meta, Marketing Messages API).
const marketingEndpoint = "marketing_messages"

func (cloudDialect) decode(r *http.Request, o Options) (request, *refusal) {
	m, no := decodeBearer(r, o)
	m.marketing = path.Base(r.URL.Path) == marketingEndpoint
	return m, no
}

func (cloudDialect) accept(m request, id string, d decision) answer { return acceptCloud(m, id, d) }

func (cloudDialect) refuse(no refusal) answer { return refuseCloud(no) }

func (cloudDialect) failure(fate fault) int { return cloudFailure(fate) }

func (cloudDialect) webhook(account string, list []telling) []byte {
	return cloudWebhook(account, list)
}

func (cloudDialect) sign(h http.Header, o Options, body []byte) {
	h.Set("User-Agent", "facebookexternalua")
	signCloud(h, o, body)
}

func (cloudDialect) alone() bool { return false }

func (cloudDialect) lacks() []string { return nil }
