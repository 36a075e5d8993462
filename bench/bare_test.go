package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// TestSameRequest holds bare's request for a row against the one that the
// program's own client makes of it.
func TestSameRequest(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	settings := &cloud.Settings{BaseURL: server.URL, PhoneNumberID: phoneNumberID, AccessToken: accessToken}
	client, err := settings.Open(whatsapp.Opening{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	def, err := campaign.Parse([]byte(definition(bareTemplate, []string{"main"})))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := def.Compile([]string{"Full Name", "Phone Number", "Order ID"})
	if err != nil {
		t.Fatal(err)
	}
	person := personOf(1234)
	template, err := renderer.Render(0, []string{person.name, person.phone, person.order})
	if err != nil {
		t.Fatal(err)
	}
	message := campaign.MessageID(bareMessage + 1234)
	_, _ = client.Send(t.Context(), whatsapp.Message{To: person.phone, Reference: message.Reference(1), Template: template}) // the answer is no concern
	if diff := cmp.Diff(string(body), string(bareBody(1234))); diff != "" {
		t.Error(diff)
	}
	if got := field(body, `"template":{"name":"`); got != bareTemplate {
		t.Errorf("the stub reads the template %q", got)
	}
	if got := field(body, `"biz_opaque_callback_data":"`); got != message.Reference(1) {
		t.Errorf("the stub reads the reference %q", got)
	}
	if got := field(body, `"to":"`); got != person.phone {
		t.Errorf("the stub reads the recipient %q", got)
	}
}

func TestList(t *testing.T) {
	var out strings.Builder
	if err := writeList(&out, 2); err != nil {
		t.Fatal(err)
	}
	want := "Full Name,Phone Number,Order ID\nAna 0,+4915120000000,A-20000000\nAna 1,+4915120000001,A-20000001\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
