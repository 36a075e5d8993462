package contacts

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"carillon/campaign"
)

// sampleRows is how many rows are read ahead to find out about the columns, and
// sampleBytes how many bytes of them.
const (
	sampleRows  = 1000
	sampleBytes = 1 << 20
)

// Limits bound what a list may take.
type Limits struct {
	// FileBytes is the largest file; 0 means DefaultLimits. A workbook may
	// unpack to twenty times as much.
	FileBytes int64
	// RowBytes is the longest row, as text; 0 means DefaultLimits.
	RowBytes int
}

// DefaultLimits is 200 MB a file and 64 KB a row: a list of campaign.MaxRows
// numbers fits, and so does any row whose cells a template could carry.
func DefaultLimits() Limits { return Limits{FileBytes: 200 << 20, RowBytes: 64 << 10} }

func (l Limits) orDefault() Limits {
	usual := DefaultLimits()
	if l.FileBytes == 0 {
		l.FileBytes = usual.FileBytes
	}
	if l.RowBytes == 0 {
		l.RowBytes = usual.RowBytes
	}
	return l
}

// Reader reads a contact list row by row. It is not safe for concurrent use.
type Reader struct {
	opts   campaign.ContactOptions
	layout campaign.Layout
	// header has the columns' names as the list writes them, at first whatever the
	// first row holds; hidden marks those that do not show.
	header []string
	hidden []bool
	// consent is the column that says who agreed, -1 for none.
	consent int
	source  source
	file    io.Closer
	// sample holds the rows that were read ahead, after which sampleEnd came,
	// unless it is nil.
	sample    []record
	sampleEnd error
	rows      int
	// unseen says that there was a row that holds something in hidden columns alone.
	unseen bool
	// sum is that of the phone numbers so far.
	sum runningSum
	err error
}

// Open finds out the format of a list, by its content and never by its name,
// and its layout. The error is an *Error.
func Open(path string, opts campaign.ContactOptions, limits Limits) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &Error{Problem: "the contact list cannot be opened", Hint: "check the path", Err: err}
	}
	r, err := OpenFile(file, opts, limits)
	if err != nil {
		_ = file.Close() // nothing was written to it
		return nil, err
	}
	r.file = file
	return r, nil
}

// OpenFile is Open for a file that is open, whatever was read of it or written to
// it before. It stays open when the reader is closed.
func OpenFile(file *os.File, opts campaign.ContactOptions, limits Limits) (*Reader, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, unreadable(err)
	case !info.Mode().IsRegular():
		return nil, &Error{Problem: "the contact list is not a regular file", Hint: "copy it into a file first"}
	}
	return read(io.NewSectionReader(file, 0, info.Size()), opts, limits.orDefault())
}

// read makes a reader of a list's bytes.
func read(file *io.SectionReader, opts campaign.ContactOptions, limits Limits) (*Reader, error) {
	if file.Size() > limits.FileBytes {
		return nil, &Error{Problem: fmt.Sprintf("the contact list has %d bytes, more than the limit of %d", file.Size(), limits.FileBytes),
			Hint: "split it into several campaigns"}
	}
	if opts.DefaultRegion != "" && phonenumbers.GetCountryCodeForRegion(strings.ToUpper(opts.DefaultRegion)) == 0 {
		return nil, &Error{Problem: fmt.Sprintf("contacts.default_region %q is not a country", opts.DefaultRegion),
			Hint: "write an ISO 3166 code such as DE or US"}
	}
	r := &Reader{opts: opts, consent: -1, layout: campaign.Layout{Guessed: []string{}}}
	var err error
	if r.source, err = openSource(file, opts, limits, &r.layout); err != nil {
		return nil, err
	}
	r.readSample()
	if err := r.arrange(); err != nil {
		_ = r.source.close() // err says what matters
		return nil, err
	}
	return r, nil
}

func openSource(file *io.SectionReader, opts campaign.ContactOptions, limits Limits, layout *campaign.Layout) (source, error) {
	var magic [8]byte
	n, err := file.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	if start := string(magic[:n]); strings.HasPrefix(start, "PK\x03\x04") || strings.HasPrefix(start, "PK\x05\x06") {
		return openWorkbook(file, opts, limits, layout)
	}
	if err := otherFormat(file); err != nil {
		return nil, err
	}
	return openText(file, opts, limits, layout)
}

// readSample reads ahead, as far as the list is sound.
func (r *Reader) readSample() {
	size := 0
	for len(r.sample) < sampleRows && size < sampleBytes {
		row, err := r.fetch()
		if err != nil {
			r.sampleEnd = err
			return
		}
		r.sample = append(r.sample, row.clone())
		for _, cell := range row.cells {
			size += len(cell)
		}
	}
}

// fetch is the next row that shows and holds anything, its cells without what is
// not part of their value. It keeps the first one as it is, for the names of columns
// that do not show.
func (r *Reader) fetch() (record, error) {
	for {
		rec, err := r.source.next()
		if err != nil {
			return rec, err
		}
		for i := range rec.cells {
			rec.read(i)
		}
		var whole []string
		if r.header == nil {
			whole = slices.Clone(rec.cells)
		}
		for i := range rec.cells {
			if !r.opts.IncludeHidden && r.source.hides(i) {
				rec.clear(i)
			}
		}
		switch {
		case rec.blank():
			r.unseen = r.unseen || !(record{cells: whole}).blank()
		case rec.hidden && !r.opts.IncludeHidden:
			r.layout.HiddenRows++
		default:
			if r.header == nil {
				r.header = whole
			}
			return rec, nil
		}
	}
}

// Layout tells how the list is read. It counts the hidden rows that were met so
// far.
func (r *Reader) Layout() campaign.Layout { return r.layout }

// Next is the next row with its verdict. After the last it returns io.EOF; any
// other error is an *Error and final. Rows without any content are skipped and
// not counted, and so are hidden ones unless the options include them; missing
// cells are empty. Values has one value per column of the layout, valid UTF-8
// without surrounding space, as the list shows it.
func (r *Reader) Next() (campaign.Row, error) {
	if r.err != nil {
		return campaign.Row{}, r.err
	}
	row, err := r.read()
	r.err = err
	return row, err
}

func (r *Reader) read() (campaign.Row, error) {
	rec, err := r.nextRecord()
	if err != nil {
		return campaign.Row{}, err
	}
	if r.rows++; r.rows > campaign.MaxRows {
		return campaign.Row{}, &Error{Line: rec.line, Problem: fmt.Sprintf("the list has more than %d rows", campaign.MaxRows),
			Hint: "split it into several campaigns"}
	}
	values := make([]string, len(r.layout.Columns))
	for i, cell := range rec.cells {
		switch {
		case i < len(values):
			values[i] = cell
		case cell != "":
			return campaign.Row{}, &Error{Line: rec.line,
				Problem: fmt.Sprintf("the row has %d cells, but there are %d columns", len(rec.cells), len(values)),
				Hint:    "put a cell that contains the delimiter in quotes, or name the column in the header"}
		}
	}
	return r.judge(rec, values), nil
}

// nextRecord is the next row, those of the sample first.
func (r *Reader) nextRecord() (record, error) {
	if len(r.sample) > 0 {
		rec := r.sample[0]
		r.sample[0] = record{} // it is not needed any more
		r.sample = r.sample[1:]
		return rec, nil
	}
	if r.sampleEnd != nil {
		return record{}, r.sampleEnd
	}
	return r.fetch()
}

// Close closes the file and removes what was unpacked.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = &Error{Problem: "the contact list is closed"}
	}
	err := r.source.close()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
