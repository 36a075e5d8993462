package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/ledger"
)

func TestRetriedText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		done client.Retried
		want string
	}{
		{client.Retried{Retried: api.Retried{Again: 3, Refused: 1, OptedOut: 1}, Campaign: campaignOf(api.Campaign{ID: "abc", State: "running"})}, "attempted again: 3; permanently refused: 1; opted out: 1\n"},
		{
			client.Retried{Retried: api.Retried{Again: 3, OptedOut: 2}, Campaign: campaignOf(api.Campaign{ID: "abc", State: "paused"})},
			"attempted again: 3; permanently refused: 0; opted out: 2\nthe campaign is paused; carillon resume abc goes on\n",
		},
		{
			client.Retried{Campaign: campaignOf(api.Campaign{ID: "abc", State: "running"}), Retried: api.Retried{Refused: 3, OptedOut: 1, LeftOut: []api.LeftOut{
				{Row: 7, Step: 1, Phone: "+4915123018622", Status: "failed", Why: "undeliverable (131026)"},
				{Row: 12, Step: 2, Phone: "+33612982489", Status: "expired", Why: "the person has opted out"},
			}}},
			"attempted again: 0; permanently refused: 3; opted out: 1\n\n" +
				"ROW  STEP  NUMBER          STATUS   WHY NOT AGAIN\n" +
				"7    1     +4915123018622  failed   undeliverable (131026)\n" +
				"12   2     +33612982489    expired  the person has opted out\n" +
				"and 2 more; carillon report abc has all\n",
		},
		{client.Retried{Retried: api.Retried{Refused: 4}, Campaign: campaignOf(api.Campaign{ID: "abc", State: "paused"})}, "attempted again: 0; permanently refused: 4; opted out: 0\n"},
	} {
		var out strings.Builder
		if err := WriteRetried(&out, test.done); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("%+v: %s", test.done, diff)
		}
	}
}

func TestRetrySendsTheStatuses(t *testing.T) {
	t.Parallel()
	const answer = `{"again":3,"refused":2,"opted_out":1,"left_out":[{"row":7,"step":1,"phone":"+4915123018622","status":"failed","why":"gone"}],"campaign":{"id":"abc","of_a_later_version":1}}`
	want := []string{"failed", "expired"}
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string][]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/api/campaigns/abc/retry" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %s %s, %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		if diff := cmp.Diff(map[string][]string{"statuses": want}, body); diff != "" {
			t.Error(diff)
		}
		fmt.Fprint(w, answer)
	})
	done, err := Retry(t.Context(), c, "abc", want)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(done); err != nil || string(text) != answer {
		t.Errorf("printed as %s, %v; want %s", text, err, answer)
	}
}

func TestRetryAsksForNothingElse(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("got %s %s", r.Method, r.URL) })
	for _, statuses := range [][]string{nil, {"delivered"}, {"failed", "unknown"}, {"Failed"}, {""}} {
		_, err := Retry(t.Context(), c, "abc", statuses)
		exits(t, err, 2, "write --status failed, expired, or failed,expired")
	}
}

func TestRetryThroughTheRealAPI(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	c, ctx := realClient(t, url, adminToken), t.Context()
	launched, err := Launch(ctx, c, LaunchRequest{Campaign: file(t, "c.yaml", twoSteps), Contacts: file(t, "c.csv", threePeople)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := campaign.ParseID(launched.ID)
	if err != nil {
		t.Fatal(err)
	}
	fail(t, record, id.Recipient(1).Message(0), campaign.Failure{Reason: "busy", Retry: true, Tries: 1})
	fail(t, record, id.Recipient(2).Message(0), campaign.Failure{Reason: "not on WhatsApp"})
	failed := []string{"failed"}
	_, err = Retry(ctx, realClient(t, url, viewerToken), launched.ID, failed)
	exits(t, err, 1, "viewer")
	done, err := Retry(ctx, c, launched.ID, failed)
	if err != nil || done.Again != 1 || done.Refused != 1 || done.OptedOut != 0 || done.Campaign.Counts[campaign.Failed] != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if want := []api.LeftOut{{Row: 2, Step: 1, Phone: "+33612982489", Status: "failed", Why: "not on WhatsApp"}}; !cmp.Equal(want, done.LeftOut) {
		t.Errorf("left out %+v", done.LeftOut)
	}
	_, err = Retry(ctx, c, "0000001", failed)
	exits(t, err, 2, "not found")
	if _, err = c.Act(ctx, launched.ID, "cancel"); err != nil {
		t.Fatal(err)
	}
	_, err = Retry(ctx, c, launched.ID, failed)
	exits(t, err, 2, "cancelled")
}

// fail claims a message that the provider refuses.
func fail(t *testing.T, record *ledger.Ledger, id campaign.MessageID, failure campaign.Failure) {
	t.Helper()
	now := time.Now()
	if _, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := record.Settle(t.Context(), ledger.Settlement{Message: id, Attempt: 1, Outcome: ledger.OutcomeRefused, At: now, Failure: failure})
	if err != nil {
		t.Fatal(err)
	}
}
