package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"carillon/campaign"
)

// acceptCloud is the answer to a success (Meta, send-messages page).
func acceptCloud(m request, id string, d decision) answer {
	status := "accepted"
	if d.answer == held {
		status = "held_for_quality_assessment"
	}
	b := make([]byte, 0, 256)
	b = append(b, `{"messaging_product":"whatsapp","contacts":[{"input":`...)
	b = appendEscaped(b, m.to)
	if campaign.IsNumber(m.phone) {
		b = append(b, `,"wa_id":"`...)
		b = append(b, waID(m.phone, d.twin)...)
	} else { // who has no wa_id there (Meta, business-scoped user IDs)
		b = append(b, `,"user_id":"`...)
		b = append(b, m.phone...)
	}
	b = append(b, `"}],"messages":[{"id":`...)
	b = appendEscaped(b, id)
	b = append(b, `,"message_status":"`...)
	b = append(b, status...)
	b = append(b, `"}]}`...)
	return answer{status: http.StatusOK, kind: typeJSON, body: b}
}

// graphError is an error as the Graph API words it, with the statuses and codes
// of Meta's error codes page.
type graphError struct {
	status, code, subcode int
	message, details      string
}

func (r graphError) answer() answer {
	type data struct {
		Product string `json:"messaging_product"`
		Details string `json:"details"`
	}
	type body struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    int    `json:"code"`
		Data    data   `json:"error_data"`
		Subcode int    `json:"error_subcode,omitempty"`
		Trace   string `json:"fbtrace_id"`
	}
	text, err := json.Marshal(map[string]body{"error": {
		Message: fmt.Sprintf("(#%d) %s", r.code, r.message),
		Type:    "OAuthException", Code: r.code, Subcode: r.subcode,
		Data:  data{"whatsapp", r.details},
		Trace: "Asimulated",
	}})
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return answer{status: r.status, kind: typeJSON, body: text, code: r.code}
}

// refuseCloud is the answer to what is refused.
func refuseCloud(no refusal) answer {
	switch no.reason {
	case timedOut:
		return timeoutAnswer()
	case gatewayDown:
		return gatewayAnswer()
	}
	e := graphErrorOf(no.reason, no.coin)
	e.details = cmp.Or(no.details, e.details)
	a := e.answer()
	a.retryAfter = no.wait
	return a
}

// graphErrorOf words a reason.
func graphErrorOf(why reason, coin bool) graphError {
	switch why {
	case badToken:
		return graphError{http.StatusUnauthorized, 190, 463, "Access token has expired", "The access token is missing or wrong."}
	case noSuchPath:
		return graphError{http.StatusBadRequest, 100, 33, "Unsupported request", "There is no object with this id, or the token has no permission for it."}
	case unsupported:
		return graphError{status: http.StatusBadRequest, code: 131051, message: "Unsupported message type"}
	case missingText:
		return graphError{status: http.StatusBadRequest, code: 131008, message: "Required parameter is missing"}
	case forbiddenText:
		return graphError{status: http.StatusBadRequest, code: 132018, message: "Parameter format is not valid"}
	case overRate: // one half of each: Meta's table says 400, other pages 429
		e := graphError{http.StatusBadRequest, 130429, 0, "Rate limit hit", "Cloud API message throughput has been reached."}
		if coin {
			e.status = http.StatusTooManyRequests
		}
		return e
	case noSuchMedia:
		return graphError{status: http.StatusBadRequest, code: 131053, message: "Media upload error"}
	case slowTemplate:
		return graphError{http.StatusBadRequest, 132069, 0, "Flow is throttled", "10 messages of this template were sent in the last hour already."}
	case outOfService:
		return graphError{http.StatusServiceUnavailable, 131016, 0, "Service unavailable", "A service is temporarily unavailable."}
	case invalidRecipient:
		if coin {
			return graphError{status: http.StatusBadRequest, code: 131009, message: "Parameter value is not valid"}
		}
	}
	return graphError{status: http.StatusBadRequest, code: 100, message: "Invalid parameter"}
}
