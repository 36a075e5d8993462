package simulator

import (
	"net/http"
	"strings"
)

// The app whose token every sender has, and the account's name.
const (
	appID       = "670843887433847"
	accountName = "Simulated account"
)

// graphObjects are the requests for what the Graph API tells of a token, a number,
// an account and an app, with a version in the path and without one.
func graphObjects() map[string]extra {
	all := map[string]extra{}
	for path, answers := range map[string]extra{
		"debug_token": debugToken, "{id}": graphNode, "{id}/subscribed_apps": subscribedApps, "{id}/subscriptions": subscriptions,
	} {
		all["GET /"+path], all["GET /{version}/"+path] = answers, answers
	}
	return all
}

// stranger reports whether a request does not carry the token that it must.
func stranger(r *http.Request, o Options) bool {
	return o.AccessToken != "" && r.Header.Get("Authorization") != "Bearer "+o.AccessToken
}

func graphAnswer(body object) answer {
	return answer{status: http.StatusOK, kind: typeJSON, body: escaped(body)}
}

// debugToken tells of the token that a request names (Meta, Graph API reference,
// debug token).
func debugToken(s *Simulator, r *http.Request) answer {
	token := r.URL.Query().Get("input_token")
	if stranger(r, s.options) || token == "" {
		return refuseCloud(refusal{reason: badToken})
	}
	known := s.options.AccessToken == "" || token == s.options.AccessToken
	return graphAnswer(object{"data": object{
		"app_id": appID, "type": "SYSTEM_USER", "is_valid": known, "expires_at": 0,
		"scopes": []string{"whatsapp_business_management", "whatsapp_business_messaging"},
	}})
}

// graphNode tells the fields of a number or of the account that a request names.
func graphNode(s *Simulator, r *http.Request) answer {
	id := r.PathValue("id")
	switch {
	case stranger(r, s.options):
		return refuseCloud(refusal{reason: badToken})
	case strings.Trim(id, "0123456789") != "", s.options.PhoneNumberID != "" && id != s.options.PhoneNumberID && id != s.options.WABAID:
		return refuseCloud(refusal{reason: noSuchPath})
	}
	n := s.numberNow()
	fields := object{
		"name":                 accountName,
		"display_phone_number": displayNumber, "verified_name": "Simulated business", "quality_rating": n.Quality,
		"throughput": object{"level": n.Throughput}, "status": n.Status, "name_status": n.NameStatus, "health_status": n.health(),
		"whatsapp_business_manager_messaging_limit": n.Tier,
	}
	told := object{"id": id}
	for name := range strings.SplitSeq(r.URL.Query().Get("fields"), ",") {
		if value, known := fields[name]; known {
			told[name] = value
		}
	}
	return graphAnswer(told)
}

// subscribedApps are those that an account's webhooks go to.
func subscribedApps(s *Simulator, r *http.Request) answer {
	if stranger(r, s.options) {
		return refuseCloud(refusal{reason: badToken})
	}
	return graphAnswer(object{"data": []object{{"whatsapp_business_api_data": object{"id": appID, "name": "Simulated app"}}}})
}

// subscriptions are an app's webhooks, which are told to who has its secret.
func subscriptions(s *Simulator, r *http.Request) answer {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	secret, own := strings.CutPrefix(bearer, appID+"|")
	if !own || s.options.AppSecret != "" && secret != s.options.AppSecret {
		return graphError{status: http.StatusBadRequest, code: 101, message: "Error validating client secret"}.answer()
	}
	var fields []object
	for _, name := range []string{
		"account_alerts", "account_update", "business_capability_update", "message_template_quality_update", "message_template_status_update",
		"messages", "phone_number_quality_update", "template_category_update", "user_preferences",
	} {
		fields = append(fields, object{"name": name, "version": "v23.0"})
	}
	return graphAnswer(object{"data": []object{{
		"object": "whatsapp_business_account", "callback_url": s.outbox.webhook(), "active": true, "fields": fields,
	}}})
}
