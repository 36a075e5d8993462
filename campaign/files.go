package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
)

const (
	// fileKey is the key of a Media that names a file. The key above it is the kind
	// that the file is sent as.
	fileKey = "file"
	// maxFileName is the longest name, in characters (ours: what file systems take).
	maxFileName = 255
)

// File is what is known of a file that comes with a campaign.
type File struct {
	// Hash is the SHA-256 of what it holds, in hexadecimal.
	Hash string `json:"hash"`
	// Type is its kind by its bytes, a MIME type without parameters.
	Type string `json:"type"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Width and Height of a picture are in pixels; 0 where they are not known.
	Width  int `json:"-"`
	Height int `json:"-"`
	// Animated says that a picture moves.
	Animated bool `json:"-"`
	// Flaw says why no provider takes it, whatever it is sent as; empty where
	// nothing is known.
	Flaw string `json:"-"`
}

// carrier is what a kind of media may be.
type carrier struct {
	types []string
	// most is the largest size in bytes.
	most int64
}

// sticker sizes are in bytes, its side in pixels (Meta, media page).
const (
	stickerSide     = 512
	animatedSticker = 500 << 10
)

// carriers are the kinds of media, by the keys that they are written under (Meta,
// media page: supported types; an animated header is a film).
var carriers = map[string]carrier{
	"image": {[]string{"image/jpeg", "image/png"}, 5 << 20},
	"video": {[]string{"video/mp4", "video/3gpp"}, 16 << 20},
	"gif":   {[]string{"video/mp4"}, 16 << 20},
	"audio": {[]string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, 16 << 20},
	"document": {[]string{
		"application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation", "text/plain",
	}, LargestFile},
	"sticker": {[]string{"image/webp"}, 100 << 10},
}

// LargestFile is the size of the largest file that any kind may have, in bytes
// (Meta, media page).
const LargestFile = 100 << 20

// Fits says what is wrong with the file as an image, video, gif, audio, document
// or sticker; nil where nothing is.
func (f File) Fits(kind string) error {
	c := carriers[kind]
	most := c.most
	if kind == "sticker" && f.Animated {
		most = animatedSticker
	}
	switch {
	case f.Size == 0:
		return errors.New("is empty")
	case !slices.Contains(c.types, f.Type):
		return fmt.Errorf("is of type %s by its content; as %s only %s can be sent", f.Type, withArticle(kind), strings.Join(c.types, ", "))
	case f.Size > most:
		return fmt.Errorf("has %s; %s may have %s at most", byteSize(f.Size), withArticle(kind), byteSize(most))
	case f.Flaw != "":
		return errors.New(f.Flaw)
	case kind == "sticker" && f.Width != 0 && (f.Width != stickerSide || f.Height != stickerSide):
		return fmt.Errorf("has %d × %d pixels; a sticker has %d × %d", f.Width, f.Height, stickerSide, stickerSide)
	}
	return nil
}

func withArticle(kind string) string {
	if strings.IndexByte("aeio", kind[0]) >= 0 {
		return "an " + kind
	}
	return "a " + kind
}

// byteSize is a size for people.
func byteSize(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.3g KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// parseFileName reads the name of a file: a path below the folder that the files
// come from, with slashes.
func parseFileName(text string) (string, error) {
	name := strings.TrimPrefix(text, "./")
	if !fs.ValidPath(name) || name == "." || strings.Contains(name, `\`) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fmt.Errorf("%q is not a file's name; write it like promo.jpg or pictures/promo.jpg, below the campaign's folder", excerpt(text))
	}
	return name, nil
}

// appendFile writes a file as a member of an object: its identifier, or its name
// where none are known.
func appendFile(out []byte, name string, ids map[string]string) []byte {
	if ids == nil {
		return appendString(append(out, `"file":`...), name)
	}
	return appendString(append(out, `"id":`...), ids[name])
}

// FileUse is a place of a step that takes a file.
type FileUse struct {
	// Path is the place in the step, such as header.image.file.
	Path string
	// Kind is what it is sent as: image, video, gif, audio, document or sticker.
	Kind string
	// Name is the file's; empty where the list has it.
	Name string
}

// FileUses are the places of a step that take a file.
func (s Step) FileUses() []FileUse {
	p, _ := assemble(s)
	return p.fileUses()
}

func (p *program) fileUses() []FileUse {
	var uses []FileUse
	for s := range p.places() {
		if s.rule != fileRule {
			continue
		}
		use := FileUse{Path: s.path, Kind: kindOfFile(s.path)}
		if s.constant() {
			use.Name = s.literal()
		}
		uses = append(uses, use)
	}
	return uses
}

// kindOfFile is the key above the one that names the file.
func kindOfFile(path string) string {
	above := strings.TrimSuffix(path, "."+fileKey)
	return above[strings.LastIndexByte(above, '.')+1:]
}

// TakesFiles reports whether a step (0 is the first) has a file, and whether the
// list names one.
func (r *Renderer) TakesFiles(step int) (takes, listed bool) {
	for _, use := range r.steps[step].fileUses() {
		takes, listed = true, listed || use.Name == ""
	}
	return takes, listed
}

// FixedFiles are the names of the files that a step (0 is the first) has for all
// rows.
func (r *Renderer) FixedFiles(step int) []string {
	var names []string
	for _, use := range r.steps[step].fileUses() {
		if use.Name != "" && !slices.Contains(names, use.Name) {
			names = append(names, use.Name)
		}
	}
	return names
}

// Files are the names of the files that a row needs for a step (0 is the first). A
// name that cannot be filled in is left out; Check tells of it.
func (r *Renderer) Files(step int, values []string) []string {
	var names []string
	for s := range r.steps[step].places() {
		if s.rule != fileRule {
			continue
		}
		if name, broken := s.resolve(values); broken == nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// JudgeFiles marks an admitted row that names a file which is not there or cannot
// be sent. look finds a file by its name. Files that all rows have are not looked
// at.
func (r *Renderer) JudgeFiles(row Row, look func(name string) (File, error)) Row {
	if !row.Admitted() {
		return row
	}
	var problems []Problem
	for step := range r.steps {
		for s := range r.steps[step].places() {
			if s.rule != fileRule || s.constant() {
				continue
			}
			name, broken := s.resolve(row.Values)
			if broken != nil {
				continue // Check has told it
			}
			if err := Suits(name, kindOfFile(s.path), look); err != nil {
				problems = append(problems, Problem{Step: step, Column: s.columns(), Path: s.path, Message: err.Error()})
			}
		}
	}
	return row.spoiled(problems)
}

// Suits says what is wrong with a file that is to be sent as this kind of media;
// nil where nothing is.
func Suits(name, kind string, look func(name string) (File, error)) error {
	found, err := look(name)
	if err == nil {
		err = found.Fits(kind)
	}
	if err != nil {
		return fmt.Errorf("the file %q %w", excerpt(name), err)
	}
	return nil
}
