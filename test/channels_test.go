package test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/app"
	"carillon/internal/programtest"
	"carillon/ledger"
	"carillon/simulator"
	"carillon/whatsapp/cloud"
)

// lockable is a provider whose account is locked after some requests, until it is
// opened again.
type lockable struct {
	*simulator.Simulator
	left atomic.Int64
}

func (l *lockable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.left.Add(-1) >= 0 {
		l.Simulator.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"error":{"message":"(#131031) Business Account locked","type":"OAuthException","code":131031}}`)
}

// duo is a house with a second number, of an account of its own.
type duo struct {
	*house
	second *lockable
}

// startDuo gives both numbers the same rate, in messages a second. The second
// one's account is locked after so many requests.
func startDuo(t *testing.T, rate float64, second int64) *duo {
	t.Helper()
	const its = "206540352242922"
	provider := &lockable{Simulator: simulator.New(simulator.Options{AppSecret: appSecret, PhoneNumberID: its})}
	provider.left.Store(second)
	server := httptest.NewServer(provider)
	t.Cleanup(func() {
		provider.Close()
		server.Close()
	})
	other := channel(its, server.URL, rate)
	other.Settings.(*cloud.Settings).WABAID = "another"
	h := startHouse(t, setup{redis: startRedis(t), rate: rate, more: map[string]configs.Channel{"second": other}})
	provider.SetWebhook(h.URL() + "/webhooks/second")
	return &duo{h, provider}
}

const twoNumbers = `name: two numbers
channels: [main, second]
steps:
  - {template: hello, language: en, category: utility, body: ["{{Full Name|there}}"]}
  - {template: bye, language: en, category: utility}
`

// reached says how often each person got each template, from which numbers.
func (d *duo) reached() map[[2]string][]string {
	found := map[[2]string][]string{}
	for name, truth := range map[string]simulator.Truth{"main": d.provider.Truth(), "second": d.second.Truth()} {
		for _, m := range truth.Messages {
			key := [2]string{m.To, m.Template}
			found[key] = append(found[key], name)
		}
	}
	return found
}

// exactlyOnce holds what the providers took against what the ledger says: each
// person got each step once, all of them from the number that is in the report.
func (d *duo) exactlyOnce(t *testing.T, id string, people int) {
	t.Helper()
	parsed, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Ledger().Verify(t.Context(), parsed); err != nil {
		t.Error(err)
	}
	both, second := d.provider.Truth(), d.second.Truth()
	both.Messages = append(both.Messages, second.Messages...)
	audit, err := app.Audit(t.Context(), d.Ledger(), parsed, both, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !audit.OK() {
		t.Errorf("the audit found something:\n%s", audit)
	}
	page, err := d.Ledger().Report(t.Context(), ledger.ReportQuery{Campaign: parsed, Recipients: people + 1})
	if err != nil {
		t.Fatal(err)
	}
	reached := d.reached()
	for _, row := range page.Rows {
		key := [2]string{row.Phone, []string{"hello", "bye"}[row.Step-1]}
		if want := []string{[]string{"main", "second"}[row.Position]}; !slices.Equal(reached[key], want) {
			t.Errorf("row %d got step %d from %v, the report says %v", row.Row(), row.Step, reached[key], want)
		}
		delete(reached, key)
	}
	if len(page.Rows) != 2*people || len(reached) != 0 {
		t.Errorf("%d lines for %d people, and %d messages that are in none", len(page.Rows), people, len(reached))
	}
}

// end waits until the campaign and the receipts of both numbers are in.
func (d *duo) end(t *testing.T, id string) {
	t.Helper()
	d.finish(t, id)
	ctx, cancel := context.WithTimeout(t.Context(), programtest.Patience)
	defer cancel()
	if err := d.second.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestTwoNumbersShareACampaign(t *testing.T) {
	const size = 300
	d := startDuo(t, 200, 1<<40)
	c := d.launch(t, write(t, "campaign.yaml", twoNumbers), people(t, size))
	d.end(t, c.ID)
	d.exactlyOnce(t, c.ID, size)
	if main, second := d.provider.Counts().Accepted, d.second.Counts().Accepted; main != size || second != size {
		t.Errorf("the numbers sent %d and %d messages, want %d each", main, second, size)
	}
}

// A number so slow is stopped long before it has begun its part, also by a
// machine with other things to do.
const (
	slow = 40
	few  = 10
)

// TestANumberHandsOver locks the second number's account in the middle. What it
// has not begun goes out from the first; the few that met the trouble wait for
// the resume.
func TestANumberHandsOver(t *testing.T) {
	const size = 300
	d := startDuo(t, slow, few)
	c := d.launch(t, write(t, "campaign.yaml", twoNumbers+"handover: true\n"), people(t, size))
	programtest.Eventually(t, programtest.Patience, "nothing is left but what the number had begun", func() bool {
		handed, open := d.handed(t, c.ID)
		return handed && open == d.openOnSecond(t, c.ID, size)
	})
	now := d.state(t, c.ID)
	if now.State != "running" || now.Stopped["second"] == "" || len(now.Stopped) != 1 {
		t.Errorf("the campaign is %s with %v stopped", now.State, now.Stopped)
	}
	if main := d.provider.Counts().Accepted; main <= size {
		t.Errorf("the first number sent %d messages, no more than its own part", main)
	}
	d.resume(t, c.ID)
	d.exactlyOnce(t, c.ID, size)
}

// TestANumberWaits does the same without a handover: its part waits.
func TestANumberWaits(t *testing.T) {
	const size = 300
	d := startDuo(t, slow, few)
	c := d.launch(t, write(t, "campaign.yaml", twoNumbers), people(t, size))
	programtest.Eventually(t, programtest.Patience, "the first number has sent its part", func() bool {
		return d.provider.Counts().Accepted == size && len(d.state(t, c.ID).Stopped) == 1
	})
	if now := d.state(t, c.ID); now.State != "running" || now.Counts[campaign.Pending] == 0 {
		t.Errorf("the campaign is %s with %v", now.State, now.Counts)
	}
	d.resume(t, c.ID)
	d.exactlyOnce(t, c.ID, size)
	if main := d.provider.Counts().Accepted; main != size {
		t.Errorf("the first number sent %d messages, want its own %d", main, size)
	}
}

// resume mends the second number and lets the campaign end.
func (d *duo) resume(t *testing.T, id string) {
	t.Helper()
	d.second.left.Store(1 << 40)
	if _, err := d.client.Act(t.Context(), id, string(campaign.Resume)); err != nil {
		t.Fatal(err)
	}
	d.end(t, id)
}

// handed reports whether the second number has handed over all, and how many
// messages of the campaign are open.
func (d *duo) handed(t *testing.T, id string) (done bool, open int64) {
	t.Helper()
	parsed, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Ledger().Campaign(t.Context(), parsed)
	if err != nil {
		t.Fatal(err)
	}
	return c.Stopped[1].Handed, c.Open
}

// openOnSecond is how many messages of the second number are open.
func (d *duo) openOnSecond(t *testing.T, id string, people int) int64 {
	t.Helper()
	parsed, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.Ledger().Report(t.Context(), ledger.ReportQuery{Campaign: parsed, Recipients: people + 1})
	if err != nil {
		t.Fatal(err)
	}
	var open int64
	for _, row := range page.Rows {
		if row.Position == 1 && row.Status.Open() {
			open++
		}
	}
	return open
}
