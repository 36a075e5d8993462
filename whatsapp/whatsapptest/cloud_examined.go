package whatsapptest

import (
	"net/http"
	"strings"

	"carillon/whatsapp/codes"
)

// CloudApp is the app of the token that CloudWire knows.
const CloudApp = "670843887433847"

// Examined answers for the token, the number, the account and the app (Meta, Graph
// API reference).
func (w CloudWire) Examined(r *http.Request, _ []byte, webhooks string) (Answer, bool) {
	if r.Method != http.MethodGet {
		return Answer{}, false
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	body := object{}
	switch last := parts[len(parts)-1]; {
	case last == "debug_token":
		body["data"] = object{
			"app_id": CloudApp, "type": "SYSTEM_USER", "is_valid": r.URL.Query().Get("input_token") == bearer, "expires_at": 0,
			"scopes": []any{"whatsapp_business_management", "whatsapp_business_messaging", "public_profile"},
		}
	case last == "subscribed_apps":
		body["data"] = []any{object{"whatsapp_business_api_data": object{"id": CloudApp, "name": "Jasper", "link": "https://example.com"}}}
	case last == "subscriptions" && strings.HasPrefix(bearer, CloudApp+"|"):
		body["data"] = []any{object{"object": "page", "active": true}, object{
			"object": "whatsapp_business_account", "callback_url": webhooks + "main", "active": true, "fields": cloudFields(),
		}}
	case last == w.Number:
		body = object{
			"id": w.Number, "display_phone_number": w.Display, "verified_name": "Jasper's Market", "quality_rating": "GREEN", "status": "CONNECTED",
			"health_status": object{"can_send_message": "AVAILABLE", "entities": []any{object{"entity_type": "PHONE_NUMBER", "id": w.Number, "can_send_message": "AVAILABLE"}}},
		}
	case len(parts) > 0 && r.URL.Query().Get("fields") == "name":
		body = object{"id": last, "name": "Jasper's account"}
	default:
		return Answer{}, false
	}
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(body))}, true
}

// cloudFields are those that an app can subscribe to (Meta, webhooks overview).
func cloudFields() (fields []any) {
	for _, name := range []string{
		"account_alerts", "account_review_update", "account_update", "business_capability_update", "message_template_quality_update",
		"message_template_status_update", "messages", "phone_number_name_update", "phone_number_quality_update", "security",
		"template_category_update", "user_preferences",
	} {
		fields = append(fields, object{"name": name, "version": "v23.0"})
	}
	return fields
}

// Stranger answers to who has the wrong token.
func (w CloudWire) Stranger() Answer {
	return w.Refuse(codes.Fault{Status: http.StatusUnauthorized, Code: 190, Subcode: 463, Message: "Error validating access token"})
}
