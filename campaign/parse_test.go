package campaign

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the messages of the mistakes anew")

// TestMistakes reads one file per mistake; the text beside it is the error.
func TestMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, mistake := Parse(data)
			if mistake == nil {
				t.Fatal("no mistake found")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(mistake.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), mistake.Error()+"\n"); diff != "" {
				t.Error(diff)
			}
			if _, ok := errors.AsType[*Mistake](mistake); !ok {
				t.Error("the error holds no *Mistake")
			}
		})
	}
}

func TestParseFull(t *testing.T) {
	t.Parallel()
	got := parseFile(t, "testdata/full.yaml")
	want := &Definition{
		Name:     "order-update",
		Channel:  "main",
		Contacts: ContactOptions{Phone: "Phone Number", DefaultRegion: "ES", RejectFixedLines: true, Delimiter: "\t"},
		Rate:     12.5,
		Expires:  Duration(72 * time.Hour),
		Steps: []Step{
			{
				Template: "order_update",
				Category: Utility,
				Language: "{{Language|en_US}}",
				Header:   &Header{Image: &Media{Link: "https://example.com/promo.jpg"}},
				Body:     []Parameter{{Text: "{{Full Name|there}}"}, {Text: "{{Order ID}}"}, {Text: "12.50"}},
				Buttons:  []Button{{SubType: QuickReply, Payload: "track-{{Order ID}}"}},
			},
			{After: AfterRead, Wait: Duration(10 * time.Minute), Patience: Duration(48 * time.Hour), Otherwise: Skip, Template: "order_feedback", Language: "en_US"},
			{
				After: AfterDelivered, Otherwise: Stop, Template: "order_verbatim", Language: "en_US",
				Components: []any{map[string]any{"type": "body", "parameters": []any{
					map[string]any{"type": "text", "text": "{{Order ID}}"},
				}}},
			},
			{
				After: AfterDelivered, Otherwise: Stop, Template: "order_again", Language: "en_US",
				Body: []Parameter{{Text: "{{Full Name|there}}"}, {Text: "{{Order ID}}"}, {Text: "12.50"}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, throughJSON(t, got)); diff != "" {
		t.Errorf("stored and read back (-want +got):\n%s", diff)
	}
}

// TestParseJSON reads what JSON allows and YAML does not.
func TestParseJSON(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte("{\n\t\"name\": \"\\ud83d\\ude00 \\/ \x7f\",\n\t\"channel\": \"c\",\n\t\"rate\": 1e1,\n\t\"steps\": [{\"template\": \"t\", \"language\": \"en\", \"wait\": null}]\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Definition{Name: "😀 / \x7f", Channel: "c", Rate: 10, Steps: []Step{{Template: "t", Language: "en"}}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
}

// TestVerbatimNumbers writes YAML's own spellings of numbers as JSON does.
func TestVerbatimNumbers(t *testing.T) {
	t.Parallel()
	d := parseStep(t, `components: [{type: x, n: [0x10, 0o7, 1_000, 1e3, .5, 12345678901234567890], t: 2026-01-02, b: True, e: }]`)
	rendered, err := compile(t, d, nil).Render(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"b":true,"e":null,"n":[16,7,1000,1e3,0.5,12345678901234567890],"t":"2026-01-02","type":"x"}]`
	if diff := cmp.Diff(want, string(rendered.Components)); diff != "" {
		t.Error(diff)
	}
}

// TestFallback: fallback channels stand behind the campaign's own.
func TestFallback(t *testing.T) {
	t.Parallel()
	const text = "name: n\nchannel: c\nsteps: [{template: t, language: en}]\n"
	for list, want := range map[string][]string{"[]": {"c"}, "[d, e]": {"c", "d", "e"}} {
		d, err := Parse([]byte(text + "fallback: " + list + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.AllChannels(); !slices.Equal(got, want) || d.Position("e") != slices.Index(want, "e") {
			t.Errorf("fallback: %s: channels are %v, want %v", list, got, want)
		}
	}
}

func TestUnmarshalJSONStrict(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{
		`{"name": "n", "colour": []}`,
		`{"name": "n", "steps": [{"template": "t", "colour": "red"}]}`,
		`{"name": 5}`,
		`[]`,
	} {
		if err := json.Unmarshal([]byte(stored), new(Definition)); err == nil {
			t.Errorf("%s was read", stored)
		}
	}
}

// FuzzParse: whatever Parse takes survives the ledger and compiles against a
// list that has the columns it names.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/render/*.yaml", "testdata/mistakes/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("name: n\nchannel: c\nsteps: [{template: t, language: en}]\nhours: {from: 09:00, to: 20:00, days: sat-mon, zone: \"{{Zone|recipient}}\", dates: [12-25]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		first, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(throughJSON(t, d))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Fatalf("changed in the ledger: %s", diff)
		}
		var columns []string
		for _, step := range d.Steps {
			p, mistakes := assemble(step)
			if mistakes != nil {
				t.Fatalf("parsed, then refused: %v", mistakes)
			}
			for place := range p.places() {
				for _, part := range place.segments {
					columns = append(columns, part.column)
				}
			}
		}
		if d.Hours != nil {
			table, err := d.Hours.table()
			if err != nil {
				t.Fatalf("parsed, then refused: %v", err)
			}
			for _, part := range table.zone.segments {
				columns = append(columns, part.column)
			}
		}
		compileWith(t, d, columns)
	})
}

// compileWith compiles against the columns with repetitions left out.
func compileWith(t *testing.T, d *Definition, columns []string) {
	t.Helper()
	seen := make(map[string]bool)
	var list []string
	for _, column := range columns {
		if key := nameKey(column); !seen[key] {
			seen[key] = true
			list = append(list, column)
		}
	}
	r := compile(t, d, list)
	row := make([]string, len(list))
	for i := range d.Steps {
		rendered, err := r.Render(i, row)
		if err == nil && rendered.Components != nil && !json.Valid(rendered.Components) {
			t.Fatalf("not JSON: %s", rendered.Components)
		}
	}
}
