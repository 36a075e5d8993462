package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/ledger"
)

func TestResolvedText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		resolved int
		state    campaign.State
		decision api.Decision
		want     string
	}{
		{3, "running", api.Resend, "3 unknown messages will be sent again\n"},
		{1, "running", api.Resend, "1 unknown message will be sent again\n"},
		{3, "paused", api.Resend, "3 unknown messages will be sent again once the campaign is resumed\n"},
		{3, "running", api.Drop, "given up: 3\n"},
		{3, "paused", api.Drop, "given up: 3\n"},
		{0, "running", api.Resend, "the campaign has no unknown messages\n"},
		{0, "running", api.Drop, "the campaign has no unknown messages\n"},
	} {
		var out strings.Builder
		done := client.Resolved{Resolved: api.Resolved{Resolved: test.resolved}, Campaign: campaignOf(api.Campaign{State: test.state})}
		if err := WriteResolved(&out, done, test.decision); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
}

func TestResolveThroughTheRealAPI(t *testing.T) {
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
	for attempt, decision := range []api.Decision{api.Resend, api.Drop} {
		lose(t, record, id.Recipient(1).Message(0), attempt+1)
		_, err := realClient(t, url, viewerToken).Resolve(ctx, launched.ID, decision)
		exits(t, err, 1, "viewer")
		done, err := c.Resolve(ctx, launched.ID, decision)
		if err != nil || done.Resolved.Resolved != 1 || done.Campaign.ID != launched.ID || done.Campaign.Counts[campaign.Unknown] != 0 {
			t.Errorf("%s: %+v, %v", decision, done, err)
		}
	}
	_, err = c.Resolve(ctx, launched.ID, "guess")
	exits(t, err, 2, `the decision must be resend or drop, not "guess"`)
	_, err = c.Resolve(ctx, "0000001", api.Drop)
	exits(t, err, 2, "not found")
}

// lose claims a message whose answer never comes.
func lose(t *testing.T, record *ledger.Ledger, id campaign.MessageID, attempt int) {
	t.Helper()
	now := time.Now()
	if _, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: attempt}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := record.Settle(t.Context(), ledger.Settlement{
		Message: id, Attempt: attempt, Outcome: ledger.OutcomeUnknown, At: now, UnknownAfter: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
}
