package admission

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

const twoSteps = `
name: order-update
channel: main
rate: 20
steps:
  - template: order_update
    language: en_US
    body: ["{{Name}}"]
  - template: order_feedback
    language: en_US
    after: delivered
`

func openLedger(t testing.TB) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// read takes a campaign in whose channel is main.
func read(t testing.TB, text string) Campaign {
	t.Helper()
	c, err := Door{Rates: map[string]float64{"main": 10}}.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writeList(t testing.TB, content string) *os.File {
	t.Helper()
	file, err := contacts.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // it may be closed
	if _, err := file.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return file
}

// longList has n good contacts.
func longList(n int) string {
	var list strings.Builder
	list.WriteString("Phone,Name\n")
	for i := range n {
		fmt.Fprintf(&list, "+49151%08d,Name %d\n", i, i)
	}
	return list.String()
}

func TestImportOverSeveralBatches(t *testing.T) {
	t.Parallel()
	const people = 2*ledger.IntakeBatch + 7
	l := openLedger(t)
	got, err := read(t, twoSteps).Import(t.Context(), l, Upload{}, writeList(t, longList(people)+"+4915100000000,Again\n"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Campaign(t.Context(), got.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := campaign.Counts{campaign.Pending: people, campaign.Waiting: people, campaign.Rejected: 1}
	if diff := cmp.Diff(want, c.Counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Phone", "Name"}, got.Layout.Columns); diff != "" {
		t.Error(diff)
	}
}

func TestImportMarksValuesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	l := openLedger(t)
	got, err := read(t, twoSteps).Import(t.Context(), l, Upload{}, writeList(t, "Phone,Name\n+4915112345601,\n12,\n"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	page, err := l.Report(t.Context(), ledger.ReportQuery{Campaign: got.ID, Recipients: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Rows) != 2 || page.Rows[0].Verdict != campaign.BadValue || !strings.Contains(page.Rows[0].Reason, `column "Name": is empty`) {
		t.Errorf("%+v", page)
	}
	if page.Rows[1].Verdict != campaign.Invalid {
		t.Errorf("a row without a number is %s", page.Rows[1].Verdict)
	}
}

// TestImportLeavesNoTrace: what fails on the way, in whatever way, has not
// happened.
func TestImportLeavesNoTrace(t *testing.T) {
	t.Parallel()
	l := openLedger(t)
	c := read(t, twoSteps)
	good := longList(ledger.IntakeBatch + 1)
	_, err := c.Import(t.Context(), l, Upload{Key: "key", Hash: "hash"}, writeList(t, good+"+491511,a,b,c\n"), time.Now)
	var broken *contacts.Error
	if !errors.As(err, &broken) || broken.Line != ledger.IntakeBatch+3 {
		t.Errorf("broken at its end: %v", err)
	}

	calls := 0
	gone, leave := context.WithCancel(t.Context())
	leaving := func() time.Time { // the caller goes away while rows come in
		if calls++; calls == 2 {
			leave()
		}
		return time.Now()
	}
	if _, err = c.Import(gone, l, Upload{Key: "key", Hash: "hash"}, writeList(t, good), leaving); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}

	unreadable := writeList(t, good)
	if err := unreadable.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = c.Import(t.Context(), l, Upload{Key: "key", Hash: "hash"}, unreadable, time.Now); err == nil {
		t.Error("a file that cannot be read was imported")
	}
	odd := read(t, strings.Replace(twoSteps, "{{Name}}", "{{Nme}}", 1))
	var mistake *campaign.Mistake
	if _, err = odd.Import(t.Context(), l, Upload{Key: "key", Hash: "hash"}, writeList(t, good), time.Now); !errors.As(err, &mistake) {
		t.Errorf("unknown column: %v", err)
	}

	if left, err := l.RemoveAbandoned(t.Context(), time.Now().Add(time.Hour)); err != nil || left != 0 {
		t.Errorf("%d imports left behind, %v", left, err)
	}
	if _, err := c.Import(t.Context(), l, Upload{Key: "key", Hash: "hash"}, writeList(t, good), time.Now); err != nil {
		t.Errorf("the key is used up: %v", err)
	}
	var exists *ledger.ExistsError
	if _, err := c.Import(t.Context(), l, Upload{Key: "key", Hash: "hash"}, writeList(t, good), time.Now); !errors.As(err, &exists) || !exists.Same {
		t.Errorf("the key is not used up: %v", err)
	}
}

// TestRowsComeInWithTheirZones: a number's, the row's, or none where one counts
// for all.
func TestRowsComeInWithTheirZones(t *testing.T) {
	t.Parallel()
	const text = "Phone,Name,Zone\n+34931234567,Ana,\n+351912345678,Rui,\n+4915112345601,Eva,Asia/Tokyo\n+870773111632,Sea,\n+4915112345602,Max,Berlin\n12,No,\n"
	for _, test := range []struct {
		zone string
		want []string
	}{
		{"recipient", []string{"not_mobile Europe/Madrid", "ok Atlantic/Azores,Europe/Lisbon", "ok Europe/Berlin", "bad_value ", "ok Europe/Berlin", "invalid "}},
		{"'{{Zone|recipient}}'", []string{"not_mobile Europe/Madrid", "ok Atlantic/Azores,Europe/Lisbon", "ok Asia/Tokyo", "bad_value ", "bad_value ", "invalid "}},
		{"Europe/Madrid", []string{"not_mobile ", "ok ", "ok ", "ok ", "ok ", "invalid "}},
	} {
		t.Run(test.zone, func(t *testing.T) {
			c := read(t, twoSteps+"hours: {from: 09:00, to: 20:00, zone: "+test.zone+"}\n")
			reader, err := contacts.OpenFile(writeList(t, text), c.Definition.Contacts, contacts.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reader.Close() }() // it was only read
			list, err := NewList(reader, c, nil, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			batch, more, err := list.Batch()
			if err != nil || more {
				t.Fatalf("more %t, %v", more, err)
			}
			var got []string
			for _, row := range batch {
				got = append(got, fmt.Sprintf("%s %s", row.Verdict, row.Zone))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUserIDsComeInWhereAllChannelsTakeThem: a fallback channel counts as well.
func TestUserIDsComeInWhereAllChannelsTakeThem(t *testing.T) {
	t.Parallel()
	const text = "Phone,Name\nUS.13491208655302741918,Ana\n+4915112345601,Eva\nGB.ENT.11,Max\nus.1349,Rui\nUS.13491208655302741918,Ana\n"
	door := Door{Rates: map[string]float64{"main": 0, "second": 0}, UserIDs: func(channel string) error {
		if channel == "second" {
			return errors.New("it takes phone numbers alone; write the person's number")
		}
		return nil
	}}
	const refused = `invalid: channel "second" cannot send to a user ID: it takes phone numbers alone; write the person's number`
	const letters = `invalid: "us.1349" has letters; write the number in digits`
	for fallback, want := range map[string][]string{
		"":                     {"US.13491208655302741918", "+4915112345601", "GB.ENT.11", letters, "duplicate: the same person stands in row 1"},
		"fallback: [second]\n": {refused, "+4915112345601", refused, letters, refused},
	} {
		c, err := door.Read([]byte(oneStep + fallback))
		if err != nil {
			t.Fatal(err)
		}
		l := openLedger(t)
		done, err := c.Import(t.Context(), l, Upload{}, writeList(t, text), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		page, err := l.Report(t.Context(), ledger.ReportQuery{Campaign: done.ID, Recipients: 10})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range page.Rows {
			if row.Status == campaign.Rejected {
				got = append(got, row.Reason)
			} else {
				got = append(got, row.Phone)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", fallback, diff)
		}
	}
}

const oneStep = `
name: test
channel: main
steps:
  - {template: hello, language: en, category: utility}
`

// BenchmarkImport reports rows a second from the file to the ledger.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	l := openLedger(b)
	list := writeList(b, longList(rows))
	c := read(b, twoSteps)
	for b.Loop() {
		if _, err := c.Import(b.Context(), l, Upload{}, list, time.Now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
