package campaign

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sampleRow is the row that the golden files are rendered for.
func sampleRow() (columns, values []string) {
	row := [][2]string{
		{"Full Name", " Zoë \"Zo\"\tO'Neil\r\n"},
		{"Nick", " \u00a0"},
		{"Language", "pt-BR"},
		{"Order ID", "A/17 b"},
		{"Amount", "100.99"},
		{"Date", "2026-02-25"},
		{"Longitude", "122.148981"},
		{"Code", "J$FpnYnP"},
		{"Coupon", "10OFF"},
		{"SKU", "nseiw1x3ch"},
		{"Media ID", "1037000000000002"},
		{"Link", "https://example.com/a b/é.mp4?x=1&y=%20"},
		{"Path", "path/abc?x=1&n=a b%"},
		{"Ends", "2025-12-31T00:00:00Z"},
		{"Unused", "\n"},
	}
	for _, cell := range row {
		columns = append(columns, cell[0])
		values = append(values, cell[1])
	}
	return columns, values
}

func parseFile(t testing.TB, path string) *Definition {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compile(t testing.TB, d *Definition, columns []string) *Renderer {
	t.Helper()
	r, err := d.Compile(columns)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parseStep(t testing.TB, step string) *Definition {
	t.Helper()
	d, err := Parse([]byte("name: test\nchannel: main\nsteps:\n  - {template: t, language: en, " + step + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decodeJSON keeps the digits of numbers.
func decodeJSON(t testing.TB, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return value
}

// renderAll renders every step, as the golden files write it.
func renderAll(t testing.TB, r *Renderer, values []string) any {
	t.Helper()
	steps := make([]any, len(r.steps))
	for i := range steps {
		step := map[string]any{}
		if r.steps[i].kind != "" {
			free, err := r.RenderFree(i, values)
			if err != nil {
				t.Fatal(err)
			}
			step["kind"], step["content"] = string(free.Kind), decodeJSON(t, free.Content)
		}
		if r.steps[i].template != "" {
			rendered, err := r.Render(i, values)
			if err != nil {
				t.Fatal(err)
			}
			step["name"], step["language"] = rendered.Name, rendered.Language
			if rendered.Components != nil {
				step["components"] = decodeJSON(t, rendered.Components)
			}
		}
		steps[i] = step
	}
	return steps
}

// TestRenderGolden renders a campaign per kind of component, once as read from
// its file and once as read back from the ledger.
func TestRenderGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/render/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	columns, values := sampleRow()
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			golden, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			d := parseFile(t, file)
			r := compile(t, d, columns)
			if problems := r.Check(values); problems != nil {
				t.Errorf("problems: %v", problems)
			}
			want := decodeJSON(t, golden)
			if diff := cmp.Diff(want, renderAll(t, r, values)); diff != "" {
				t.Errorf("as parsed (-want +got):\n%s", diff)
			}
			stored := throughJSON(t, d)
			if diff := cmp.Diff(d, stored); diff != "" {
				t.Errorf("stored definition (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, renderAll(t, compile(t, stored, columns), values)); diff != "" {
				t.Errorf("as stored (-want +got):\n%s", diff)
			}
		})
	}
}

func throughJSON(t testing.TB, d *Definition) *Definition {
	t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	stored := new(Definition)
	if err := json.Unmarshal(data, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestColumns(t *testing.T) {
	t.Parallel()
	d := parseStep(t, `body: ["{{ full  NAME }} and {{Date|}}", "{{Date}}"], buttons: [{sub_type: url, text: "{{Path}}"}]`)
	columns, _ := sampleRow()
	if diff := cmp.Diff([]int{0, 5, 12}, compile(t, d, columns).Columns()); diff != "" {
		t.Error(diff)
	}
}

func TestCompileMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, step string
		columns    []string
		want       string
	}{
		{
			"unknown columns", `body: ["{{Nom}}"], header: "{{Other}}"`, []string{"Name", "Phone"},
			`steps[0].header.text: the list has no column "Other"; it has Name, Phone` + "\n" +
				`steps[0].body[0]: the list has no column "Nom"; it has Name, Phone`,
		},
		{
			"column twice", `body: ["{{name}}"]`, []string{"Name", "NAME"},
			`steps[0].body[0]: the list has 2 columns "name"; rename all but one`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseStep(t, test.step).Compile(test.columns)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	columns := []string{"X", "Y"}
	long := strings.Repeat("é", 61)
	tests := []struct {
		name, step string
		values     []string
		want       []string
	}{
		{"fine", `body: ["{{X}}"]`, []string{"a", ""}, nil},
		{"empty", `body: [a, "{{X}}"]`, []string{"\r\n", ""}, []string{`step 1, body[1], column "X": is empty; write {{X|something}} to send something instead`}},
		{"missing cell", `body: ["{{Y}}"]`, []string{"a"}, []string{`step 1, body[0], column "Y": is empty; write {{Y|something}} to send something instead`}},
		{"all empty", `body: ["{{X|}}{{Y|}}"]`, []string{"", ""}, []string{`step 1, body[0], column "X, Y": is empty`}},
		{"not UTF-8", `body: ["{{X}}"]`, []string{"\xff", ""}, []string{`step 1, body[0], column "X": is not UTF-8; save the list as UTF-8, or set its encoding`}},
		{"long header", `header: "{{X}}"`, []string{long, ""}, []string{`step 1, header.text, column "X": has 61 characters, 60 are allowed; shorten it`}},
		{"long body", `body: ["{{X}}"]`, []string{strings.Repeat("a", 1025), ""}, []string{`step 1, body[0], column "X": has 1025 characters, 1024 are allowed; shorten it`}},
		{"long payload", `buttons: [{sub_type: quick_reply, payload: "{{X}}"}]`, []string{strings.Repeat("a", 129), ""}, []string{`step 1, buttons[0].payload, column "X": has 129 characters, 128 are allowed; shorten it`}},
		{"coupon", `buttons: [{sub_type: copy_code, coupon_code: "{{X}}"}]`, []string{"10-OFF", ""}, []string{`step 1, buttons[0].coupon_code, column "X": "10-OFF" is not a coupon code, which has only letters a to z and digits`}},
		{"long coupon", `buttons: [{sub_type: copy_code, coupon_code: "{{X}}"}]`, []string{strings.Repeat("a", 21), ""}, []string{`step 1, buttons[0].coupon_code, column "X": has 21 characters, 20 are allowed; shorten it`}},
		{"a one-time password stands twice and is told once", `buttons: [{sub_type: otp, code: "{{X}}"}]`, []string{strings.Repeat("1", 16), ""}, []string{`step 1, buttons[0].code, column "X": has 16 characters, 15 are allowed; shorten it`}},
		{"latitude", `header: {location: {latitude: "{{X}}", longitude: "1", name: a, address: b}}`, []string{"91", ""}, []string{`step 1, header.location.latitude, column "X": "91" is not between -90 and 90 degrees; write it like 37.483307`}},
		{"link", `header: {image: {link: "{{X}}"}}`, []string{"promo.jpg", ""}, []string{`step 1, header.image.link, column "X": "promo.jpg" is not an address the provider can fetch; write one like https://example.com/picture.jpg`}},
		{"long body in all", `header: a, body: ["{{X}}", b, {date_time: {fallback_value: "{{Y}}"}}]`, []string{strings.Repeat("é", 1000), strings.Repeat("a", 24)}, []string{`step 1, body, column "X, Y": the values have 1025 characters in all, 1024 are allowed; shorten them`}},
		{"long body and nothing else", `body: ["{{X}}", b, {date_time: {fallback_value: "{{Y}}"}}]`, []string{strings.Repeat("é", 1000), strings.Repeat("a", 24)}, nil},
		{"just fits", `header: a, body: ["{{X}}", "{{Y}}"]`, []string{strings.Repeat("é", 1000), strings.Repeat("a", 24)}, nil},
		{"long card", `carousel: [{header: {image: {id: "1"}}, body: [a, b]}, {header: {image: {id: "2"}}, body: ["{{X}}", "{{Y}}"]}]`, []string{strings.Repeat("é", 100), strings.Repeat("a", 61)}, []string{`step 1, carousel[1].body, column "X, Y": the values have 161 characters in all, 160 are allowed; shorten them`}},
		{"two at once", `body: ["{{X}}", "{{Y}}"]`, []string{"", ""}, []string{
			`step 1, body[0], column "X": is empty; write {{X|something}} to send something instead`,
			`step 1, body[1], column "Y": is empty; write {{Y|something}} to send something instead`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := compile(t, parseStep(t, test.step), columns)
			var got []string
			for _, problem := range r.Check(test.values) {
				got = append(got, problem.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			_, err := r.Render(0, test.values)
			switch {
			case err == nil && test.want != nil:
				t.Error("rendered all the same")
			case err != nil && (test.want == nil || err.Error() != test.want[0]):
				t.Errorf("Render: %v", err)
			}
		})
	}
}

func TestLanguageColumn(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(`{"name": "n", "channel": "c", "steps": [{"template": "t", "language": "{{Language|en_US}}"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := compile(t, d, []string{"Language"})
	for cell, want := range map[string]string{"": "en_US", "de": "de", "es-mx": "es_MX", " EN ": "en", "English": ""} {
		rendered, err := r.Render(0, []string{cell})
		if rendered.Language != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", cell, rendered.Language, err)
		}
	}
}

func TestRenderNoSuchStep(t *testing.T) {
	t.Parallel()
	r := compile(t, parseStep(t, "body: [a]"), nil)
	for _, step := range []int{-1, 1} {
		if _, err := r.Render(step, nil); err == nil {
			t.Errorf("step %d was rendered", step)
		}
	}
}

// TestRenderProperties feeds arbitrary cells: what Check lets pass renders to
// valid JSON that holds nothing a provider refuses, and what it refuses does
// not render.
func TestRenderProperties(t *testing.T) {
	t.Parallel()
	d := parseStep(t, `header: "{{A}}", body: ["{{A}}", "a    {{B|}}   {{A|x}} {", {currency: {fallback_value: "{{B}}", code: EUR, amount: "{{C}}"}}], `+
		`buttons: [{sub_type: url, text: "{{B}}"}, {index: 1, sub_type: url, text: "x/{{A}}"}]`)
	r := compile(t, d, []string{"A", "B", "C"})
	cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z"\\\n\t \x00\x7f\x{85}\x{2028}é%]{0,80}`), rapid.StringMatching(`[0-9]{0,4}[.,]?[0-9]{0,3}`))
	rapid.Check(t, func(t *rapid.T) {
		values := []string{cell.Draw(t, "A"), cell.Draw(t, "B"), cell.Draw(t, "C")}
		problems := r.Check(values)
		rendered, err := r.Render(0, values)
		if (len(problems) == 0) != (err == nil) {
			t.Fatalf("Check says %v, Render %v", problems, err)
		}
		if err != nil {
			return
		}
		var components any
		if err := json.Unmarshal(rendered.Components, &components); err != nil {
			t.Fatalf("%v in %s", err, rendered.Components)
		}
		walkStrings(components, func(text string) {
			if text == "" || strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, "     ") {
				t.Fatalf("%q would be refused", text)
			}
		})
	})
}

func walkStrings(value any, visit func(string)) {
	switch v := value.(type) {
	case string:
		visit(v)
	case []any:
		for _, item := range v {
			walkStrings(item, visit)
		}
	case map[string]any:
		for _, item := range v {
			walkStrings(item, visit)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	columns, values := sampleRow()
	r := compile(b, parseFile(b, "testdata/render/interactive.yaml"), columns)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(0, values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	columns, values := sampleRow()
	r := compile(b, parseFile(b, "testdata/render/media.yaml"), columns)
	b.ReportAllocs()
	for b.Loop() {
		if problems := r.Check(values); problems != nil {
			b.Fatal(problems)
		}
	}
}
