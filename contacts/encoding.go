package contacts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"

	"carillon/campaign"
)

const utf8Name = "utf-8"

// charset is how a text file is to be decoded.
type charset struct {
	name string
	// encoding is nil for UTF-8.
	encoding encoding.Encoding
	// mark is the length of the byte order mark, which is skipped.
	mark int64
	// guess is the sentence to show, empty where nothing was guessed.
	guess string
	// words are some that show whether the guess is right.
	words []string
}

// chooseCharset decides by the byte order mark, else by the options, else by what the
// text looks like. What is not clear is an error.
func chooseCharset(file *io.SectionReader, opts campaign.ContactOptions) (charset, error) {
	override := opts.Encoding
	marked, mark, err := byteOrderMark(file)
	if err != nil {
		return charset{}, err
	}
	if override == "" {
		if marked != "" {
			return newCharset(marked, mark, "encoding "+marked+", by the file's byte order mark")
		}
		return detectCharset(file, opts.DefaultRegion)
	}
	chosen, err := newCharset(override, mark, "")
	if err != nil || marked == "" || marked == chosen.name {
		return chosen, err
	}
	if strings.EqualFold(override, "utf-16") {
		return newCharset(marked, mark, "")
	}
	return charset{}, &Error{Line: 1,
		Problem: fmt.Sprintf("contacts.encoding is %s, but the file's byte order mark says %s", override, marked),
		Hint:    "leave contacts.encoding out"}
}

func byteOrderMark(file io.ReaderAt) (name string, length int64, err error) {
	var head [3]byte
	n, err := file.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, unreadable(err)
	}
	switch start := head[:n]; {
	case bytes.HasPrefix(start, []byte{0xef, 0xbb, 0xbf}):
		return utf8Name, 3, nil
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return "utf-16le", 2, nil
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return "utf-16be", 2, nil
	}
	return "", 0, nil
}

// detectCharset reads the whole text.
func detectCharset(file *io.SectionReader, region string) (charset, error) {
	var odd oddRuns
	whole := io.NewSectionReader(file, 0, file.Size())
	_, err := io.Copy(&odd, transform.NewReader(whole, encoding.UTF8Validator))
	switch {
	case err == nil && odd.strange():
		return charset{}, asOtherPage(file, odd.line)
	case err == nil:
		return newCharset(utf8Name, 0, "encoding "+utf8Name+", because the whole text is valid")
	case !errors.Is(err, encoding.ErrInvalidUTF8):
		return charset{}, unreadable(err)
	}
	text, err := scanText(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		return charset{}, err
	}
	if text.countries.numbers == 0 && region != "" {
		text.countries.add(strconv.Itoa(phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region))))
	}
	return text.charset()
}

// charset is the code page of a text that is not UTF-8, where there is no doubt.
func (t *oddText) charset() (charset, error) {
	switch {
	case t.zeros[0]+t.zeros[1] > 0:
		return charset{}, t.zeroBytes()
	case t.valid > t.invalid:
		return charset{}, t.damaged()
	}
	guesses := t.guessPages()
	left := t.choose(guesses)
	switch {
	case len(left) == 0:
		return charset{}, t.unclear(guesses)
	case !alike(left):
		return charset{}, t.unclear(left)
	case !slices.ContainsFunc(left, func(g guess) bool { return !t.isForeign(g, guesses) }):
		return charset{}, t.unclear(fitting(guesses))
	case !slices.ContainsFunc(left, ofOneLanguage) && slices.ContainsFunc(fitting(guesses), ofOneLanguage):
		return charset{}, t.unclear(fitting(guesses))
	}
	chosen := left[0]
	if t.alsoUTF8 && chosen.page.script < japanese { // of two bytes some make words by chance
		return charset{}, &Error{Line: t.line, Problem: "the text is UTF-8 in one part and " + chosen.page.name + " in the part with this line",
			Hint: "save all of it as CSV (UTF-8) or .xlsx"}
	}
	c, err := newCharset(chosen.page.name, 0, "encoding "+chosen.page.name+", because the text is not UTF-8 and its letters make words in it")
	c.words = chosen.words[:min(len(chosen.words), sampleCells)]
	return c, err
}

func (t *oddText) zeroBytes() error {
	likely := "utf-16le"
	if t.zeros[0] > t.zeros[1] {
		likely = "utf-16be"
	}
	return &Error{Line: 1, Problem: "there is a zero byte, so this is not " + utf8Name + " text",
		Hint: "save the list as CSV (UTF-8) or .xlsx, or name its encoding in contacts.encoding (" + likely + "?)"}
}

