package service4u

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
)

const secret = "app-secret"

// open is a channel at an API at base.
func open(t *testing.T, base string) whatsapp.Provider {
	t.Helper()
	settings := &Settings{BaseURL: base, Sender: "16315550123", AccessToken: "token", AppSecret: secret}
	channel, err := settings.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	return channel
}

// receive is what the channel makes of a webhook that is signed as it has to be.
func receive(t *testing.T, body string) whatsapp.Events {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	header := http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
	hook := open(t, "https://whatsapp.example.com").(whatsapp.Hook)
	events, _, err := hook.Receive(whatsapp.Request{Method: http.MethodPost, Header: header, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestTheNumberStandsInThePath(t *testing.T) {
	var path, token string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, token = r.URL.Path, r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `{"messages":[{"id":"wamid.1"}]}`)
	}))
	defer server.Close()
	accepted, err := open(t, server.URL+"/wa").Send(t.Context(), whatsapp.Message{To: "+447700900123"})
	if err != nil || accepted.ID != "wamid.1" {
		t.Errorf("got %+v, %v", accepted, err)
	}
	if path != "/wa/16315550123/messages" || token != "Bearer token" {
		t.Errorf("asked %s as %q", path, token)
	}
}

// A receipt without an envelope, in the form of the on-premises API, that names the
// recipient in its inner place alone.
func TestFlatReceipt(t *testing.T) {
	got := receive(t, `{"statuses":[{"errors":[{"code":1026,"href":"https://developers.facebook.com/docs/whatsapp/api/errors/",
		"title":"Receiver Incapable"}],"id":"gBGGFlAw","message":{"recipient_id":"+919876543210"},
		"status":"failed","timestamp":"1670394125","type":"message"}]}`).Receipts
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	refusal := got[0].Err
	got[0].Err = nil
	want := whatsapp.Receipt{
		ID: "gBGGFlAw", Recipient: whatsapp.Who{Phone: "919876543210"}, Status: campaign.Failed, At: time.Unix(1670394125, 0).UTC(),
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if refusal.Class != whatsapp.Drop || refusal.Reason != "receiver_incapable" || refusal.Suppress != whatsapp.NoSuppression {
		t.Errorf("got %+v", refusal)
	}
}

func TestFlatMessage(t *testing.T) {
	got := receive(t, `{"contacts":[{"wa_id":"447700900123","user_id":"GB.1"}],
		"messages":[{"from":"447700900123","id":"in.1","timestamp":"1670394125","type":"text","text":{"body":"STOP"}}]}`).Inbound
	want := []whatsapp.Inbound{{
		ID: "in.1", From: whatsapp.Who{Phone: "447700900123", UserID: "GB.1"}, At: time.Unix(1670394125, 0).UTC(), Type: "text", Text: "STOP",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// In the envelope the number is the one that people see; Meta's identifier of it
// is nothing to the channel.
func TestTheEnvelopeTellsTheNumberAsPeopleSeeIt(t *testing.T) {
	for shown, want := range map[string]string{"16315550123": "16315550123", "+1 631-555-0123": "16315550123", "": ""} {
		got := receive(t, `{"entry":[{"id":"7","changes":[{"field":"messages","value":{
			"metadata":{"display_phone_number":"`+shown+`","phone_number_id":"106540352242922"},
			"statuses":[{"id":"wamid.1","status":"delivered"}]}}]}]}`).Receipts
		if len(got) != 1 || got[0].Number != want {
			t.Errorf("%q: got %+v", shown, got)
		}
	}
}
