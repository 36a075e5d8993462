package ledgertest

import (
	"slices"
	"testing"

	"carillon/campaign"
	"carillon/ledger"
)

// searched are the rows that a search finds, page by page.
func (b *bench) searched(q ledger.ReportQuery) (rows []int, pages, empty int) {
	b.Helper()
	for {
		page, err := b.Report(b.Context(), q)
		b.check(err)
		pages++
		recipients := 0
		for _, line := range page.Rows {
			if len(rows) == 0 || rows[len(rows)-1] != line.Row() {
				rows, recipients = append(rows, line.Row()), recipients+1
			}
		}
		if recipients == 0 {
			empty++
		}
		if recipients > q.Recipients {
			b.Errorf("a page of %d recipients has %d", q.Recipients, recipients)
		}
		if page.Next == 0 {
			if page.SearchedTo != page.LastRow {
				b.Errorf("the last page has searched to row %d of %d", page.SearchedTo, page.LastRow)
			}
			return rows, pages, empty
		}
		if page.Next <= q.After || page.SearchedTo != page.Next.Row() || page.SearchedTo >= page.LastRow {
			b.Fatalf("behind %d: next is %d, searched to row %d of %d", q.After, page.Next, page.SearchedTo, page.LastRow)
		}
		q.After = page.Next
	}
}

// sparse is a campaign whose list is far longer than what a page reads. Ana is in a
// few of its rows, and some of its messages are accepted, failed or rejected.
func (b *bench) sparse() campaign.ID {
	b.Helper()
	rows := people(12)
	for i, number := range []int{1, 2, 40_000, 150_000, 150_001, 150_002, 400_000, 700_000, 700_001, 1_300_000, 1_300_001, 1_400_000} {
		rows[i].Number, rows[i].Values = number, []string{"Bob", rows[i].Phone}
	}
	for _, i := range []int{1, 4, 5, 8} {
		rows[i].Values[0] = "ANA-7"
	}
	rows[5] = campaign.Row{Number: rows[5].Number, Phone: "abc", Verdict: campaign.Invalid, Detail: "letters", Values: rows[5].Values}
	rows[10].Verdict = campaign.NoConsent
	c := b.imported(steps(2), rows)
	b.act(c, campaign.Start)
	for _, number := range []int{2, 700_000, 700_001} {
		b.send(c.Recipient(number).Message(0), 1)
	}
	for _, number := range []int{150_001, 1_300_000} {
		id := c.Recipient(number).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Code: 7, Reason: "gone"})
	}
	return c
}

