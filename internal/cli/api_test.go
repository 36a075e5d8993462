package cli

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/ledger"
	"carillon/web"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// noWebhooks is a channel whose provider says nothing.
type noWebhooks struct{ whatsapp.Hook }

const (
	adminToken  = "an-admin-token-0123"
	viewerToken = "a-viewer-token-0123"
)

// realServer is the program's own API on a ledger in a file, without anybody
// who sends.
func realServer(t *testing.T) (url string, record *ledger.Ledger) {
	t.Helper()
	record, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	api, err := web.New(web.Options{
		Ledger:   record,
		Door:     admission.Door{Rates: map[string]float64{"main": 0}},
		Channels: map[string]web.Channel{"main": {Hook: noWebhooks{}, Identity: whatsapp.Identity{Number: "1"}, Provider: "cloud", Hint: cloud.Book().Hint}},
		Tokens: []web.Token{
			{Name: "ops", Token: adminToken, Role: web.Admin}, {Name: "eyes", Token: viewerToken, Role: web.Viewer},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(func() {
		api.Close()
		server.Close()
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, record
}

func realClient(t *testing.T, url, token string) *client.Client {
	t.Helper()
	return clientWith(t, url, token)
}

const threePeople = "Full Name,Phone,Language\nAnna,+4915123018622,de\nBert,+33612982489,fr\nNobody,12,en\n"

func TestACampaignThroughTheRealAPI(t *testing.T) {
	t.Parallel()
	url, _ := realServer(t)
	c, ctx := realClient(t, url, adminToken), t.Context()
	launched, err := Launch(ctx, c, LaunchRequest{Campaign: file(t, "c.yaml", twoSteps), Contacts: file(t, "c.csv", threePeople)})
	if err != nil {
		t.Fatal(err)
	}
	if launched.State != "running" || launched.Name != "order-update" || launched.Verdicts["ok"] != 2 || len(launched.Steps) != 2 {
		t.Errorf("launched %s", launched.Raw)
	}
	if got, want := SnapshotOf(launched.Campaign), (Snapshot{Total: 4}); got != want {
		t.Errorf("progress %+v, want %+v", got, want)
	}
	for _, step := range []struct{ action, state string }{{"pause", "paused"}, {"resume", "running"}, {"cancel", "cancelled"}} {
		changed, err := c.Act(ctx, launched.ID, step.action)
		if err != nil || string(changed.State) != step.state || !strings.Contains(changed.Reason, "by ops") {
			t.Errorf("%s: %s, %v", step.action, changed.Raw, err)
		}
	}
	_, err = c.Act(ctx, launched.ID, "resume")
	exits(t, err, 2, "cancelled")
	list, err := c.Campaigns(ctx)
	if err != nil || len(list) != 1 || list[0].ID != launched.ID || list[0].StartedAt == nil {
		t.Errorf("listed %v, %v", list, err)
	}
	var report strings.Builder
	if err := c.Report(ctx, launched.ID, &report); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(report.String(), "\n"); lines != 1+2*2+1 || !strings.HasPrefix(report.String(), "row,phone,step,") {
		t.Errorf("the report has %d lines:\n%s", lines, report.String())
	}
}

func TestLaunchForLater(t *testing.T) {
	t.Parallel()
	url, _ := realServer(t)
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	launched, err := Launch(t.Context(), realClient(t, url, adminToken), LaunchRequest{
		Campaign: file(t, "c.yaml", twoSteps), Contacts: file(t, "c.csv", threePeople), At: at,
	})
	if err != nil || launched.State != "scheduled" || !launched.StartAt.Equal(at) {
		t.Errorf("launched %s, %v", launched.Raw, err)
	}
}

func TestLaunchAgainAfterTheAnswerWasLost(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	target, lost := realClient(t, url, adminToken), errors.New("cable cut")
	target.HTTP.Transport = &loseFirst{next: target.HTTP.Transport, err: lost}
	launched, err := Launch(t.Context(), target, LaunchRequest{Campaign: file(t, "c.yaml", twoSteps), Contacts: file(t, "c.csv", threePeople)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := record.Campaigns(t.Context(), 0, 10)
	if err != nil || len(made) != 1 || made[0].ID.String() != launched.ID {
		t.Errorf("%d campaigns were made, %v; want %s alone", len(made), err, launched.ID)
	}
}

// loseFirst loses the answer to the first request, which the server has
// carried out.
type loseFirst struct {
	next http.RoundTripper
	err  error
}

func (l *loseFirst) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if l.err == nil || err != nil {
		return answer, err
	}
	err, l.err = l.err, nil
	return nil, errors.Join(err, answer.Body.Close())
}

func TestFollowToTheRealEnd(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	c := realClient(t, url, adminToken)
	launched, err := Launch(t.Context(), c, LaunchRequest{
		Campaign: file(t, "c.yaml", twoSteps), Contacts: file(t, "c.csv", "Full Name,Phone,Language\nNobody,12,en\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := campaign.ParseID(launched.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	finish := func(client.Campaign) { // as soon as somebody watches
		if _, err := record.Finish(ctx, []campaign.ID{id}, time.Now()); err != nil {
			t.Error(err)
		}
	}
	ended, err := c.Watch(ctx, launched.ID, finish)
	if err != nil || ended.State != "finished" {
		t.Errorf("ended as %s, %v", ended.Raw, err)
	}
}

func TestRefusalsOfTheRealAPI(t *testing.T) {
	t.Parallel()
	url, _ := realServer(t)
	c, ctx := realClient(t, url, adminToken), t.Context()
	good, list := file(t, "c.yaml", twoSteps), file(t, "c.csv", threePeople)

	_, err := Launch(ctx, realClient(t, url, "a-wrong-token-01234"), LaunchRequest{Campaign: good, Contacts: list})
	exits(t, err, 1, "set CARILLON_TOKEN to one of")
	_, err = Launch(ctx, realClient(t, url, viewerToken), LaunchRequest{Campaign: good, Contacts: list})
	exits(t, err, 1, "viewer")
	for _, id := range []string{"0000001", "nonsense", "../x"} {
		_, err = c.Campaign(ctx, id)
		exits(t, err, 2, "(")
		_, err = c.Watch(ctx, id, func(client.Campaign) {})
		exits(t, err, 2, "(")
	}
	_, err = Launch(ctx, c, LaunchRequest{Campaign: file(t, "c.yaml", "name: x\nfoo: 1\nsteps: 3\n"), Contacts: list})
	exits(t, err, 2, "line 2: foo")
	exits(t, err, 2, "\nline 3: steps")
	_, err = Launch(ctx, c, LaunchRequest{Campaign: good, Contacts: file(t, "c.csv", "")})
	exits(t, err, 2, "empty")
}

func TestSuppressionsThroughTheRealAPI(t *testing.T) {
	t.Parallel()
	url, _ := realServer(t)
	c, ctx := realClient(t, url, adminToken), t.Context()
	if _, err := c.Suppress(ctx, []api.NewSuppression{{Phone: "+49 1512 3018622", Scope: "marketing", Reason: "asked"}}); err != nil {
		t.Fatal(err)
	}
	done, err := SuppressFile(ctx, c, file(t, "stop.txt", "+33612982489\nnobody\n+31612555559\n"), client.SuppressOptions{Scope: "all", Reason: "old list", Region: ""})
	if err != nil || done.Suppressed != 2 || len(done.Problems) != 1 {
		t.Errorf("got %+v, %v", done, err)
	}
	if err := c.Unsuppress(ctx, "+33612982489", "all"); err != nil {
		t.Error(err)
	}
	exits(t, c.Unsuppress(ctx, "+33612982489", "all"), 2, "has not opted out")
	_, err = c.Suppress(ctx, []api.NewSuppression{{Phone: "12", Scope: "all"}})
	exits(t, err, 2, "12")
	list, err := c.Suppressions(ctx)
	if err != nil || len(list) != 2 {
		t.Fatalf("listed %v, %v", list, err)
	}
	got := map[string]string{}
	for _, s := range list {
		got[s.Phone] = s.Scope + " " + s.Reason
		if s.Since.IsZero() {
			t.Errorf("%s has no time", s.Phone)
		}
	}
	if got["+4915123018622"] != "marketing asked" || got["+31612555559"] != "all old list" {
		t.Errorf("listed %v", got)
	}
}
