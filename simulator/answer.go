package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

const typeJSON = "application/json; charset=UTF-8"

// gatewayPage is what a proxy before the provider says.
const gatewayPage = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>\n"

// answer is what goes back to a sender.
type answer struct {
	status int
	kind   string
	body   []byte
	// code is the error's code, 0 for none; accepted messages have none.
	code int
	// early is closed once a receipt that must come first was posted.
	early <-chan struct{}
	// retryAfter is what the answer asks to wait, 0 for nothing.
	retryAfter time.Duration
	// wait is added to the latency.
	wait time.Duration
	// hangUp closes the connection instead of answering.
	hangUp bool
}

func (a answer) write(w http.ResponseWriter) {
	if a.hangUp {
		panic(http.ErrAbortHandler) // net/http's way to close a connection
	}
	w.Header().Set("Content-Type", a.kind)
	if a.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(a.retryAfter.Seconds()))))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the caller may be gone
}

// refusal is an error as the Graph API words it.
type refusal struct {
	status, code, subcode int
	message, details      string
}

func (r *refusal) answer() answer {
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

// The refusals, with the statuses and codes of Meta's error codes page.

func badToken() *refusal {
	return &refusal{http.StatusUnauthorized, 190, 463, "Access token has expired", "The access token is missing or wrong."}
}

func noSuchObject() *refusal {
	return &refusal{http.StatusBadRequest, 100, 33, "Unsupported request", "There is no object with this id, or the token has no permission for it."}
}

func invalidParameter(details string) *refusal {
	return &refusal{http.StatusBadRequest, 100, 0, "Invalid parameter", details}
}

func invalidValue(details string) *refusal {
	return &refusal{http.StatusBadRequest, 131009, 0, "Parameter value is not valid", details}
}

func unsupportedType(kind string) *refusal {
	return &refusal{http.StatusBadRequest, 131051, 0, "Unsupported message type", fmt.Sprintf("Only templates are taken here, and the type is %q.", kind)}
}

func missingText(component string) *refusal {
	return &refusal{http.StatusBadRequest, 131008, 0, "Required parameter is missing", component + ": a parameter of type text has no text."}
}

func forbiddenText(component string) *refusal {
	return &refusal{http.StatusBadRequest, 132018, 0, "Parameter format is not valid", component + ": text cannot have new-line or tab characters or more than 4 consecutive spaces."}
}

func rateLimited(status int) *refusal {
	return &refusal{status, 130429, 0, "Rate limit hit", "Cloud API message throughput has been reached."}
}

// slowed is the answer to a message of a template that is slowed down.
func slowed(wait time.Duration) answer {
	a := (&refusal{http.StatusBadRequest, 132069, 0, "Flow is throttled", "10 messages of this template were sent in the last hour already."}).answer()
	a.retryAfter = wait
	return a
}

// refusalFor is the answer to a try that was not accepted.
func refusalFor(d decision, phone string) answer {
	switch d.refusal {
	case invalid:
		details := fmt.Sprintf("The recipient %s is never valid here.", phone)
		if d.coin {
			return invalidValue(details).answer()
		}
		return invalidParameter(details).answer()
	case throttled: // one half of each: Meta's table says 400, other pages 429
		if d.coin {
			return rateLimited(http.StatusTooManyRequests).answer()
		}
		return rateLimited(http.StatusBadRequest).answer()
	case timeout408:
		return answer{status: http.StatusRequestTimeout, kind: "text/plain", body: []byte("Request Timeout\n"), code: http.StatusRequestTimeout}
	case unavailable:
		return (&refusal{http.StatusServiceUnavailable, 131016, 0, "Service unavailable", "A service is temporarily unavailable."}).answer()
	}
	return answer{status: http.StatusBadGateway, kind: "text/html", body: []byte(gatewayPage), code: http.StatusBadGateway}
}
