package test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/internal/postgrestest"
	"carillon/simulator"
)

// People who are known by a user ID alone get their messages beside those with a
// number, each once. Who stands under both is a duplicate once a webhook has told so;
// who stopped or was erased under one is left out under the other.
func TestPeopleKnownByAUserIDAlone(t *testing.T) {
	for engine, ledger := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			h := startHouse(t, setup{redis: startRedis(t), ledger: ledger(t), simulator: simulator.Options{
				Receipts: simulator.ReceiptOptions{Delay: 5 * time.Millisecond, Read: 0.5, Duplicate: 0.5, Reorder: 0.5, Early: 0.3},
				Faults:   simulator.Faults{Throttle: 0.2, LostAnswer: 0.2},
			}})
			withUserIDs(t, h)
		})
	}
}

func withUserIDs(t *testing.T, h *house) {
	const ana, eva, ben, rui = "+4915123000001", "+4915123000002", "+4915123000003", "+4915123000004"
	anasID, bensID, ruisID := simulator.UserID(ana), simulator.UserID(ben), simulator.UserID(rui)
	definition := write(t, "campaign.yaml", series)
	launch := func(recipients ...string) (id string) {
		t.Helper()
		return h.finish(t, h.launch(t, definition, write(t, "list.csv", "Phone\n"+strings.Join(recipients, "\n")+"\n")).ID).ID
	}
	tell := func(e simulator.Event) {
		t.Helper()
		if _, err := h.provider.Tell(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	tell(simulator.Event{Kind: "inbound", Text: "Hello", From: ana}) // with her user ID
	id := launch(ana, bensID, anasID, eva, ruisID, bensID)
	ended := h.endings(t, id)
	for recipient, steps := range map[string]int{ana: 2, bensID: 3, anasID: 1, eva: 2, ruisID: 2} {
		got := ended[recipient]
		if len(got) != steps || steps != 2 && got[steps-1] != "rejected" {
			t.Errorf("%s ended as %v", recipient, got)
			continue
		}
		if sent := got[:steps/2*2]; slices.ContainsFunc(sent, func(s string) bool { return s != "delivered" && s != "read" }) {
			t.Errorf("%s ended as %v", recipient, got)
		}
	}
	c := h.state(t, id)
	if c.Verdicts[campaign.OK] != 4 || c.Verdicts[campaign.Duplicate] != 2 {
		t.Errorf("verdicts %v", c.Verdicts)
	}
	h.audit(t, id)

	tell(simulator.Event{Kind: "inbound", Text: "STOP", From: ben, Hidden: true})
	if _, err := h.client.Suppress(t.Context(), []api.NewSuppression{{Phone: ana}}); err != nil {
		t.Fatal(err)
	}
	done, err := h.client.Forget(t.Context(), ruisID)
	if err != nil || done.Rows != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	left := h.endings(t, launch(bensID, anasID, ruisID, eva))
	for recipient, want := range map[string]string{bensID: "skipped", anasID: "skipped", "forgotten": "skipped"} {
		if got := left[recipient]; len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("%s ended as %v, want %s", recipient, got, want)
		}
	}
	for _, steps := range []map[string][]string{h.endings(t, id), left} {
		if len(steps[ruisID]) > 0 {
			t.Errorf("the report has %v of a person who was erased", steps[ruisID])
		}
	}
	for _, m := range h.provider.Truth().Messages {
		if m.To == ben || m.To == rui || m.To == anasID {
			t.Errorf("%s was written to", m.To)
		}
	}
}

const series = `name: series
channel: main
steps:
  - {template: hello, category: utility, language: en}
  - {template: more, category: marketing, language: en, marketing_messages: {}}
`
