package contacts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"carillon/campaign"
)

// longList writes a list of many rows without numbers, which are quick to
// judge.
func longList(t testing.TB, rows int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "Phone,Name,Text")
	for i := range rows {
		fmt.Fprintf(w, "-,Person %d,\"some text, of no interest, to make the row longer\"\n", i)
	}
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// longWorkbook is the same as a workbook.
func longWorkbook(t testing.TB, rows int) string {
	t.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	err = w.SetRow("A1", []any{"Phone", "Name", "Text"})
	for i := range rows {
		err = errors.Join(err, w.SetRow(fmt.Sprintf("A%d", i+2), []any{"-", fmt.Sprint("Person ", i), "some text of no interest"}))
	}
	path := filepath.Join(t.TempDir(), "list.xlsx")
	if err := errors.Join(err, w.Flush(), f.SaveAs(path), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// Memory must not grow with the list: in the middle of reading, a list of
// several megabytes takes about as much as a short one.
func TestMemoryIsFlat(t *testing.T) {
	const most = 1 << 20
	for name, c := range map[string]struct {
		rows int
		path func(t testing.TB, rows int) string
	}{"csv": {100_000, longList}, "xlsx": {25_000, longWorkbook}} {
		t.Run(name, func(t *testing.T) {
			r := mustOpen(t, c.path(t, c.rows), campaign.ContactOptions{})
			skip(t, r, 1000)
			before := heap()
			skip(t, r, c.rows-2000)
			if grown := heap() - before; grown > most {
				t.Errorf("the heap has grown by %d bytes", grown)
			}
			runtime.KeepAlive(r)
		})
	}
}

func skip(t *testing.T, r *Reader, rows int) {
	t.Helper()
	for range rows {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func FuzzOpen(f *testing.F) {
	samples, err := filepath.Glob(filepath.Join("testdata", "contacts*"))
	if err != nil || len(samples) != 5 {
		f.Fatalf("%d samples, %v", len(samples), err)
	}
	for _, sample := range samples {
		content, err := os.ReadFile(sample)
		if err != nil {
			f.Fatal(err)
		}
		if filepath.Ext(sample) != ".xlsx" {
			content = content[:2000]
		}
		f.Add(content, "", "")
	}
	for _, seed := range []string{"", "sep=;\nPhone;Name\n", "\ufeff", "\xff\xfe", "PK\x03\x04", "Phone\r+49\r", "a,\"b\nc", "Phone\n\x00", "+49 30 1,2\n,,,\n"} {
		f.Add([]byte(seed), "", "")
		f.Add([]byte(seed), "utf-16", ",")
	}
	limits := Limits{FileBytes: 1 << 20, RowBytes: 4096}
	f.Fuzz(func(t *testing.T, content []byte, charset, delimiter string) {
		file := io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
		r, err := read(file, campaign.ContactOptions{Encoding: charset, Delimiter: delimiter}, limits)
		if err != nil {
			wantOurs(t, err)
			return
		}
		columns := len(r.Layout().Columns)
		if p := r.Layout().Phone; p < 0 || p >= columns {
			t.Fatalf("the phone column is %d of %d", p, columns)
		}
		for number := 1; ; number++ {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				wantOurs(t, err)
				break
			}
			if row.Number != number || len(row.Values) != columns {
				t.Fatalf("row %d of %d columns is %+v", number, columns, row)
			}
			for _, value := range row.Values {
				if !utf8.ValidString(value) {
					t.Fatalf("%q is not UTF-8", value)
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func wantOurs(t *testing.T, err error) {
	t.Helper()
	var ours *Error
	if !errors.As(err, &ours) {
		t.Fatalf("%T: %v", err, err)
	}
}

// BenchmarkRead tells rows a second, phone numbers judged, on one core.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"contacts.csv", "contacts.xlsx"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				r, err := Open(filepath.Join("testdata", name), campaign.ContactOptions{}, Limits{})
				if err != nil {
					b.Fatal(err)
				}
				read, err := readAll(r)
				if err := errors.Join(err, r.Close()); err != nil {
					b.Fatal(err)
				}
				rows += len(read)
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
