package web

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// addUpload keeps a list and returns its id.
func (f *fixture) addUpload(token, list string) string {
	f.t.Helper()
	answer := f.do(call{
		method: "POST", path: "/api/uploads?name=" + url.QueryEscape(`C:\lists\people.csv`), token: token,
		header: map[string]string{"Content-Type": "application/octet-stream"}, body: strings.NewReader(list),
	})
	wantStatus(f.t, answer, http.StatusCreated)
	return decode[api.Upload](f.t, answer).ID
}

// checkCall asks for a check of parts.
func checkCall(path string, parts ...part) call {
	c := multipartCall(path, "", parts...)
	c.token = operatorToken
	return c
}

func TestCheckTellsWhatACampaignWouldDo(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	list := fourContacts + "+4915112345603,Bartholomew of the long name\n+4915112345604,B\n+4915112345605,C\n"
	answer := f.do(checkCall("/api/check?row=7", part{"campaign", twoSteps}, part{"contacts", list}))
	wantStatus(t, answer, http.StatusOK)
	got := decode[api.Checked](t, answer)
	if diff := cmp.Diff(map[campaign.Verdict]int64{campaign.OK: 4, campaign.BadValue: 1, campaign.Invalid: 1, campaign.Duplicate: 1}, got.Counts); diff != "" {
		t.Error(diff)
	}
	var rows []int
	for _, shown := range got.Preview {
		rows = append(rows, shown.Row)
	}
	if diff := cmp.Diff([]int{1, 5, 6, 7}, rows); diff != "" || got.Longest == nil || got.Longest.Row != 5 || got.Longest.Values["Name"] != "Bartholomew of the long name" {
		t.Errorf("%s%+v", diff, got.Longest)
	}
	if got.Recipients != 4 || got.Estimate.Messages != 8 || got.Estimate.Rate != 20 || len(got.Rows) != 3 {
		t.Errorf("%+v", got)
	}
	if all, err := f.ledger.Campaigns(t.Context(), 0, 1); err != nil || len(all) > 0 {
		t.Errorf("a check left %+v, %v", all, err)
	}
}

// TestChecksAreBounded: what is not told is counted.
func TestChecksAreBounded(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	got := decode[api.Checked](t, f.do(checkCall("/api/check", part{"contacts", "Phone\n" + strings.Repeat("12\n", toldRows+3) + "+4915112345601\n"})))
	if len(got.Rows) != toldRows || got.RowsLeftOut != 3 || got.Recipients != 1 {
		t.Errorf("%d rows, %d left out, %d recipients", len(got.Rows), got.RowsLeftOut, got.Recipients)
	}
	for n, partial := range map[int]bool{ledger.IntakeBatch: false, ledger.IntakeBatch + 1: true} {
		got = decode[api.Checked](t, f.do(checkCall("/api/check?quick=true", part{"contacts", longList(n)})))
		if got.Recipients != ledger.IntakeBatch || got.Partial != partial {
			t.Errorf("of %d rows %d, partial %t", n, got.Recipients, got.Partial)
		}
	}
	wantProblem(t, f.do(checkCall("/api/check?quick=maybe", part{"contacts", fourContacts})), badRequest)
	wantProblem(t, f.do(checkCall("/api/check?row=0", part{"contacts", fourContacts})), badRequest)
	wantProblem(t, f.do(checkCall("/api/check?"+strings.Repeat("row=1&", shownRows+1), part{"contacts", fourContacts})), badRequest)
}

// TestAnUploadStandsForAList in a check, in its bad rows and in a campaign, for whoever
// brought it, for a day.
func TestAnUploadStandsForAList(t *testing.T) {
	t.Parallel()
	clock := clockAt(time.Now())
	f := start(t, func(o *Options) {
		o.Tokens = append(threeTokens(), Token{"other", "operator-token-01", Operator})
		o.Now = clock.now
	})
	id := f.addUpload(operatorToken, fourContacts)
	get := func(token, query string) reply {
		return f.do(call{method: "GET", path: "/api/uploads/" + id + query, token: token})
	}
	shown := decode[api.Upload](t, get(operatorToken, "?phone=Name"))
	if shown.Name != "people.csv" || shown.Layout.Phone != 1 || len(shown.Columns) != 2 || shown.Columns[0].Cells[0] != "+4915112345601" {
		t.Errorf("%+v", shown)
	}
	wantProblem(t, get(operatorToken, "?phone=Telephone"), badContacts)
	wantProblem(t, get(operatorToken, "?include_hidden=maybe"), badRequest)
	wantProblem(t, get(viewerToken, ""), forbidden)
	wantProblem(t, get("operator-token-01", ""), notFound)
	wantProblem(t, f.do(checkCall("/api/check?upload="+id, part{"contacts", fourContacts})), badRequest)

	got := decode[api.Checked](t, f.do(checkCall("/api/check?upload="+id, part{"campaign", twoSteps})))
	created := f.do(checkCall("/api/campaigns?upload="+id, part{"campaign", twoSteps}))
	wantStatus(t, created, http.StatusCreated)
	if diff := cmp.Diff(got.Counts, decode[api.Created](t, created).Verdicts); diff != "" {
		t.Error(diff)
	}
	clock.pass(ledger.UploadsFor)
	wantProblem(t, get(operatorToken, ""), notFound)
	wantProblem(t, f.do(checkCall("/api/campaigns?upload="+id, part{"campaign", twoSteps})), notFound)
}

