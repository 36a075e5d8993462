package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
)

func TestChannelText(t *testing.T) {
	t.Parallel()
	const text = `[{"name":"main","provider":"cloud","rate":1000,"rate_configured":80,"rate_auto":true,"daily":{"limit":2000,"used":12},"daily_auto":true,
		"quality":"yellow","tier":"tier_2k","throughput":"high","status":"flagged","name_status":"approved","health":"limited","account":"account_restricted",
		"told_at":"2026-03-01T10:00:00Z","asked_at":"2026-03-01T10:00:00Z","last_receipt_at":"2026-03-01T09:00:00Z",
		"notices":[{"topic":"template_status","template":"offer","language":"en","reason":"template_paused","detail":"Resume.","at":"2026-03-01T08:00:00Z","times":2,"effect":"paused 1 campaign"},
			{"topic":"account_alert","reason":"account_alert","at":null,"first_told_at":"2026-03-01T07:00:00Z","times":1}]},
		{"name":"old","provider":"gateway","ask_error":"no answer"}]`
	var list []api.Channel
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	const table = `NAME  PROVIDER  RATE           DAILY              QUALITY  TIER     STATUS            LAST RECEIPT          TROUBLE
main  cloud     1000/s (auto)  12 of 2000 (auto)  yellow   tier_2k  flagged, limited  2026-03-01T09:00:00Z  account_restricted
old   gateway   no limit       no limit           -        -        -                 -                     the provider does not say how it stands: no answer
`
	const one = `main
provider      cloud
rate          1000/s (auto)
daily limit   12 of 2000 (auto)
quality       yellow
tier          tier_2k
throughput    high
status        flagged, limited
name          approved
account       account_restricted
last receipt  2026-03-01T09:00:00Z
told          2026-03-01T10:00:00Z
asked         2026-03-01T10:00:00Z

TOLD                  TIMES  ABOUT          REASON           EFFECT             DETAIL
2026-03-01T08:00:00Z  2      offer (en)     template_paused  paused 1 campaign  Resume.
2026-03-01T07:00:00Z  1      account_alert  account_alert    -                  -
`
	var out strings.Builder
	if err := WriteChannels(&out, list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := WriteChannel(&out, list[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, out.String()); diff != "" {
		t.Error(diff)
	}
}
