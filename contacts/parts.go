package contacts

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"sync/atomic"
)

const (
	// directoryBytes is how much of a workbook may say which parts it has; ours.
	// A part takes about a hundred, and Excel writes some tens of parts. The zip
	// reader keeps all of them in memory, and looks at no number that it is told.
	directoryBytes = 4 << 20
	// density is how many bytes a byte of a workbook may unpack to, beyond what any
	// may. Long lists reach 30; deflate gets to a thousand.
	density = 100
	// anyway is what any workbook may unpack to.
	anyway = 64 << 20
	// nesting and elements bound what a part that is read whole may hold, which
	// takes many times its bytes in memory; ours. Excel nests less than ten deep,
	// and has 65,490 styles at most (Microsoft, Excel specifications and limits).
	nesting  = 64
	elements = 500_000
)

// errCrowded is met where a part holds more than any workbook's.
var errCrowded = errors.New("it is nested too deeply, or has too many elements")

// openZip reads the directory of a workbook.
func openZip(file *io.SectionReader) (*zip.Reader, error) {
	directory := &budgeted{file: file}
	directory.left.Store(directoryBytes)
	opened, err := zip.NewReader(directory, file.Size())
	directory.free.Store(true)
	switch {
	case errors.Is(err, errBudget):
		return nil, &Error{Problem: "the Excel file has more parts than any workbook", Hint: "open it in Excel, save it again and upload that"}
	case err != nil:
		return nil, damaged(err)
	}
	return opened, nil
}

// budgeted is a file of which only so much is read until it is free.
type budgeted struct {
	file *io.SectionReader
	left atomic.Int64
	free atomic.Bool
}

func (b *budgeted) ReadAt(p []byte, at int64) (int, error) {
	if !b.free.Load() && b.left.Add(-int64(len(p))) < 0 {
		return 0, errBudget
	}
	return b.file.ReadAt(p, at)
}

// unpacked is how much XML a part of a workbook may have.
func (w workbook) unpacked() int64 {
	return min(w.limits.FileBytes*unpacking, anyway+w.size*density)
}

// tokens hands on the tokens of a part that is read whole.
type tokens struct {
	raw   *xml.Decoder
	meter *meter
	depth int
	count int
}

var _ xml.TokenReader = (*tokens)(nil)

func (w workbook) tokens(part io.Reader) *tokens {
	meter := w.meter(part)
	meter.whole = smallPart
	return &tokens{raw: xml.NewDecoder(meter), meter: meter}
}

// Token is the next one as it stands there; the decoder above sees to names.
func (t *tokens) Token() (xml.Token, error) {
	t.meter.renew()
	token, err := t.raw.RawToken()
	switch token.(type) {
	case xml.StartElement:
		t.depth++
		t.count++
	case xml.EndElement:
		t.depth--
	}
	if t.depth > nesting || t.count > elements {
		return nil, errCrowded
	}
	return token, err
}
