package contacts

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// verdict is a row of testdata/verdicts.json.
type verdict struct {
	Row     int              `json:"row"`
	E164    string           `json:"e164"`
	Verdict campaign.Verdict `json:"verdict"`
}

func sampleVerdicts(t *testing.T) map[string][]verdict {
	t.Helper()
	var want map[string][]verdict
	raw, err := os.ReadFile(filepath.Join("testdata", "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != 5 {
		t.Fatalf("verdicts.json speaks of %d files, want 5", len(want))
	}
	return want
}

func TestEveryRowOfTheSamplesHasItsVerdict(t *testing.T) {
	want := sampleVerdicts(t)
	for name, verdicts := range want {
		t.Run(name, func(t *testing.T) {
			r := mustOpen(t, filepath.Join("testdata", name), campaign.ContactOptions{})
			if diff := cmp.Diff(verdicts, withDuplicates(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A default region may cost a row its verdict, never change whose number it is.
func TestDefaultRegionSendsNoSampleElsewhere(t *testing.T) {
	verdicts := sampleVerdicts(t)
	for _, region := range []string{"DE", "ES", "BR", "US", "GB", "IN", "MX", "IT"} {
		for name, want := range verdicts {
			r := mustOpen(t, filepath.Join("testdata", name), campaign.ContactOptions{DefaultRegion: region})
			for i, row := range mustRead(t, r) {
				if row.Person != "" && row.Phone != want[i].E164 {
					t.Errorf("%s, %s, row %d is sent to %s, and is %s", name, region, row.Number, row.Phone, want[i].E164)
				}
			}
		}
	}
}

// Of the numbers that lost their plus six are Canadian and could be German.
func TestAmbiguousNumbersOfTheSampleAreRefused(t *testing.T) {
	var refused []int
	r := mustOpen(t, filepath.Join("testdata", "contacts.xlsx"), campaign.ContactOptions{DefaultRegion: "DE"})
	for _, row := range mustRead(t, r) {
		if strings.Contains(row.Detail, "a foreign number that has lost its plus") {
			refused = append(refused, row.Number)
		}
	}
	if diff := cmp.Diff([]int{120, 204, 292, 548, 652, 664}, refused); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// withDuplicates does what the ledger does later: a person who stands above
// makes the row a duplicate.
func withDuplicates(t *testing.T, r *Reader) []verdict {
	t.Helper()
	var got []verdict
	seen := map[string]bool{}
	for _, row := range mustRead(t, r) {
		v := verdict{Row: row.Number, Verdict: row.Verdict}
		if row.Person != "" {
			v.E164 = row.Phone
		}
		if row.Admitted() && seen[row.Person] {
			v.Verdict = campaign.Duplicate
		}
		seen[row.Person] = true
		if v.Verdict != campaign.OK && v.Verdict != campaign.Duplicate && row.Detail == "" {
			t.Errorf("row %d is %s without an explanation", row.Number, v.Verdict)
		}
		if n := len(r.Layout().Columns); len(row.Values) != n {
			t.Errorf("row %d has %d values for %d columns", row.Number, len(row.Values), n)
		}
		got = append(got, v)
	}
	return got
}

func TestSamplesLayouts(t *testing.T) {
	columns := []string{"Full Name", "Phone Number", "Language", "Order ID", "Amount", "Date", "City"}
	for name, want := range map[string]campaign.Layout{
		"contacts.csv":                       {Format: "csv", Encoding: "utf-8", Delimiter: ","},
		"contacts_excel_bom.csv":             {Format: "csv", Encoding: "utf-8", Delimiter: ","},
		"contacts_semicolon_windows1252.csv": {Format: "csv", Encoding: "windows-1252", Delimiter: ";"},
		"contacts_utf16_tab.txt":             {Format: "csv", Encoding: "utf-16le", Delimiter: "\t"},
		"contacts.xlsx":                      {Format: "xlsx", Sheet: "Sheet1", Sheets: []string{"Sheet1"}},
	} {
		t.Run(name, func(t *testing.T) {
			want.Columns, want.FullName, want.Phone, want.Language, want.Header = columns, 0, 1, 2, true
			r := mustOpen(t, filepath.Join("testdata", name), campaign.ContactOptions{})
			got := r.Layout()
			if len(got.Guessed) < 3 {
				t.Errorf("only %q is said to be guessed", got.Guessed)
			}
			got.Guessed, got.Taken, got.EncodingCells = nil, nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			row, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			first := []string{"Jürgen Müller", "+4915123018622", "de", "A-000000", "158.63", "2026-09-25", "DE"}
			if diff := cmp.Diff(first, row.Values); diff != "" {
				t.Errorf("the first row, -want +got:\n%s", diff)
			}
		})
	}
}

func mustOpen(t testing.TB, path string, opts campaign.ContactOptions) *Reader {
	t.Helper()
	r, err := Open(path, opts, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func mustRead(t testing.TB, r *Reader) []campaign.Row {
	t.Helper()
	rows, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readAll(r *Reader) ([]campaign.Row, error) {
	var rows []campaign.Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

// list writes a file for a test and returns its path.
func list(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