// TestAnUploadRepeatsAsAListDoes: the key of a campaign whose list came along is that
// of one whose list is an upload.
func TestAnUploadRepeatsAsAListDoes(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	wantStatus(t, f.do(uploadCall("/api/campaigns", "key")), http.StatusCreated)
	wantStatus(t, f.do(multipartCall("/api/campaigns?upload="+f.addUpload("", fourContacts), "key", part{"campaign", twoSteps})), http.StatusOK)
}

// TestBadRowsAreMendedAndComeAgain: what a spreadsheet could take for a formula is
// harmless on the way, and itself again when it comes back.
func TestBadRowsAreMendedAndComeAgain(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	list := "Name,Phone,Why\n@Ada,+4915112345601,x\n-Bo,+49 151 1234 56,y\n\"=1+1\",12,z\n,+4915112345604,-5\n"
	file := f.do(checkCall("/api/check/bad-rows.csv", part{"campaign", twoSteps}, part{"contacts", list}))
	wantStatus(t, file, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %v", rows, err)
	}
	if diff := cmp.Diff([]string{"Name", "Phone", badRowColumn, badVerdictColumn, badWhyColumn}, rows[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"'-Bo", "'+49 151 1234 56", "2", "invalid"}, rows[1][:4]); diff != "" {
		t.Error(diff)
	}
	if rows[2][0] != "'=1+1" || rows[3][1] != "+4915112345604" || rows[3][3] != "bad_value" {
		t.Errorf("%q", rows[2:])
	}
	mended := strings.NewReplacer("'+49 151 1234 56", "'+49 151 1234 5602", "'=1+1,12,", "Cleo,+4915112345603,").Replace(file.body)
	got := decode[api.Checked](t, f.do(checkCall("/api/check", part{"campaign", twoSteps}, part{"contacts", mended})))
	if got.Counts[campaign.OK] != 2 || len(got.Rows) != 1 || got.Preview[0].Values["Name"] != "-Bo" || got.Preview[0].To != "+4915112345602" {
		t.Errorf("%+v", got)
	}
	wantProblem(t, f.do(checkCall("/api/check/bad-rows.csv", part{"contacts", ""})), badContacts)
	none := f.do(checkCall("/api/check/bad-rows.csv", part{"contacts", "Phone\n+4915112345601\n"}))
	if none.body != "Phone,Row before,Verdict,Why\n" {
		t.Errorf("%q", none.body)
	}
}

func TestHarmlessCells(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ada": "Ada", "+4915112345601": "+4915112345601", "-12.50": "-12.50", "-1,234.50": "-1,234.50", "+": "'+", "-": "'-",
		"=1": "'=1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "-1+1": "'-1+1", "+49 151": "'+49 151", "+.": "'+.", "＝1": "'＝1",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestASampleHasTheColumnsOfItsCampaign(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	definition := strings.Replace(twoSteps, "language: en_US\n    body", "language: \"{{Tongue|en}}\"\n    body", 1) + "contacts: {phone: Mobile, consent: Agreed}\n"
	sample := f.do(checkCall("/api/sample.csv", part{"campaign", definition}))
	if want := "Mobile,Tongue,Name,Agreed\n+12015550123,en_US,[Name],yes\n"; sample.body != want {
		t.Errorf("got %q, want %q", sample.body, want)
	}
	got := decode[api.Checked](t, f.do(checkCall("/api/check", part{"campaign", definition}, part{"contacts", sample.body})))
	if got.Recipients != 1 {
		t.Errorf("%+v", got)
	}
	wantProblem(t, f.do(checkCall("/api/sample.csv", part{"contacts", fourContacts})), badRequest)
}

// visitChecks brings about the answers of the check and of uploads.
func (f *fixture) visitChecks() {
	id := f.addUpload(operatorToken, fourContacts)
	bad := part{"campaign", "name: x"}
	for _, path := range []string{"/api/check", "/api/check/bad-rows.csv"} {
		f.do(checkCall(path+"?upload="+id, part{"campaign", twoSteps}))
		f.do(checkCall(path+"?upload=gone", part{"campaign", twoSteps}))
		f.do(checkCall(path+"?upload="+id, bad))
	}
	f.do(checkCall("/api/check", part{"campaign", strings.Repeat("# long\n", maxDefinition/6)}))
	f.do(call{method: "POST", path: "/api/check", token: operatorToken, body: strings.NewReader("{}")})
	f.do(checkCall("/api/campaigns?upload=gone", part{"campaign", twoSteps}))
	f.do(checkCall("/api/sample.csv", part{"campaign", twoSteps}))
	f.do(checkCall("/api/sample.csv", bad))
	for _, path := range []string{id, id + "?phone=x", "gone"} {
		f.do(call{method: "GET", path: "/api/uploads/" + path, token: operatorToken})
	}
	upload := func(content string) {
		f.do(call{method: "POST", path: "/api/uploads", token: operatorToken, header: map[string]string{"Content-Type": "application/octet-stream"}, body: strings.NewReader(content)})
	}
	upload("")
	f.ledger.full.Store(true)
	upload("Phone\n")
}

func (b *brittle) AddUpload(ctx context.Context, u ledger.Upload, content io.Reader) error {
	if b.full.Load() {
		return ledger.ErrUploadsFull
	}
	return b.Ledger.AddUpload(ctx, u, content)
}