var searchScenarios = map[string]func(*testing.T, *bench){
	"a search gives each hit once and in order, however few there are": func(t *testing.T, b *bench) {
		c := b.sparse()
		for name, q := range map[string]struct {
			query ledger.ReportQuery
			rows  []int
		}{
			"text":              {ledger.ReportQuery{Search: "ana-7"}, []int{2, 150_001, 150_002, 700_001}},
			"digits":            {ledger.ReportQuery{Search: "00900009"}, []int{1_300_000}},
			"nothing":           {ledger.ReportQuery{Search: "nothing"}, nil},
			"status":            {ledger.ReportQuery{Status: campaign.Accepted}, []int{2, 700_000, 700_001}},
			"rejected":          {ledger.ReportQuery{Status: campaign.Rejected}, []int{150_002, 1_300_001}},
			"reason":            {ledger.ReportQuery{Reason: "gone"}, []int{150_001, 1_300_000}},
			"status and reason": {ledger.ReportQuery{Status: campaign.Failed, Reason: "gone"}, []int{150_001, 1_300_000}},
			"status and text":   {ledger.ReportQuery{Status: campaign.Accepted, Search: "ana"}, []int{2, 700_001}},
			"rejected and text": {ledger.ReportQuery{Status: campaign.Rejected, Search: "ana"}, []int{150_002}},
			"all":               {ledger.ReportQuery{}, []int{1, 2, 40_000, 150_000, 150_001, 150_002, 400_000, 700_000, 700_001, 1_300_000, 1_300_001, 1_400_000}},
		} {
			for _, limit := range []int{1, 2, 10} {
				q.query.Campaign, q.query.Recipients = c, limit
				rows, pages, empty := b.searched(q.query)
				if !slices.Equal(rows, q.rows) {
					t.Errorf("%s, %d to a page: rows %v, want %v", name, limit, rows, q.rows)
				}
				if all := name == "all"; all != (empty == 0) {
					t.Errorf("%s, %d to a page: %d of %d pages are empty", name, limit, empty, pages)
				}
			}
		}
	},
	"a status that nobody has takes one page": func(t *testing.T, b *bench) {
		c := b.sparse()
		for _, status := range []campaign.Status{campaign.Read, campaign.Expired} {
			if rows, pages, _ := b.searched(ledger.ReportQuery{Campaign: c, Recipients: 10, Status: status}); len(rows) > 0 || pages != 1 {
				t.Errorf("%s: %v on %d pages", status, rows, pages)
			}
		}
	},
	"a page that is full with the last row is the last": func(t *testing.T, b *bench) {
		c := b.imported(steps(2), people(20))
		for _, q := range []ledger.ReportQuery{{}, {Search: "+4477"}, {Status: campaign.Pending}} {
			q.Campaign, q.Recipients = c, 10
			if rows, pages, _ := b.searched(q); len(rows) != 20 || pages != 2 {
				t.Errorf("%+v: %d rows on %d pages", q, len(rows), pages)
			}
		}
	},
	"several messages of a recipient stand on one page": func(t *testing.T, b *bench) {
		c := b.running(steps(3), 7)
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 5, Status: campaign.Waiting})
		b.check(err)
		if len(page.Rows) != 10 || page.Next != c.Recipient(5) {
			t.Errorf("%d lines, next %d", len(page.Rows), page.Next)
		}
	},
	"a person's row comes first, wherever it is, and once": func(t *testing.T, b *bench) {
		c := b.sparse()
		q := ledger.ReportQuery{Campaign: c, Person: "+447700900008", Search: "ana"}
		for _, limit := range []int{1, 2, 10} {
			q.Recipients = limit
			if rows, _, _ := b.searched(q); !slices.Equal(rows, []int{700_001, 2, 150_001, 150_002}) {
				t.Errorf("%d to a page: rows %v", limit, rows)
			}
		}
		q.Search = "+44 7700 900008" // as no cell has it
		if rows, _, _ := b.searched(q); !slices.Equal(rows, []int{700_001}) {
			t.Errorf("rows %v", rows)
		}
		q.Status = campaign.Failed
		if rows, _, _ := b.searched(q); len(rows) > 0 {
			t.Errorf("rows %v have failed", rows)
		}
		for person, want := range map[string][]int{"+447700999999": {2, 150_001, 150_002, 700_001}, "+447700900010": {1_300_001, 2, 150_001, 150_002, 700_001}} {
			if rows, _, _ := b.searched(ledger.ReportQuery{Campaign: c, Recipients: 10, Person: person, Search: "ana"}); !slices.Equal(rows, want) {
				t.Errorf("%s, who takes no part: rows %v, want %v", person, rows, want)
			}
		}
	},
	"opt-outs are found by a part of a key, and by all of it": func(t *testing.T, b *bench) {
		var list []ledger.Suppression
		for _, person := range []string{ana, ana + "0", other, "US.13491208655302741918"} {
			list = append(list, ledger.Suppression{Person: person, Scope: campaign.ScopeAll}, ledger.Suppression{Person: person, Scope: campaign.ScopeMarketing})
		}
		b.check(b.Suppress(t.Context(), list, by("tester"), b.now))
		for name, q := range map[string]struct {
			query ledger.SuppressionQuery
			want  []string
		}{
			"a part":                 {ledger.SuppressionQuery{Search: ana[4:]}, []string{ana, ana, ana + "0", ana + "0"}},
			"letters":                {ledger.SuppressionQuery{Search: "us.1349"}, []string{"US.13491208655302741918", "US.13491208655302741918"}},
			"all of it":              {ledger.SuppressionQuery{Search: "as nobody has it", Person: ana}, []string{ana, ana}},
			"all of one not in here": {ledger.SuppressionQuery{Search: ana, Person: "+447700777777"}, []string{ana, ana, ana + "0", ana + "0"}},
			"nothing":                {ledger.SuppressionQuery{Search: "nothing"}, nil},
		} {
			for q.query.Limit = 1; q.query.Limit < 5; q.query.Limit++ {
				var got []string
				for q.query.After = (ledger.Suppression{}); ; {
					page, next, err := b.FindSuppressions(t.Context(), q.query)
					b.check(err)
					for _, s := range page {
						got = append(got, s.Person)
					}
					if q.query.After = next; next.Person == "" {
						break
					}
				}
				if !slices.Equal(got, q.want) {
					t.Errorf("%s, %d to a page: %v, want %v", name, q.query.Limit, got, q.want)
				}
			}
		}
	},
}
