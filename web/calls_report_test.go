package web

import (
	"encoding/csv"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

func TestReport(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	answer := f.get("/api/campaigns/" + id + "/report.csv")
	wantStatus(t, answer, http.StatusOK)
	if got := answer.header.Get("Content-Disposition"); got != `attachment; filename="carillon-`+id+`.csv"` {
		t.Errorf("Content-Disposition %s", got)
	}
	want := `row,phone,step,channel,status,attempts,message_id,error_code,reason,accepted_at,sent_at,delivered_at,read_at,failed_at,detail
1,+4915112345601,1,main,pending,0,,,,,,,,,
1,+4915112345601,2,main,waiting,0,,,,,,,,,
2,+4915112345602,,main,rejected,0,,,"bad_value: step 1, body[0], column ""Name"": is empty; write {{Name|something}} to send something instead",,,,,,
`
	if !strings.HasPrefix(answer.body, want) {
		t.Error(cmp.Diff(want, answer.body))
	}
	if lines := strings.Count(answer.body, "\n"); lines != 6 {
		t.Errorf("%d lines, want 6:\n%s", lines, answer.body)
	}
	wantProblem(t, f.get("/api/campaigns/zzzzzzz/report.csv"), notFound)
}

func TestReportLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 11, 0, 0, 5e6, time.FixedZone("", 7200))
	got := reportLine(ledger.ReportRow{
		Recipient: campaign.ID(1).Recipient(7), Step: 2, Phone: "+4915112345601", Status: campaign.Failed, Attempts: 3,
		ProviderID: "wamid.A", Code: 131026, Reason: "=HYPERLINK(1)", Detail: "=1+1 is no value. Correct it.", AcceptedAt: at, FailedAt: at,
	}, "main")
	want := []string{
		"7", "+4915112345601", "2", "main", "failed", "3", "wamid.A", "131026", "'=HYPERLINK(1)",
		"2026-05-01T09:00:00.005Z", "", "", "", "2026-05-01T09:00:00.005Z", "'=1+1 is no value. Correct it.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ada": "Ada", "+4915112345601": "+4915112345601", "a=1": "a=1",
		"=1+1": "'=1+1", "@SUM(1)": "'@SUM(1)", "-": "'-", "\tx": "'\tx", "\r=1": "'\r=1", "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0", "+": "'+",
		"\n=1": "'\n=1", "＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠SUM(1)": "'＠SUM(1)", "\xff=1": "\xff=1",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestReportOfSeveralPages(t *testing.T) {
	t.Parallel()
	const people = 2*reportPage + 3
	f := start(t, nil)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", twoSteps}, part{"contacts", longList(people)}))
	id := decode[api.Created](t, answer).ID
	rows := csv.NewReader(strings.NewReader(f.get("/api/campaigns/" + id + "/report.csv").body))
	for line := -1; ; line++ {
		row, err := rows.Read()
		if err == io.EOF {
			if line != 2*people {
				t.Errorf("%d lines, want %d", line, 2*people)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if line < 0 {
			continue
		}
		if want := []string{strconv.Itoa(line/2 + 1), strconv.Itoa(line%2 + 1)}; row[0] != want[0] || row[2] != want[1] {
			t.Fatalf("line %d is of row %s, step %s; want %v", line, row[0], row[2], want)
		}
	}

	f.ledger.reporting.Store(true)
	response, err := http.Get(f.http.URL + "/api/campaigns/" + id + "/report.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err == nil {
		t.Error("half a report looks like a whole one")
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestReportOfAListWithGaps has every row, whatever pages are empty.
func TestReportOfAListWithGaps(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	list := "Phone,Name\n+4915112345601,Ada\n" + strings.Repeat(",\n", 2*reportPage+7) + "+4915112345602,Grace\n"
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", twoSteps}, part{"contacts", list}))
	report := f.get("/api/campaigns/" + decode[api.Created](t, answer).ID + "/report.csv").body
	for _, number := range []string{"+4915112345601", "+4915112345602"} {
		if n := strings.Count(report, number); n != 2 {
			t.Errorf("%s stands in the report %d times, want once for each step", number, n)
		}
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	list := func(query string) []string {
		t.Helper()
		var found []string
		for {
			p := decode[api.Page[api.Recipient]](t, f.get("/api/campaigns/"+id+"/recipients?"+query))
			for _, r := range p.Items {
				step := "-"
				if r.Step != nil {
					step = strconv.Itoa(*r.Step)
				}
				found = append(found, strconv.Itoa(r.Row)+"/"+step+" "+r.Status)
			}
			if p.Next == nil {
				return found
			}
			found = append(found, "next")
			query, _, _ = strings.Cut(query, "&cursor=")
			query += "&cursor=" + *p.Next
		}
	}
	for query, want := range map[string][]string{
		"limit=50":                   {"1/1 pending", "1/2 waiting", "2/- rejected", "3/- rejected", "4/- rejected"},
		"limit=2":                    {"1/1 pending", "1/2 waiting", "2/- rejected", "next", "3/- rejected", "4/- rejected"},
		"limit=50&status=waiting":    {"1/2 waiting"},
		"limit=50&status=rejected":   {"2/- rejected", "3/- rejected", "4/- rejected"},
		"limit=50&q=grace":           {"3/- rejected"},
		"limit=50&q=12345602":        {"2/- rejected"},
		"limit=50&q=100%25":          nil,
		"limit=50&status=read&q=ada": nil,
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, query := range []string{"limit=0", "limit=501", "status=lost", "cursor=x", "cursor=-1", "cursor=99999999"} {
		wantProblem(t, f.get("/api/campaigns/"+id+"/recipients?"+query), badRequest)
	}
	wantProblem(t, f.get("/api/campaigns/zzzzzzz/recipients"), notFound)
}

// BenchmarkReport reports lines a second of the CSV.
func BenchmarkReport(b *testing.B) {
	const people = 20_000
	l, err := ledger.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it is thrown away
	list, err := contacts.Scratch()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = list.Close() }() // it is thrown away
	if _, err := list.WriteString(longList(people)); err != nil {
		b.Fatal(err)
	}
	admitted, err := testDoor().Read([]byte(twoSteps))
	if err != nil {
		b.Fatal(err)
	}
	done, err := admitted.Import(b.Context(), l, admission.Upload{}, list, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Ledger: l})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://localhost/api/campaigns/"+done.ID.String()+"/report.csv", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Handler().ServeHTTP(discardWriter{}, request)
	}
	b.ReportMetric(2*people*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
