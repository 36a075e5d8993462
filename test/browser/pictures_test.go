package browser

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var shots = flag.Bool("shots", false, "take the pictures of docs/pages anew")

const (
	pictures = "../../docs/pages"
	// maxPicture is how many bytes a picture may have.
	maxPicture = 150_000
)

func pictureOf(page string, l look) string { return page + "-" + l.String() + ".png" }

// keep takes a page's picture for the documentation, where that is asked for.
func (w *tab) keep(page string, l look) {
	w.Helper()
	if !*shots {
		return
	}
	w.eval("document.activeElement.blur(), scrollTo(0, 0)", nil)
	if err := os.WriteFile(filepath.Join(pictures, pictureOf(page, l)), smaller(w, w.picture()), 0o644); err != nil { //nolint:gosec // it is for everybody
		w.Fatal(err)
	}
}

// smaller writes a picture with the 256 colours that it has most, each other one as
// the nearest of them: pages have few, and letters the steps between two.
func smaller(t testing.TB, content []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			count[full.At(x, y)]++
		}
	}
	colors := slices.Collect(maps.Keys(count))
	slices.SortFunc(colors, func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	palette := color.Palette(colors[:min(len(colors), 256)])
	few := image.NewPaletted(full.Bounds(), palette)
	index := map[color.Color]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c)) //nolint:gosec // of at most 256
	}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			few.SetColorIndex(x, y, index[full.At(x, y)])
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPictures: docs/pages.md shows each page of the table in every look, and nothing
// that is no page any more.
func TestPictures(t *testing.T) {
	if *shots {
		t.Skip("the pictures are being taken")
	}
	text, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	for _, page := range screens() {
		for _, l := range looks() {
			name := pictureOf(page.name, l)
			wanted[name] = true
			content, err := os.ReadFile(filepath.Join(pictures, name))
			if err != nil {
				t.Errorf("%v; `go test ./test/browser -shots` takes it", err)
				continue
			}
			about, err := png.DecodeConfig(bytes.NewReader(content))
			if width := map[bool]int{false: wide, true: narrow}[l.narrow]; err != nil || about.Width != width || len(content) > maxPicture {
				t.Errorf("%s is %d pixels wide and has %d bytes, want %d and at most %d: %v", name, about.Width, len(content), width, maxPicture, err)
			}
			if !strings.Contains(string(text), "(pages/"+name+")") {
				t.Errorf("docs/pages.md does not show %s", name)
			}
		}
	}
	files, err := os.ReadDir(pictures)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file.Name()] {
			t.Errorf("docs/pages/%s is of no page of the table", file.Name())
		}
	}
}
