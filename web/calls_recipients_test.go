package web

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// sparse makes a campaign of a few people who stand far apart in a list that is
// longer than what a page of a search reads, and of rows that are nobody.
func (f *fixture) sparse(invalid ...int) campaign.ID {
	f.t.Helper()
	def, err := campaign.Parse([]byte(twoSteps))
	if err != nil {
		f.t.Fatal(err)
	}
	in, err := f.ledger.BeginIntake(f.t.Context(), ledger.NewCampaign{Definition: def, Columns: []string{"Phone", "Name"}}, time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	var rows []campaign.Row
	for _, n := range invalid {
		rows = append(rows, campaign.Row{Number: n, Phone: "abc", Verdict: campaign.Invalid, Detail: "letters", Values: []string{"abc", "Bob"}})
	}
	for n, phone := range map[int]string{1: "+4915112345601", 2: "+4915112345602", 70_000: "+4915112345603", 200_000: "+4915112345604"} {
		rows = append(rows, campaign.Row{Number: n, Phone: phone, Person: phone, Verdict: campaign.OK, Values: []string{phone, "Ada"}})
	}
	slices.SortFunc(rows, func(a, b campaign.Row) int { return a.Number - b.Number })
	if err := in.Add(f.t.Context(), rows, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	if err := in.Reveal(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return in.ID()
}

// TestASearchSaysHowFarItHasCome: pages without a hit lead on.
func TestASearchSaysHowFarItHasCome(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	at := "/api/campaigns/" + f.sparse().String() + "/recipients?limit=1&q="
	type page struct {
		row, searchedTo int // the row is 0 where there is none
		last            bool
	}
	for _, search := range []struct {
		text string
		want []page
	}{
		{"12345603", []page{{0, 50_000, false}, {70_000, 70_000, false}, {0, 120_000, false}, {0, 170_000, false}, {0, 200_000, true}}},
		{"+49 151 12345604", []page{{200_000, 0, false}, {0, 50_000, false}, {0, 100_000, false}, {0, 150_000, false}, {0, 200_000, true}}},
	} {
		var got []page
		query := url.QueryEscape(search.text)
		for {
			p := decode[api.Recipients](t, f.get(at+query))
			shown := page{0, p.SearchedTo, p.Next == nil}
			if len(p.Items) > 0 {
				shown.row = p.Items[0].Row
			}
			got = append(got, shown)
			if p.LastRow != 200_000 {
				t.Errorf("the last row is %d", p.LastRow)
			}
			if p.Next == nil {
				break
			}
			query = url.QueryEscape(search.text) + "&cursor=" + *p.Next
		}
		if !slices.Equal(got, search.want) {
			t.Errorf("%s: %v, want %v", search.text, got, search.want)
		}
	}
}

// TestAPageOfASearchLeadsOn, with or without a hit.
func TestAPageOfASearchLeadsOn(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	at := "/campaigns/" + f.sparse().String() + "/people"
	b := browser{t, f, f.logIn(viewerToken)}
	b.wants(b.get(at+"?q=12345603"), http.StatusOK,
		"Nobody is like that as far as the list was searched", "Searched up to row 50,000 of 200,000", "?after=50000&amp;q=12345603", "Search on")
	b.wants(b.get(at+"?q=12345603&after=50000"), http.StatusOK, at+"/70000", "Searched up to row 100,000 of 200,000")
	b.wants(b.get(at+"?q=12345603&after=150000"), http.StatusOK, "Nobody on the rest of this list is like that")
	b.wants(b.get(at+"?q=%2B49+151+12345604"), http.StatusOK, at+"/200000", "Search on")
	b.wants(b.get(at+"?status=read"), http.StatusOK, "Nobody on this list is like that")
}

// TestTheRejectedAreToldWhereverTheyAre in a list that is longer than what a page
// reads.
func TestTheRejectedAreToldWhereverTheyAre(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	rejected, err := f.server.rejectedRows(t.Context(), f.sparse(3, 1_200_000))
	if err != nil {
		t.Fatal(err)
	}
	want := []api.RowProblem{
		{Row: 3, Verdict: campaign.Invalid, Phone: "abc", Detail: "letters"}, {Row: 1_200_000, Verdict: campaign.Invalid, Phone: "abc", Detail: "letters"},
	}
	if !slices.Equal(rejected, want) {
		t.Errorf("got %+v", rejected)
	}
}
