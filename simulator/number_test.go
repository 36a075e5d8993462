package simulator

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// TestTheNumberIsAskedAbout in the dialects that tell how it stands, through the
// client of the program.
func TestTheNumberIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := New(Options{AccessToken: "token", PhoneNumberID: testNumber})
	server := httptest.NewServer(s)
	t.Cleanup(func() { server.Close(); s.Close() })
	ask := func(token whatsapp.Secret) (whatsapp.NumberState, error) {
		settings := &cloud.Settings{BaseURL: server.URL, APIVersion: "v23.0", PhoneNumberID: testNumber, AccessToken: token, AppSecret: "s"}
		opened, err := settings.Open(whatsapp.Opening{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(opened.Close)
		return opened.(whatsapp.Numbers).State(t.Context())
	}
	if w := call(s, http.MethodPost, "/number", `{"tier":"TIER_2K","throughput":"HIGH","quality":"RED"}`); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := whatsapp.NumberState{
		Quality: "red", Tier: "tier_2k", DailyRecipients: 2000, Throughput: "high", Rate: 1000, Status: "connected", NameStatus: "approved", Health: "available",
	}
	if got, err := ask("token"); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ask("another"); err == nil {
		t.Error("a wrong token was told")
	}
	if w := call(s, http.MethodPost, "/number", `{"colour":"RED"}`); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown key got %d", w.Code)
	}
}
