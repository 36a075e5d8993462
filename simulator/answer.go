package simulator

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

const (
	typeJSON = "application/json; charset=UTF-8"
	typeText = "text/plain"
	typeHTML = "text/html"
)

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

// reason is why a request is refused, whatever words a dialect has for it.
type reason uint8

const (
	// badToken: the sender is not who it must be.
	badToken reason = iota
	// noSuchPath: nothing is there, or not for this sender.
	noSuchPath
	// badRequest: the request is not in the form that it must have.
	badRequest
	// unsupported: this kind of message is not taken.
	unsupported
	// missingText and forbiddenText: a parameter is empty, or has characters that
	// none may have.
	missingText
	forbiddenText
	// invalidRecipient: nobody can be written to at this number.
	invalidRecipient
	// overRate: too many messages at once.
	overRate
	// slowTemplate: too many messages of this template.
	slowTemplate
	// noSuchMedia: a file is not there, or cannot be kept.
	noSuchMedia
	// timedOut: it took too long, and was given up.
	timedOut
	// outOfService: the provider cannot take it now.
	outOfService
	// gatewayDown: a proxy before the provider cannot reach it.
	gatewayDown
)

// refusal is a reason with what a dialect needs to put it into words.
type refusal struct {
	reason reason
	// details tell a person more. If empty, the dialect has words of its own.
	details string
	// coin chooses between the two forms that some refusals have.
	coin bool
	// wait is what the answer asks to wait, 0 for nothing.
	wait time.Duration
}

// refused is why a try was not accepted.
func (d decision) refused(phone string) refusal {
	no := refusal{reason: gatewayDown, coin: d.coin}
	switch d.refusal {
	case invalid:
		no.reason, no.details = invalidRecipient, fmt.Sprintf("The recipient %s is never valid here.", phone)
	case throttled:
		no.reason = overRate
	case timeout408:
		no.reason = timedOut
	case unavailable:
		no.reason = outOfService
	}
	return no
}

// timeoutAnswer and gatewayAnswer are what a proxy before the provider says.
func timeoutAnswer() answer {
	return answer{status: http.StatusRequestTimeout, kind: typeText, body: []byte("Request Timeout\n"), code: http.StatusRequestTimeout}
}

func gatewayAnswer() answer {
	return answer{status: http.StatusBadGateway, kind: typeHTML, body: []byte(gatewayPage), code: http.StatusBadGateway}
}
