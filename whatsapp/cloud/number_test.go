package cloud

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

func TestTiers(t *testing.T) {
	t.Parallel()
	for tier, want := range map[string]int{
		"TIER_50": 50, "TIER_250": 250, "TIER_2K": 2000, "tier_10k": 10000, "TIER_100K": 100000, "TIER_UNLIMITED": whatsapp.NoLimit,
		"2000": 2000, "-1": whatsapp.NoLimit, "": 0, "0": 0, "-250": 0, "TIER_": 0, "TIER_K": 0, "TIER_NEW": 0, "TIER_9999999999K": 0, "TIER_4000000K": 0,
	} {
		if _, got := tierOf(wire.Text(tier)); got != want {
			t.Errorf("%s is %d, want %d", tier, got, want)
		}
	}
}

// TestWhatNoticesTell reads the limits and the times out of notices.
func TestWhatNoticesTell(t *testing.T) {
	t.Parallel()
	body := func(time, field, value string) []byte {
		return fmt.Appendf(nil, `{"entry":[{"id":"33","time":%s,"changes":[{"field":%q,"value":%s}]}]}`, time, field, value)
	}
	const number, limit = "phone_number_quality_update", "business_capability_update"
	for name, c := range map[string]struct {
		body []byte
		want whatsapp.Notice
	}{
		"faster": {body("1767000700", number, `{"event":"THROUGHPUT_UPGRADE","current_limit":"TIER_10K","max_daily_conversations_per_business":"TIER_UNLIMITED"}`),
			whatsapp.Notice{Topic: whatsapp.NumbersNews, At: time.Unix(1767000700, 0).UTC(), Told: whatsapp.NumberState{Throughput: "high", Rate: 1000, Tier: "tier_unlimited", DailyRecipients: whatsapp.NoLimit}}},
		"flagged": {body(`"1767000700"`, number, `{"event":"FLAGGED","current_limit":"TIER_2K"}`),
			whatsapp.Notice{Topic: whatsapp.NumbersNews, At: time.Unix(1767000700, 0).UTC(), Told: whatsapp.NumberState{Status: "flagged", Tier: "tier_2k", DailyRecipients: 2000}}},
		"limit as a number": {body("null", limit, `{"max_daily_conversations_per_business":2000}`),
			whatsapp.Notice{Topic: whatsapp.AccountLimit, Told: whatsapp.NumberState{Tier: "2000", DailyRecipients: 2000}}},
		"limit, older": {body("0", limit, `{"max_daily_conversation_per_phone":-1}`),
			whatsapp.Notice{Topic: whatsapp.AccountLimit, Told: whatsapp.NumberState{Tier: "-1", DailyRecipients: whatsapp.NoLimit}}},
		"another category": {body("1767000700", "template_category_update", `{"message_template_name":"offer","previous_category":"UTILITY","new_category":"MARKETING"}`),
			whatsapp.Notice{Topic: whatsapp.TemplateCategory, At: time.Unix(1767000700, 0).UTC(), Category: campaign.Marketing}},
	} {
		got := receive(t, c.body).Notices
		if len(got) != 1 {
			t.Fatalf("%s: %d notices", name, len(got))
		}
		if diff := cmp.Diff(c.want, whatsapp.Notice{Topic: got[0].Topic, At: got[0].At, Category: got[0].Category, Told: got[0].Told}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAnOlderVersionIsAskedForLess has an API that does not know the newer name of
// the messaging limit.
func TestAnOlderVersionIsAskedForLess(t *testing.T) {
	t.Parallel()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if strings.Contains(r.URL.RawQuery, "whatsapp_business_manager_messaging_limit") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"code":100,"message":"(#100) Tried accessing nonexisting field"}}`))
			return
		}
		_, _ = w.Write([]byte(`{"messaging_limit_tier":"TIER_1K","quality_rating":"GREEN","id":"1"}`))
	}))
	t.Cleanup(server.Close)
	opened, err := settings(server.URL).Open(whatsapp.Opening{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	got, err := opened.(whatsapp.Numbers).State(t.Context())
	want := whatsapp.NumberState{Quality: "green", Tier: "tier_1k", DailyRecipients: 1000}
	if err != nil || got != want || requests != 2 {
		t.Errorf("%+v, %v after %d requests", got, err, requests)
	}
}
