package contacts

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// numberFormats tells which of a workbook's cell styles show dates, for a date
// is stored as a number.
type numberFormats struct {
	// dates has true at the index of each style that does.
	dates []bool
	// epoch is the day of serial number 0.
	epoch time.Time
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

func (w workbook) numberFormats(root string, date1904 bool) (numberFormats, error) {
	f := numberFormats{epoch: time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)}
	if date1904 {
		f.epoch = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	part, err := w.related(root, "/styles")
	if err != nil || part == "" {
		return f, err
	}
	var styles xmlStyles
	if err := w.parse(part, &styles); err != nil {
		return f, err
	}
	codes := make(map[int]string, len(styles.Formats))
	for _, format := range styles.Formats {
		codes[format.ID] = format.Code
	}
	for _, style := range styles.Styles {
		f.dates = append(f.dates, isDateFormat(style.Format, codes[style.Format]))
	}
	return f, nil
}

// isDateFormat recognises the built-in formats of dates and times (ECMA-376,
// part 1, 18.8.30), and the others by the letters in them.
func isDateFormat(id int, code string) bool {
	if code == "" {
		return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
	}
	quoted, bracketed, escaped := false, false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[' || r == ']':
			bracketed = r == '['
		case !bracketed && strings.ContainsRune("ymdhs", r):
			return true
		}
	}
	return false
}

// format writes a number in full, without an exponent and without the digits
// that only its binary form has; a date as 2006-01-02, with the time of day if
// it has one. numeric is false for dates and for what is no number.
func (f numberFormats) format(text, style string) (shown string, numeric bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return text, false
	}
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(f.dates) && f.dates[i] {
		return f.date(n), false
	}
	return strconv.FormatFloat(n, 'f', -1, 64), true
}

// date turns a serial number, which counts days, into a date.
func (f numberFormats) date(serial float64) string {
	const lastDay = 2_958_465 // 9999-12-31
	if serial < 0 || serial > lastDay {
		return strconv.FormatFloat(serial, 'f', -1, 64)
	}
	days, part := math.Modf(serial)
	at := f.epoch.AddDate(0, 0, int(days)).Add(time.Duration(math.Round(part*24*60*60)) * time.Second)
	switch {
	case days == 0 && part > 0:
		return at.Format("15:04:05")
	case part == 0:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}
