package vonage

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// TestWebhooks reads what was recorded, in the form of either API.
func TestWebhooks(t *testing.T) {
	const inbound = "bbbbbbbb-bbbb-4ccc-8ddd-0123456789ab"
	at := time.Date(2026, 10, 1, 10, 0, 4, 0, time.UTC)
	phone, whole := whatsapp.Who{Phone: "447700900123"}, whatsapp.Who{Phone: "447700900123", UserID: "GB.1100000000000001"}
	receipt := func(status campaign.Status, who whatsapp.Who) whatsapp.Events {
		return whatsapp.Events{Receipts: []whatsapp.Receipt{{Number: sender, ID: application, Reference: reference, Recipient: who, Status: status, At: at}}}
	}
	said := func(m whatsapp.Inbound) whatsapp.Events {
		m.Number, m.ID, m.From, m.At = sender, inbound, phone, at
		return whatsapp.Events{Inbound: []whatsapp.Inbound{m}}
	}
	all := map[string]struct {
		want   whatsapp.Events
		failed string
	}{
		"v1_submitted":            {receipt(campaign.Sent, whole), ""},
		"v1_delivered":            {receipt(campaign.Delivered, phone), ""},
		"v1_read":                 {receipt(campaign.Read, whole), ""},
		"v1_rejected_number":      {receipt(campaign.Failed, phone), "drop not_on_whatsapp suppress=soft"},
		"v1_rejected_text":        {receipt(campaign.Failed, phone), "drop not_on_whatsapp suppress=soft"},
		"v1_rejected_nested":      {receipt(campaign.Failed, phone), "drop not_on_whatsapp suppress=soft"},
		"v1_rejected_unexplained": {receipt(campaign.Failed, phone), "drop unexplained"},
		"v1_undeliverable":        {receipt(campaign.Failed, phone), "retry_soon undeliverable wait=5s retries=3"},
		"v1_undeliverable_code":   {receipt(campaign.Failed, phone), "drop opted_out suppress=all"},
		"v0_submitted":            {receipt(campaign.Sent, phone), ""},
		"v0_read":                 {receipt(campaign.Read, phone), ""},
		"v0_rejected":             {receipt(campaign.Failed, phone), "drop not_on_whatsapp suppress=soft"},
		"v1_text":                 {said(whatsapp.Inbound{Type: "text", Text: "STOP"}), ""},
		"v1_button":               {said(whatsapp.Inbound{Type: "button", Text: "Yes", Payload: "yes-7", ReplyTo: application}), ""},
		"v1_reply":                {said(whatsapp.Inbound{Type: "reply", Text: "9 to 11", Payload: "slot-2", ReplyTo: application}), ""},
		"v1_image":                {said(whatsapp.Inbound{Type: "image", Text: "Is this mine?"}), ""},
		"v1_reaction":             {said(whatsapp.Inbound{Type: "reaction", Text: "👍", ReplyTo: application}), ""},
		"v0_text":                 {said(whatsapp.Inbound{Type: "text", Text: "STOP"}), ""},
		"v0_button":               {said(whatsapp.Inbound{Type: "button", Text: "Yes", Payload: "yes-7", ReplyTo: application}), ""},
	}
	files, err := os.ReadDir("testdata/webhooks")
	if err != nil || len(files) != len(all) {
		t.Errorf("%d files for %d cases, %v", len(files), len(all), err)
	}
	c, _ := channel(t, Name, "https://api.nexmo.com")
	for name, test := range all {
		body := recorded(t, "webhooks/"+name+".json")
		r := whatsapp.Request{Method: http.MethodPost, Header: http.Header{}, Body: body}
		signed().Prove(&r, secret)
		got, _, err := c.(whatsapp.Hook).Receive(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(whatsapp.Receipt{}, "Err")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		failed := ""
		if len(got.Receipts) > 0 && got.Receipts[0].Err != nil {
			failed = whatsapptest.Summary(got.Receipts[0].Err)
		}
		if failed != test.failed {
			t.Errorf("%s failed as %q, want %q", name, failed, test.failed)
		}
	}
}

// TestOnlyVonageIsBelieved tries tokens that are nearly right.
func TestOnlyVonageIsBelieved(t *testing.T) {
	c, public := channel(t, Name, "https://api.nexmo.com")
	body := recorded(t, "webhooks/v1_text.json")
	now := time.Now()
	hs256 := object{"alg": "HS256", "typ": "JWT"}
	claims := func(change object) object {
		all := object{"iss": "Vonage", "iat": now.Unix(), "payload_hash": hashOf(body)}
		for key, value := range change {
			if all[key] = value; value == nil {
				delete(all, key)
			}
		}
		return all
	}
	unsigned := func(header object) string {
		parts := strings.Split(tokenOf(secret, header, claims(nil)), ".")
		return parts[0] + "." + parts[1] + "."
	}
	long := now.Add(-23 * time.Hour).Unix()
	for name, test := range map[string]struct {
		token string
		ok    bool
	}{
		"right":                        {tokenOf(secret, hs256, claims(nil)), true},
		"right, a hash in capitals":    {tokenOf(secret, hs256, claims(object{"payload_hash": strings.ToUpper(hashOf(body))})), true},
		"told again after a day":       {tokenOf(secret, hs256, claims(object{"iat": long})), true},
		"without a time, of this body": {tokenOf(secret, hs256, claims(object{"iat": nil})), true},
		"no hash, fresh":               {tokenOf(secret, hs256, claims(object{"payload_hash": nil})), true},
		"no hash, old":                 {tokenOf(secret, hs256, claims(object{"payload_hash": nil, "iat": long})), false},
		"no hash, no time":             {tokenOf(secret, hs256, claims(object{"payload_hash": nil, "iat": nil})), false},
		"of another body":              {tokenOf(secret, hs256, claims(object{"payload_hash": hashOf([]byte("{}"))})), false},
		"a hash that is none":          {tokenOf(secret, hs256, claims(object{"payload_hash": 7})), false},
		"of the future":                {tokenOf(secret, hs256, claims(object{"iat": now.Add(time.Hour).Unix()})), false},
		"a little of the future":       {tokenOf(secret, hs256, claims(object{"iat": now.Add(30 * time.Second).Unix()})), true},
		"over":                         {tokenOf(secret, hs256, claims(object{"exp": now.Add(-time.Hour).Unix()})), false},
		"not over":                     {tokenOf(secret, hs256, claims(object{"exp": now.Add(time.Hour).Unix()})), true},
		"not yet":                      {tokenOf(secret, hs256, claims(object{"nbf": now.Add(time.Hour).Unix()})), false},
		"alg none":                     {unsigned(object{"alg": "none"}), false},
		"alg None":                     {unsigned(object{"alg": "None"}), false},
		"no alg":                       {unsigned(object{}), false},
		"alg none, signed":             {tokenOf(secret, object{"alg": "none"}, claims(nil)), false},
		"alg RS256, signed by HMAC":    {tokenOf(secret, object{"alg": "RS256"}, claims(nil)), false},
		"alg HS512, signed by SHA-256": {tokenOf(secret, object{"alg": "HS512"}, claims(nil)), false},
		"by the application's modulus": {tokenOf(public.N.String(), hs256, claims(nil)), false},
		"no signature":                 {unsigned(hs256), false},
		"words":                        {"words", false},
	} {
		r := whatsapp.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Bearer " + test.token}}, Body: body}
		got, _, err := c.(whatsapp.Hook).Receive(r)
		if test.ok && (err != nil || len(got.Inbound) != 1) || !test.ok && !errors.Is(err, whatsapp.ErrRefused) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := os.ReadDir("testdata/webhooks")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("testdata/webhooks/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		told, err := read(body)
		if err != nil && !errors.Is(err, whatsapp.ErrMalformed) {
			t.Errorf("%q: %v", body, err)
		}
		whatsapptest.Sound(t, reasons(), told)
	})
}
