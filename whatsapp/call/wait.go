package call

import (
	"net/http"
	"strconv"
	"time"

	"carillon/whatsapp"
)

// maxWait is the longest wait that is believed when a provider asks for one.
const maxWait = 24 * time.Hour

// RaiseWait makes a retry wait as long as the answer, which came at now, asks
// for: by its Retry-After header, or by a header of the provider's own, of which
// longer is what it says. Of a template's limit the provider's word counts even where it
// is shorter than ours: one message tries whether it is over.
func (a *Answer) RaiseWait(refusal *whatsapp.Error, now time.Time, longer time.Duration) {
	if refusal.Class != whatsapp.RetrySoon && refusal.Class != whatsapp.RetrySlow {
		return
	}
	asked := min(max(retryAfter(a.Header.Get("Retry-After"), now), longer), maxWait)
	if asked > 0 && (asked >= refusal.Wait || refusal.Budget == whatsapp.TemplateBudget) {
		refusal.Wait, refusal.Asked = asked, true
	}
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return Limited(seconds, time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// Limited is n units, between nothing and the longest wait that is believed, a
// day.
func Limited(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), int64(maxWait/unit))) * unit
}
