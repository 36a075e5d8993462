package campaign

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// pictured is a campaign with files of all rows and of the list.
const pictured = `
name: pictured
channel: main
steps:
  - template: promo
    language: en
    carousel:
      - {header: {image: {file: ./promo.jpg}}, body: ["{{Name}}"]}
      - {header: {image: {file: "pictures/{{Picture}}"}}, body: ["{{Name}}"]}
  - template: own
    language: en
    header: {document: {file: "{{Picture}}", filename: "{{Name}}.pdf"}}
`

func TestFilesOfAStep(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(pictured))
	if err != nil {
		t.Fatal(err)
	}
	want := []FileUse{{"carousel[0].header.image.file", "image", "promo.jpg"}, {"carousel[1].header.image.file", "image", ""}}
	if got := d.Steps[0].FileUses(); !slices.Equal(got, want) {
		t.Errorf("the places are %+v, want %+v", got, want)
	}
	r, err := d.Compile([]string{"Name", "Picture"})
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"Ana", "a b.pdf"}
	if got := r.FixedFiles(0); !slices.Equal(got, []string{"promo.jpg"}) {
		t.Errorf("of all rows: %v", got)
	}
	if got := r.Files(0, row); !slices.Equal(got, []string{"promo.jpg", "pictures/a b.pdf"}) {
		t.Errorf("of the row: %v", got)
	}
	shown, err := r.Render(1, row)
	if want := `[{"type":"header","parameters":[{"type":"document","document":{"file":"a b.pdf","filename":"Ana.pdf"}}]}]`; err != nil || string(shown.Components) != want {
		t.Errorf("shown is %s, %v", shown.Components, err)
	}
	sent, err := r.RenderWith(1, row, map[string]string{"a b.pdf": "103"})
	if want := strings.Replace(string(shown.Components), `"file":"a b.pdf"`, `"id":"103"`, 1); err != nil || string(sent.Components) != want {
		t.Errorf("sent is %s, %v", sent.Components, err)
	}
	if _, err := r.RenderWith(0, row, map[string]string{"promo.jpg": "103"}); err == nil || !strings.Contains(err.Error(), "pictures/a b.pdf") {
		t.Errorf("without one of its files: %v", err)
	}
}

// TestNoFileOutsideTheFolder: whatever a campaign or a cell says.
func TestNoFileOutsideTheFolder(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(pictured))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Compile([]string{"Name", "Picture"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/passwd", "../promo.jpg", "a/../../b", `..\promo.jpg`, "a//b", ".", "..", "a/."} {
		if got := r.Files(1, []string{"Ana", name}); len(got) != 0 {
			t.Errorf("%q is the file %q", name, got)
		}
		if problems := r.Check([]string{"Ana", name}); len(problems) == 0 {
			t.Errorf("%q may be sent", name)
		}
	}
}

// TestRowsWhoseFilesCannotBeSent get a verdict that says which file it is.
func TestRowsWhoseFilesCannotBeSent(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(pictured))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Compile([]string{"Name", "Picture"})
	if err != nil {
		t.Fatal(err)
	}
	look := func(name string) (File, error) {
		switch name {
		case "a.pdf":
			return File{Type: "application/pdf", Size: 10}, nil
		case "pictures/a.pdf":
			return File{Type: "image/png", Size: 6 << 20}, nil
		}
		return File{}, errors.New("is not there")
	}
	row := r.JudgeFiles(Row{Verdict: OK, Values: []string{"Ana", "a.pdf"}}, look)
	want := `step 1, carousel[1].header.image.file, column "Picture": the file "pictures/a.pdf" has 6 MiB; an image may have 5 MiB at most`
	if row.Verdict != BadValue || row.Detail != want {
		t.Errorf("%s: %s", row.Verdict, row.Detail)
	}
	row = r.JudgeFiles(Row{Verdict: OK, Values: []string{"Ana", "b.pdf"}}, look)
	if row.Verdict != BadValue || strings.Count(row.Detail, "is not there") != 2 {
		t.Errorf("%s: %s", row.Verdict, row.Detail)
	}
	if row = r.JudgeFiles(Row{Verdict: Invalid}, look); row.Verdict != Invalid {
		t.Errorf("a row without a number is %s", row.Verdict)
	}
}
