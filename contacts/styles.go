package contacts

import (
	"strconv"
	"time"
)

// styles tells how the cells of a workbook show what they hold, by the number of
// their style.
type styles struct {
	// formats has nil for a style that shows values as they are.
	formats []*cellFormat
	epoch   time.Time
}

type xmlStyles struct {
	Formats []struct {
		ID   int    `xml:"numFmtId,attr"`
		Code string `xml:"formatCode,attr"`
	} `xml:"numFmts>numFmt"`
	Styles []struct {
		Format int `xml:"numFmtId,attr"`
	} `xml:"cellXfs>xf"`
}

// readStyles reads the styles; a workbook may have none.
func (w workbook) readStyles(root string, date1904 bool) (styles, error) {
	s := styles{epoch: time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)}
	if date1904 {
		s.epoch = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	part, err := w.related(root, "/styles")
	if err != nil || part == "" {
		return s, err
	}
	var read xmlStyles
	if err := w.parse(part, &read); err != nil {
		return s, err
	}
	codes := make(map[int]string, len(read.Formats))
	for _, format := range read.Formats {
		codes[format.ID] = format.Code
	}
	known := make(map[int]*cellFormat)
	for _, style := range read.Styles {
		format, seen := known[style.Format]
		if !seen {
			format = s.format(style.Format, codes)
			known[style.Format] = format
		}
		s.formats = append(s.formats, format)
	}
	return s, nil
}

// format is the format with an id, nil where it shows values as they are.
func (s styles) format(id int, codes map[int]string) *cellFormat {
	code, own := codes[id]
	if !own {
		var known bool
		if code, known = builtinFormat(id); !known {
			return &cellFormat{code: "number " + strconv.Itoa(id), numbers: []section{{refused: "it depends on the machine"}}, epoch: s.epoch}
		}
	}
	if code == "" {
		return nil
	}
	if f := newCellFormat(code, s.epoch); !f.plain {
		return f
	}
	return nil
}

// of is the format of a style, nil where it shows values as they are.
func (s styles) of(style string) *cellFormat {
	i, err := strconv.Atoi(style)
	if err != nil || i < 0 || i >= len(s.formats) {
		return nil
	}
	return s.formats[i]
}
