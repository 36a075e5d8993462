package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"carillon/whatsapp"
)

const (
	appSecret   = "first-app-secret"
	otherSecret = "second-app-secret"
)

// settings are those of an API at base.
func settings(base string) *Settings {
	return &Settings{
		BaseURL: base, APIVersion: "v23.0", PhoneNumberID: numberOne, WABAID: "3300000000000007",
		AccessToken: "token-1", AppSecret: appSecret, VerifyToken: "verify-1",
	}
}

// newClient is a client of an API at base, with the settings changed.
func newClient(tb testing.TB, base string, change func(*Settings)) *Client {
	tb.Helper()
	s := settings(base)
	if change != nil {
		change(s)
	}
	opened, err := s.Open(whatsapp.Opening{Timeout: 30 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(opened.Close)
	if listing, ok := opened.(*Listing); ok {
		return listing.Client
	}
	return opened.(*Numbered).Client
}

func signed(secret string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// post gives the client a webhook that is signed as it has to be.
func post(client *Client, body []byte) (whatsapp.Events, error) {
	events, _, err := client.Receive(whatsapp.Request{Method: http.MethodPost, Header: signed(appSecret, body), Body: body})
	return events, err
}