// damaged says where a text that is UTF-8 all in all is not.
func (t *oddText) damaged() error {
	if t.atEnd {
		return &Error{Line: t.line, Problem: "the text ends in the middle of a character, so it was cut off", Hint: "upload the whole list"}
	}
	return &Error{Line: t.line, Problem: "a letter is not valid " + utf8Name + ", in a text that is " + utf8Name + " otherwise: it is cut off in the middle, or in another encoding",
		Hint: "correct it and save the list as CSV (UTF-8), or name its encoding in contacts.encoding"}
}

// unclear names the code pages that a text may be in.
func (t *oddText) unclear(guesses []guess) error {
	text := "the text is not " + utf8Name + ", and it is not clear which encoding it has"
	hint := "name it in contacts.encoding, such as windows-1252"
	if len(guesses) > 0 {
		var names []string
		for _, g := range guesses {
			if !slices.Contains(names, g.page.name) {
				names = append(names, g.page.name)
			}
		}
		hint = "name it in contacts.encoding: it may be " + strings.Join(names, ", ")
	}
	return &Error{Line: t.line, Problem: text, Hint: hint + "; or save the list as CSV (UTF-8) or .xlsx"}
}

// newCharset looks an encoding up by its IANA name or one of its aliases.
func newCharset(name string, mark int64, guess string) (charset, error) {
	found, err := htmlindex.Get(name)
	if err != nil {
		found, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || found == nil {
		return charset{}, &Error{Problem: fmt.Sprintf("contacts.encoding %q is unknown", name),
			Hint: "write an IANA name such as utf-8, windows-1252 or utf-16le", Err: err}
	}
	if known, err := htmlindex.Name(found); err == nil {
		name = known
	}
	if name == utf8Name {
		found = nil
	}
	return charset{name: strings.ToLower(name), encoding: found, mark: mark, guess: guess}, nil
}

// decode reads the file as UTF-8.
func (c charset) decode(file *io.SectionReader) io.Reader {
	text := io.NewSectionReader(file, c.mark, file.Size()-c.mark)
	if c.encoding == nil {
		return transform.NewReader(text, encoding.UTF8Validator)
	}
	return c.encoding.NewDecoder().Reader(text)
}

// errBudget says that a row goes on beyond its limit.
var errBudget = errors.New("row too long")

// textGuard stands between the decoded text and the CSV reader: it bounds what
// one row may take, and stops at what is no text.
type textGuard struct {
	text    io.Reader
	charset charset
	// budget is how many bytes may still be read for the row at hand.
	budget int
	// lines counts the line ends that went by.
	lines int
	// bareReturns turns the line ends of old Macintosh files into newlines.
	bareReturns bool
}

func (g *textGuard) Read(p []byte) (int, error) {
	if g.budget <= 0 {
		return 0, errBudget
	}
	n, err := g.text.Read(p)
	g.budget -= n
	if i := bytes.IndexByte(p[:n], 0); i >= 0 {
		return 0, &Error{Line: g.lines + bytes.Count(p[:i], []byte("\n")) + 1, Problem: "there is a zero byte, so this is not " + g.charset.name + " text",
			Hint: "save the list as CSV (UTF-8) or .xlsx, or name its encoding in contacts.encoding (utf-16le?)"}
	}
	if i := bytes.Index(p[:n], []byte("\x1b$")); i >= 0 && g.charset.encoding == nil {
		return 0, &Error{Line: g.lines + bytes.Count(p[:i], []byte("\n")) + 1, Problem: "there is an escape sequence, so this is not " + g.charset.name + " text",
			Hint: "save the list as CSV (UTF-8) or .xlsx, or name its encoding in contacts.encoding (iso-2022-jp?)"}
	}
	if g.bareReturns {
		for i, c := range p[:n] {
			if c == '\r' {
				p[i] = '\n'
			}
		}
	}
	g.lines += bytes.Count(p[:n], []byte("\n"))
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, encoding.ErrInvalidUTF8):
		return n, wrongEncoding(g.lines+1, g.charset, err)
	}
	return n, unreadable(err)
}

func wrongEncoding(line int, c charset, cause error) *Error {
	hint := "leave contacts.encoding out to have it detected, or name the right one"
	if c.guess != "" {
		hint = "correct this line and save all of the list as CSV (UTF-8) or .xlsx"
	}
	return &Error{Line: line, Problem: "the text is not valid " + c.name, Err: cause, Hint: hint}
}

func unreadable(err error) *Error {
	return &Error{Problem: "the contact list cannot be read", Hint: "check the file and the disk", Err: err}
}
