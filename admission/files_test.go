package admission

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const withPicture = `
name: pictured
channel: main
steps:
  - template: promo
    language: en_US
    header: {image: {file: promo.png}}
  - template: own
    language: en_US
    after: delivered
    header: {document: {file: "{{Name}}.pdf"}}
`

func painted(t *testing.T, of image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, of); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func square(side int) image.Image { return image.NewRGBA(image.Rect(0, 0, side, side)) }

// TestFilesComeInWithTheirCampaign: those that are used, under their names.
func TestFilesComeInWithTheirCampaign(t *testing.T) {
	t.Parallel()
	l := openLedger(t)
	files := NewFiles(fstest.MapFS{
		"promo.png": {Data: painted(t, square(10))}, "Ana.pdf": {Data: []byte("%PDF-1.7\nof Ana")},
		"Eve.pdf": {Data: painted(t, square(10))}, "unused.pdf": {Data: []byte("%PDF-1.7")},
	})
	list := writeList(t, "Phone,Name\n+4915112345601,Ana\n+4915112345602,Bob\n+4915112345603,Eve\n+4915112345604,../Ana\n")
	got, err := read(t, withPicture).Import(t.Context(), l, Upload{Files: files}, list, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	page, err := l.Report(t.Context(), ledger.ReportQuery{Campaign: got.ID, Recipients: 10, Status: campaign.Rejected})
	if err != nil || len(page.Rows) != 3 {
		t.Fatalf("%+v, %v", page, err)
	}
	for i, want := range []string{`"Bob.pdf" is not there`, `"Eve.pdf" is of type image/png`, "is not a file's name"} {
		if reason := page.Rows[i].Reason; page.Rows[i].Verdict != campaign.BadValue || !strings.Contains(reason, want) || !strings.Contains(reason, `column "Name"`) {
			t.Errorf("row %d is %s: %s", page.Rows[i].Row(), page.Rows[i].Verdict, reason)
		}
	}
	kept, err := l.Attachments(t.Context(), got.ID, "main", 10)
	if err != nil || len(kept) != 2 || kept[0].Name != "Ana.pdf" || kept[1].Name != "promo.png" {
		t.Fatalf("%+v, %v", kept, err)
	}
	if content, err := io.ReadAll(l.MediaContent(t.Context(), kept[0].Hash)); err != nil || string(content) != "%PDF-1.7\nof Ana" {
		t.Errorf("%q, %v", content, err)
	}
}

// TestACampaignWithoutItsFileIsRefused, by its place and with what is allowed.
func TestACampaignWithoutItsFileIsRefused(t *testing.T) {
	t.Parallel()
	c := read(t, withPicture)
	for want, files := range map[string]*Files{
		"is not there": nil, `"promo.png" is not there`: NewFiles(fstest.MapFS{}),
		"image/jpeg, image/png": NewFiles(fstest.MapFS{"promo.png": {Data: []byte("GIF89a")}}),
	} {
		_, err := c.Import(t.Context(), openLedger(t), Upload{Files: files}, writeList(t, longList(1)), time.Now)
		var mistake *campaign.Mistake
		if !errors.As(err, &mistake) || mistake.Path != "steps[0].header.image.file" || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestFilesAreJudgedByWhatTheyHold, whatever their names say.
func TestFilesAreJudgedByWhatTheyHold(t *testing.T) {
	t.Parallel()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, square(16), nil); err != nil {
		t.Fatal(err)
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 4, 4))
	deep.Set(0, 0, color.NRGBA64{1, 2, 3, 4})
	sticker := func(side int, animated byte) []byte {
		b := append([]byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), animated, 0, 0, 0)
		side--
		return append(b, byte(side), byte(side>>8), 0, byte(side), byte(side>>8), 0)
	}
	film := append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), make([]byte, 64)...)
	for _, test := range []struct {
		name, kind string
		content    []byte
		wrong      string
	}{
		{"a photo", "image", photo.Bytes(), ""},
		{"a picture", "image", painted(t, square(4)), ""},
		{"a picture of 16 bits", "image", painted(t, deep), "16 bits"},
		{"a broken picture", "image", painted(t, square(4))[:20], "broken"},
		{"a large picture", "image", append(painted(t, square(4)), make([]byte, 5<<20)...), "5 MiB at most"},
		{"nothing", "document", nil, "is empty"},
		{"words", "document", []byte("Dear Ana,\n"), ""},
		{"a table", "document", []byte("a,b\n1,2\n3,4\n"), ""},
		{"a photo as a document", "document", photo.Bytes(), "is of type image/jpeg"},
		{"a film", "video", film, ""},
		{"a film as a GIF", "gif", film, ""},
		{"a GIF as a GIF", "gif", []byte("GIF89a"), "only video/mp4"},
		{"a sticker", "sticker", sticker(512, 0), ""},
		{"a small sticker", "sticker", sticker(500, 0), "500 × 500 pixels"},
		{"a heavy sticker", "sticker", append(sticker(512, 0), make([]byte, 200<<10)...), "100 KiB at most"},
		{"one that moves", "sticker", append(sticker(512, 2), make([]byte, 200<<10)...), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file, err := inspect(bytes.NewReader(test.content))
			if err != nil {
				t.Fatal(err)
			}
			err = file.Fits(test.kind)
			if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
				t.Errorf("%s: %v, want %q", file.Type, err, test.wrong)
			}
		})
	}
}
