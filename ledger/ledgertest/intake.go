package ledgertest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

var intakeScenarios = map[string]func(*testing.T, *bench){
	"every row is counted once": func(t *testing.T, b *bench) {
		rows := people(5)
		rows = append(rows,
			campaign.Row{Number: 6, Phone: "n/a", Verdict: campaign.MissingPhone, Values: []string{"", "n/a"}},
			campaign.Row{Number: 7, Phone: "+442079460000", Person: "+442079460000", Verdict: campaign.NotMobile, Values: []string{"", ""}},
			campaign.Row{Number: 8, Phone: "+442079460001", Person: "+442079460001", Verdict: campaign.NotMobile, Refused: true, Values: []string{"", ""}})
		id := b.imported(steps(2), rows)
		c := b.campaign(id)
		want := campaign.Counts{campaign.Pending: 6, campaign.Waiting: 6, campaign.Rejected: 2}
		if diff := cmp.Diff(want, c.Counts); diff != "" {
			t.Error(diff)
		}
		verdicts := map[campaign.Verdict]int64{campaign.OK: 5, campaign.MissingPhone: 1, campaign.NotMobile: 2}
		if diff := cmp.Diff(verdicts, c.Verdicts); diff != "" {
			t.Error(diff)
		}
		if c.State != campaign.Draft || c.Open != 12 {
			t.Errorf("state %s with %d open messages, want a draft with 12", c.State, c.Open)
		}
	},
	"duplicates name the row they repeat": func(t *testing.T, b *bench) {
		rows := people(ledger.IntakeBatch + 2)
		rows[10].Person = rows[3].Person                   // in the same batch
		rows[ledger.IntakeBatch+1].Person = rows[0].Person // in a later one
		id := b.imported(steps(1), rows)
		if got := b.campaign(id).Verdicts[campaign.Duplicate]; got != 2 {
			t.Fatalf("%d duplicates, want 2", got)
		}
		for number, first := range map[int]string{11: "row 4", ledger.IntakeBatch + 2: "row 1"} {
			page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: id, After: id.Recipient(number - 1), Recipients: 1})
			b.check(err)
			if want := "duplicate: the same person stands in " + first; page.Rows[0].Reason != want || page.Rows[0].Status != campaign.Rejected {
				t.Errorf("row %d: %s, %q; want rejected, %q", number, page.Rows[0].Status, page.Rows[0].Reason, want)
			}
		}
	},
	"the same person in two campaigns is no duplicate": func(t *testing.T, b *bench) {
		for range 2 {
			if got := b.campaign(b.imported(steps(1), people(3))).Counts[campaign.Pending]; got != 3 {
				t.Errorf("%d pending, want 3", got)
			}
		}
	},
	"an import shows only when it is complete": func(t *testing.T, b *bench) {
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1)}, b.now)
		b.check(err)
		b.check(in.Add(t.Context(), people(10), b.now))
		if _, err := b.Campaign(t.Context(), in.ID()); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("an unfinished import is visible: %v", err)
		}
		if list, err := b.Campaigns(t.Context(), 0, 10); err != nil || len(list) != 0 {
			t.Errorf("an unfinished import is listed: %v, %v", list, err)
		}
		if _, err := b.Act(t.Context(), in.ID(), campaign.Start, by("tester"), b.now); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("an unfinished import can be started: %v", err)
		}
		b.check(in.Abandon(t.Context()))
		if err := in.Reveal(t.Context()); err == nil {
			t.Error("an abandoned import was revealed")
		}
	},
	"abandoned imports are removed, live ones are not": func(t *testing.T, b *bench) {
		dead, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(2)}, b.now)
		b.check(err)
		b.check(dead.Add(t.Context(), people(10), b.now))
		b.advance(11 * time.Minute)
		live, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1)}, b.now)
		b.check(err)
		if n, err := b.RemoveAbandoned(t.Context(), b.now); n != 1 || err != nil {
			t.Errorf("removed %d, %v; want 1", n, err)
		}
		if err := dead.Reveal(t.Context()); err == nil {
			t.Error("a removed import was revealed")
		}
		b.check(live.Reveal(t.Context()))
		b.campaigns = append(b.campaigns, live.ID())
	},
	"an import that was given up takes no more rows": func(t *testing.T, b *bench) {
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1), Key: "k", Hash: "a"}, b.now)
		b.check(err)
		b.check(in.Add(t.Context(), people(3), b.now))
		b.advance(time.Minute)
		second, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1), Key: "k", Hash: "a"}, b.now)
		b.check(err)
		if err := in.Add(t.Context(), []campaign.Row{row(4, "+447700900009")}, b.now); err == nil {
			t.Error("an import whose key was taken over took more rows")
		}
		if err := in.Reveal(t.Context()); err == nil {
			t.Error("an import whose key was taken over was revealed")
		}
		b.check(second.Reveal(t.Context()))
		b.check(second.Abandon(t.Context())) // too late to change anything
		b.campaigns = append(b.campaigns, second.ID())
		b.campaign(second.ID())
		if n, err := b.RemoveAbandoned(t.Context(), b.now); n != 1 || err != nil {
			t.Errorf("removed %d, %v; want the one that was given up", n, err)
		}
	},
	"one campaign per idempotency key": func(t *testing.T, b *bench) {
		request := ledger.NewCampaign{Definition: steps(1), Key: "launch-1", Hash: "a"}
		in, err := b.BeginIntake(t.Context(), request, b.now)
		b.check(err)
		expect := func(hash string, want ledger.ExistsError) {
			t.Helper()
			again := request
			again.Hash = hash
			_, err := b.BeginIntake(t.Context(), again, b.now)
			var exists *ledger.ExistsError
			if !errors.As(err, &exists) {
				t.Fatalf("got %v, want an ExistsError", err)
			}
			if diff := cmp.Diff(want, *exists); diff != "" {
				t.Error(diff)
			}
		}
		expect("a", ledger.ExistsError{ID: in.ID(), Same: true, Importing: true})
		b.check(in.Reveal(t.Context()))
		expect("a", ledger.ExistsError{ID: in.ID(), Same: true})
		expect("b", ledger.ExistsError{ID: in.ID()})
	},
	"of many uploads at once with one key one makes a campaign": func(t *testing.T, b *bench) {
		var made, refused atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1), Key: "launch-1", Hash: "a"}, b.now)
				var exists *ledger.ExistsError
				switch {
				case err == nil:
					made.Add(1)
				case errors.As(err, &exists):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if made.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d made and %d refused, want 1 and 7", made.Load(), refused.Load())
		}
	},
	"the key of a dead import is free again": func(t *testing.T, b *bench) {
		request := ledger.NewCampaign{Definition: steps(1), Key: "launch-1", Hash: "a"}
		_, err := b.BeginIntake(t.Context(), request, b.now)
		b.check(err)
		b.advance(time.Minute)
		_, err = b.BeginIntake(t.Context(), request, b.now)
		b.check(err)
	},
	"rows must ascend": func(t *testing.T, b *bench) {
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1)}, b.now)
		b.check(err)
		if err := in.Add(t.Context(), []campaign.Row{row(2, "+447700900001"), row(2, "+447700900002")}, b.now); err == nil {
			t.Error("a row came twice and was taken")
		}
	},
}
