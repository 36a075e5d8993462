package ledger

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/internal/postgrestest"
)

// onBoth runs a test on a ledger of each engine.
func onBoth(t *testing.T, test func(t *testing.T, l *Ledger, explain string)) {
	t.Helper()
	for name, engine := range map[string]struct {
		url     func(*testing.T) string
		explain string
	}{
		"sqlite": {
			func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") }, "EXPLAIN QUERY PLAN ",
		},
		"postgres": {func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) }, "EXPLAIN "},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Open(t.Context(), engine.url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, l, engine.explain)
		})
	}
}

// TestSearchesReadByIndexes: a number in full, the newest campaigns, and a page of
// those who stand somewhere are found without a look at anything else.
func TestSearchesReadByIndexes(t *testing.T) {
	onBoth(t, func(t *testing.T, l *Ledger, explain string) {
		id := patient(t, l)
		heard := listen(l)
		for _, search := range []struct {
			about string // what the query says
			do    func() error
			plan  []string // what its plan has
		}{
			{
				"MIN(+r.id)", func() error {
					_, err := l.Report(t.Context(), ReportQuery{Campaign: id, Recipients: 10, Person: "+447700000001"})
					return err
				}, []string{"recipients_by_person", "recipients_refused"},
			},
			{
				"FROM campaigns", func() error { _, err := l.Campaigns(t.Context(), id, 10); return err }, []string{"campaigns_by_age"},
			},
			{
				"FROM messages m CROSS JOIN", func() error {
					_, err := l.Report(t.Context(), ReportQuery{Campaign: id, Recipients: 10, Status: campaign.Waiting})
					return err
				}, nil,
			},
		} {
			for _, counted := range []bool{false, true} {
				if counted {
					execute(t, l, "ANALYZE")
				}
				heard.heard = nil
				if err := search.do(); err != nil {
					t.Fatal(err)
				}
				at := slices.IndexFunc(heard.heard, func(q query) bool { return strings.Contains(q.text, search.about) })
				if at < 0 {
					t.Fatalf("nothing is asked of %q", search.about)
				}
				plan := heard.heard[at].plan(t, l, explain)
				if hasAny(plan, []string{"SCAN r\n", "SCAN m\n", "SCAN campaigns\n", "TEMP B-TREE", "Seq Scan", "Sort"}) {
					t.Errorf("counted %t: %s\n%s", counted, search.about, plan)
				}
				for _, index := range search.plan {
					if !strings.Contains(plan, index) {
						t.Errorf("counted %t: the plan lacks %s:\n%s", counted, index, plan)
					}
				}
			}
		}
	})
}

// TestSearchesReadAPart of long lists of campaigns and of opt-outs for a page, and
// give each hit once and in order.
func TestSearchesReadAPart(t *testing.T) {
	const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) `
	onBoth(t, func(t *testing.T, l *Ledger, _ string) {
		execute(t, l, fmt.Sprintf(`
			INSERT INTO campaigns (id, name, state, definition, columns, created_at) `+numbers+`
			SELECT n, CASE WHEN n IN (7, 50, %d) THEN 'Spring' ELSE 'another' END, 'finished', '{}', '[]', n / 3 FROM numbers`, mostCampaigns+100, mostCampaigns+50))
		execute(t, l, fmt.Sprintf(`
			INSERT INTO suppressions (person, scope, created_at) `+numbers+`
			SELECT '+' || CAST(1000000 + n AS TEXT), 'all', 1 FROM numbers`, mostSuppressions+100))
		for _, limit := range []int{1, 10} {
			var campaigns []campaign.ID
			var before campaign.ID
			pages := 0
			for more := true; more; pages++ {
				found, next, err := l.FindCampaigns(t.Context(), "spring", before, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range found {
					campaigns = append(campaigns, c.ID)
				}
				before, more = next, next != 0
			}
			if want := []campaign.ID{mostCampaigns + 50, 50, 7}; !slices.Equal(campaigns, want) || pages < 2 {
				t.Errorf("%d to a page: campaigns %v on %d pages, want %v", limit, campaigns, pages, want)
			}
			var people []string
			q := SuppressionQuery{Search: "99999", Limit: limit}
			pages = 0
			for more := true; more; pages++ {
				found, next, err := l.FindSuppressions(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range found {
					people = append(people, s.Person)
				}
				q.After, more = next, next.Person != ""
			}
			want := []string{"+1099999", "+1199999"}
			if !slices.Equal(people, want) || pages < 2 {
				t.Errorf("%d to a page: people %v on %d pages, want %v", limit, people, pages, want)
			}
		}
	})
}
