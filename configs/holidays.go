package configs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxCalendar is the longest calendar that is read, in bytes; ours. A thousand
// dates with their names need a twentieth of it.
const maxCalendar = 1 << 20

// Calendars reads the calendars of holidays: dates such as 2026-12-25, or 12-25
// for every year, by the calendar's name. The error joins every *Mistake in
// them.
func (c *Config) Calendars() (map[string][]string, error) {
	found := newMistakes("")
	calendars := make(map[string][]string, len(c.Holidays))
	for _, name := range slices.Sorted(maps.Keys(c.Holidays)) {
		calendars[name] = readCalendar(c.Holidays[name], found)
	}
	return calendars, found.err()
}

// beside makes the calendars' paths relative to the configuration's file.
func (c *Config) beside(config string) {
	for name, file := range c.Holidays {
		if !filepath.IsAbs(file) {
			c.Holidays[name] = filepath.Join(filepath.Dir(config), file)
		}
	}
}

// readCalendar reads a file with a date on each line. What follows the date is
// a comment, and so is a line that begins with #.
func readCalendar(path string, found *mistakes) []string {
	wrong := func(line int, format string, args ...any) {
		found.all = append(found.all, &Mistake{File: path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	text, err := readRegular(path)
	if err != nil {
		wrong(0, "a calendar of holidays cannot be read: %v", err)
		return nil
	}
	dates := []string{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, maxCalendar+1)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		date := strings.TrimRight(words[0], ":;,#")
		if !isDate(date) {
			wrong(n, "does not begin with a date; write it like 2026-12-25, or 12-25 for every year, and the holiday's name after it")
			continue
		}
		dates = append(dates, date)
	}
	return dates
}

// readRegular reads a file, and nothing that only looks like one and may have
// no end.
func readRegular(path string) ([]byte, error) {
	about, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w; the path is relative to the configuration's file", err)
	case !about.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case about.Size() > maxCalendar:
		return nil, fmt.Errorf("it is longer than %d bytes", maxCalendar)
	}
	file, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(file, maxCalendar))
}

// isDate reports whether a text is a date, with a year or of every year.
func isDate(text string) bool {
	const leap = "2000-" // a year that has every date
	_, err := time.Parse(time.DateOnly, text)
	if err != nil {
		_, err = time.Parse(time.DateOnly, leap+text)
	}
	return err == nil
}
