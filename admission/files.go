package admission

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the kinds of pictures whose size is looked at
	_ "image/png"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// MostFiles is how many files a campaign may bring (ours: a personal file for each
	// of many thousand people).
	MostFiles = 20_000
	// MostFileBytes is how large they may be together.
	MostFileBytes = 4 << 30
	// inspected is how much of a file's beginning is looked at for what kind of file
	// it is.
	inspected = 512 << 10
)

// errNoFile: a campaign names a file that did not come with it.
var errNoFile = errors.New("is not there; put it beside the campaign's file, a list's files into the folder of --media, or upload it as a part media")

// Files are the files that come with a campaign. Each is read when it is first
// named. They serve one goroutine.
type Files struct {
	source fs.FS
	found  map[string]looked
	bytes  int64
}

type looked struct {
	file campaign.File
	err  error
}

// NewFiles has files of a source; nil for none.
func NewFiles(source fs.FS) *Files { return &Files{source: source, found: map[string]looked{}} }

// Look reads what a file is by its name. The error tells a person what is wrong
// with it, as the end of a sentence that begins with the file.
func (f *Files) Look(name string) (campaign.File, error) {
	if known, ok := f.found[name]; ok {
		return known.file, known.err
	}
	file, err := f.look(name)
	if err == nil {
		f.bytes += file.Size
	}
	if err == nil && (len(f.found) >= MostFiles || f.bytes > MostFileBytes) {
		err = fmt.Errorf("is one too many; a campaign may bring %d files of %d GiB in all", MostFiles, MostFileBytes>>30)
	}
	f.found[name] = looked{file, err}
	return file, err
}

func (f *Files) look(name string) (campaign.File, error) {
	if f.source == nil {
		return campaign.File{}, errNoFile
	}
	content, err := f.source.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return campaign.File{}, errNoFile
	}
	if err != nil {
		return campaign.File{}, fmt.Errorf("cannot be read: %w", err)
	}
	defer func() { _ = content.Close() }() // it was only read
	if about, err := content.Stat(); err == nil && !about.Mode().IsRegular() {
		return campaign.File{}, errors.New("is not a regular file")
	}
	return inspect(content)
}

// inspect reads a whole file.
func inspect(content io.Reader) (campaign.File, error) {
	head := make([]byte, inspected)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return campaign.File{}, fmt.Errorf("cannot be read: %w", err)
	}
	head = head[:n]
	digest := sha256.New()
	digest.Write(head)
	rest, err := io.Copy(digest, io.LimitReader(content, campaign.LargestFile+1))
	if err != nil {
		return campaign.File{}, fmt.Errorf("cannot be read: %w", err)
	}
	file := campaign.File{Hash: hex.EncodeToString(digest.Sum(nil)), Type: typeOf(head), Size: int64(n) + rest}
	lookAtPicture(&file, head)
	return file, nil
}

// typeOf is a file's MIME type by its first bytes. What is a kind of text is taken
// for text, and the two names of one kind for the one that providers know.
func typeOf(head []byte) string {
	detected := mimetype.Detect(head)
	for kind := detected; kind != nil; kind = kind.Parent() {
		if kind.Is("text/plain") {
			return "text/plain"
		}
	}
	name, _, _ := strings.Cut(detected.String(), ";")
	switch name {
	case "audio/x-m4a":
		return "audio/mp4"
	case "application/ogg":
		return "audio/ogg"
	}
	return name
}

// lookAtPicture notes what a picture is like: its size, and colours that providers
// refuse (Meta, media page: 8 bits, RGB or RGBA).
func lookAtPicture(file *campaign.File, head []byte) {
	switch file.Type {
	case "image/jpeg", "image/png":
		about, _, err := image.DecodeConfig(bytes.NewReader(head))
		switch {
		case err != nil:
			file.Flaw = "is a broken picture: " + err.Error()
			return
		case about.ColorModel == color.CMYKModel:
			file.Flaw = "is a picture in CMYK, and WhatsApp shows RGB alone; save it for screens"
		case about.ColorModel == color.RGBA64Model || about.ColorModel == color.NRGBA64Model || about.ColorModel == color.Gray16Model:
			file.Flaw = "is a picture with 16 bits for each colour, and WhatsApp shows 8; save it for screens"
		}
		file.Width, file.Height = about.Width, about.Height
	case "image/webp":
		file.Width, file.Height, file.Animated = webp(head)
	}
}

// webp reads the size of a picture in WebP and whether it moves; zeros where it
// cannot be told (Google, WebP container specification).
func webp(b []byte) (width, height int, animated bool) {
	if len(b) < 30 {
		return 0, 0, false
	}
	switch string(b[12:16]) {
	case "VP8X":
		return 1 + (int(b[24]) | int(b[25])<<8 | int(b[26])<<16), 1 + (int(b[27]) | int(b[28])<<8 | int(b[29])<<16), b[20]&2 != 0
	case "VP8L":
		bits := int(b[21]) | int(b[22])<<8 | int(b[23])<<16 | int(b[24])<<24
		return 1 + bits&0x3fff, 1 + bits>>14&0x3fff, false
	case "VP8 ":
		return (int(b[26]) | int(b[27])<<8) & 0x3fff, (int(b[28]) | int(b[29])<<8) & 0x3fff, false
	}
	return 0, 0, false
}

// fixed looks at the files that all rows have. The error joins *campaign.Mistake.
func (f *Files) fixed(def *campaign.Definition) error {
	var wrong []error
	for i, step := range def.Steps {
		for _, use := range step.FileUses() {
			if use.Name == "" {
				continue
			}
			if err := campaign.Suits(use.Name, use.Kind, f.Look); err != nil {
				wrong = append(wrong, &campaign.Mistake{Path: fmt.Sprintf("steps[%d].%s", i, use.Path), Message: err.Error()})
			}
		}
	}
	return errors.Join(wrong...)
}

// keep stores the files that are used.
func (f *Files) keep(ctx context.Context, intake *ledger.Intake, used map[string]bool, now func() time.Time) error {
	for name := range used {
		open := func() (io.ReadCloser, error) { return f.source.Open(name) }
		if err := intake.Keep(ctx, name, f.found[name].file, open, now()); err != nil {
			return err
		}
	}
	return nil
}
