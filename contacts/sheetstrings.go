package contacts

import (
	"bufio"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// stringsInMemory is how many bytes of a workbook's texts are kept in memory,
// by far enough for those that occur often. The others are in a file.
const stringsInMemory = 8 << 20

// stringTable holds the texts that a workbook's cells refer to by number.
type stringTable struct {
	memory []string
	size   int
	spill  *spill
}

// sharedStrings reads the table; a workbook may have none.
func (w workbook) sharedStrings(root string) (*stringTable, error) {
	table := &stringTable{}
	name, err := w.related(root, "/sharedStrings")
	if err != nil || name == "" {
		return table, err
	}
	part, err := w.open(name)
	if err != nil {
		return table, err
	}
	if err := errors.Join(table.load(w.meter(part)), part.Close()); err != nil {
		_ = table.close() // err says what matters
		return nil, damaged(fmt.Errorf("%s: %w", name, err))
	}
	return table, nil
}

func (t *stringTable) load(m *meter) error {
	decoder := xml.NewDecoder(m)
	for {
		m.renew()
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local != "si" {
				continue
			}
			text, err := readText(decoder, "si", "t")
			if err != nil {
				return err
			}
			if err := t.add(unescape(text.text)); err != nil {
				return err
			}
		case xml.EndElement:
			if e.Name.Local == "sst" {
				return t.finish(renewed{m})
			}
		}
	}
}

// finish reads the part to its end, which compares the checksum.
func (t *stringTable) finish(part io.Reader) error {
	if _, err := io.Copy(io.Discard, part); err != nil || t.spill == nil {
		return err
	}
	return t.spill.flush()
}

func (t *stringTable) add(text string) (err error) {
	const header = 16 // what a string takes beside its bytes
	if t.spill == nil && t.size+len(text)+header <= stringsInMemory {
		t.size += len(text) + header
		t.memory = append(t.memory, text)
		return nil
	}
	if t.spill == nil {
		if t.spill, err = newSpill(); err != nil {
			return err
		}
	}
	return t.spill.add(text)
}

// get is the text with a number.
func (t *stringTable) get(number string) (string, error) {
	i, err := strconv.Atoi(number)
	switch {
	case err != nil || i < 0:
		return "", fmt.Errorf("%q is not the number of a text", number)
	case i < len(t.memory):
		return t.memory[i], nil
	case t.spill != nil:
		return t.spill.get(i - len(t.memory))
	}
	return "", fmt.Errorf("there is no text %d", i)
}

func (t *stringTable) close() error {
	if t == nil || t.spill == nil {
		return nil
	}
	return t.spill.close()
}

// spill keeps texts in a temporary file, and where each ends in another.
type spill struct {
	texts, ends           *os.File
	textWriter, endWriter *bufio.Writer
	count                 int
	end                   int64
}

func newSpill() (*spill, error) {
	texts, err := Scratch()
	if err != nil {
		return nil, err
	}
	ends, err := Scratch()
	if err != nil {
		return nil, errors.Join(err, texts.Close())
	}
	return &spill{texts: texts, ends: ends, textWriter: bufio.NewWriter(texts), endWriter: bufio.NewWriter(ends)}, nil
}

func (s *spill) add(text string) error {
	s.count++
	s.end += int64(len(text))
	_, err := s.textWriter.WriteString(text)
	return errors.Join(err, binary.Write(s.endWriter, binary.LittleEndian, s.end))
}

func (s *spill) flush() error { return errors.Join(s.textWriter.Flush(), s.endWriter.Flush()) }

func (s *spill) get(i int) (string, error) {
	if i >= s.count {
		return "", fmt.Errorf("there are only %d more texts", s.count)
	}
	const width = 8
	var bounds [2 * width]byte // the end of the text before, and its own
	own := bounds[:]
	if i == 0 {
		own = bounds[width:]
	}
	if _, err := s.ends.ReadAt(own, max(0, int64(i-1)*width)); err != nil {
		return "", err
	}
	start := int64(binary.LittleEndian.Uint64(bounds[:width]))
	text := make([]byte, int64(binary.LittleEndian.Uint64(bounds[width:]))-start)
	_, err := s.texts.ReadAt(text, start)
	return string(text), err
}

func (s *spill) close() error {
	return errors.Join(s.texts.Close(), s.ends.Close())
}
