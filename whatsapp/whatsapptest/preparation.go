package whatsapptest

import (
	"net/http"
	"testing"

	"carillon/whatsapp"
)

// preparations has trouble befall what goes before a message. The message was
// surely not sent, and no word of the trouble may say that it perhaps was.
func (s Suite) preparations(t *testing.T) {
	wire, prepares := s.Wire.(Preparer)
	if !prepares {
		return
	}
	usual := s.answering(t, s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}))
	if _, err := usual.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if usual.requests.Load() == usual.messages.Load() {
		return // these settings ask for nothing before a message
	}
	// troubled opens a channel where the trouble befalls preparations alone.
	troubled := func(t *testing.T, trouble Answer) channel {
		return s.servePrepared(t, func(r *http.Request, body []byte) (Answer, bool) {
			_, ok := wire.Prepared(r, body)
			return trouble, ok
		}, func(w http.ResponseWriter, _ *http.Request) { s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}).write(w) })
	}
	for name, trouble := range map[string]Answer{
		"nothing said":      {Status: 200},
		"no object":         {Status: 200, Body: "[]"},
		"a page":            {Status: 200, Body: page},
		"a broken body":     {Status: 200, Body: `{"a`, Header: http.Header{"Content-Length": {"5000"}}},
		"a message's yes":   s.Wire.Accept(whatsapp.Accepted{ID: "id-2"}),
		"a key that is bad": {Status: 401, Body: page},
		"too many":          {Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: page},
		"a fault":           {Status: 500},
		"a bad gateway":     {Status: 502, Body: page},
		"no service":        {Status: 503, Body: page},
		"elsewhere":         {Status: 307, Header: http.Header{"Location": {"/elsewhere"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := troubled(t, trouble)
			got := s.refused(t, c)
			if got.Class == whatsapp.Ambiguous {
				t.Errorf("%s: no message was sent yet", Summary(got))
			}
			if n := c.messages.Load(); n != 0 {
				t.Errorf("%d messages were sent all the same", n)
			}
		})
	}
	t.Run("hung up", func(t *testing.T) {
		c := s.servePrepared(t, func(r *http.Request, body []byte) (Answer, bool) {
			if _, ok := wire.Prepared(r, body); ok {
				panic(http.ErrAbortHandler)
			}
			return Answer{}, false
		}, func(http.ResponseWriter, *http.Request) { t.Error("a message was sent all the same") })
		if got := s.refused(t, c); got.Class == whatsapp.Ambiguous {
			t.Errorf("%s: no message was sent yet", Summary(got))
		}
	})
}
