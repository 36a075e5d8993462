package cloud

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

func offer(how campaign.MarketingMessages) whatsapp.Message {
	m := letter()
	m.Template.MarketingMessages = &how
	return m
}

func TestMarketingRequest(t *testing.T) {
	no := false
	const before, after = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+447700900123","type":"template",` +
		`"biz_opaque_callback_data":"4503599627370512.1","template":{"name":"spring_offer","language":{"code":"en_GB"},"components":[]}`, `}`
	for name, test := range map[string]struct {
		how  campaign.MarketingMessages
		want string
	}{
		"as the account is set up": {campaign.MarketingMessages{}, ``},
		"all": {
			campaign.MarketingMessages{ProductPolicy: campaign.CloudAPIFallback, ActivitySharing: &no},
			`,"product_policy":"CLOUD_API_FALLBACK","message_activity_sharing":false`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var path, body string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				path, body = r.Method+" "+r.URL.Path, string(text)
				_, _ = io.WriteString(w, yes)
			}))
			defer server.Close()
			client := newClient(t, server.URL, nil)
			if _, err := client.Send(t.Context(), offer(test.how)); err != nil {
				t.Fatal(err)
			}
			if want := "POST /v23.0/5500000000000001/marketing_messages"; path != want {
				t.Errorf("got %s, want %s", path, want)
			}
			if diff := cmp.Diff(before+test.want+after, body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMarketingRefusals are answers that mean something else at that endpoint, and
// those that only it gives.
func TestMarketingRefusals(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":{"code":131009}}`:                                     "retry_soon invalid_parameter wait=10m0s retries=2",
		`{"error":{"code":131055}}`:                                     "bad_request wrong_endpoint",
		`{"error":{"code":134100}}`:                                     "bad_request wrong_endpoint",
		`{"error":{"code":134101}}`:                                     "retry_slow template_syncing budget=template wait=10m0s",
		`{"error":{"code":134102}}`:                                     "pause template_ineligible scope=template",
		`{"error":{"code":100,"message":"must be a template message"}}`: "bad_request invalid_parameter",
		`{"error":{"code":131062}}`:                                     "bad_request phone_required",
		`{"error":{"code":1752041}}`:                                    "bad_request not_a_send",
	} {
		client := newClient(t, api(t, http.StatusBadRequest, nil, body).URL, nil)
		_, err := client.Send(t.Context(), offer(campaign.MarketingMessages{}))
		if diff := cmp.Diff(want, whatsapptest.Summary(refusal(t, err))); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	client := newClient(t, api(t, http.StatusBadRequest, nil, `{"error":{"code":131009}}`).URL, nil)
	_, err := client.Send(t.Context(), letter())
	if got, want := whatsapptest.Summary(refusal(t, err)), "bad_request invalid_parameter"; got != want {
		t.Errorf("131009 of another message: got %s, want %s", got, want)
	}
}
