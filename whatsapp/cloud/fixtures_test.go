package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

const (
	firstSecret  = "first-app-secret"
	secondSecret = "second-app-secret"
)

// newClient is a client of an API at base, with the options changed.
func newClient(tb testing.TB, base string, change func(*Options)) *Client {
	tb.Helper()
	options := Options{
		BaseURL:       base,
		APIVersion:    "v23.0",
		PhoneNumberID: "5500000000000001",
		AccessToken:   "token-1",
		AppSecrets:    []string{firstSecret, secondSecret},
		VerifyToken:   "verify-1",
	}
	if change != nil {
		change(&options)
	}
	client, err := New(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	return client
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
