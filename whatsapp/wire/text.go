// Package wire reads and writes the JSON that providers speak. It reads
// leniently: a value of another type than the documented one is passed over, and
// the rest is read.
package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text is a string that may also come as a number. Anything else reads as
// empty. Nulls are left out: PostgreSQL stores none.
type Text string

// UnmarshalJSON never fails. Most texts have no escapes and are copied.
func (t *Text) UnmarshalJSON(b []byte) error {
	switch {
	case b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b):
		*t = Text(b[1 : len(b)-1])
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err == nil {
			*t = Text(strings.ReplaceAll(s, "\x00", ""))
		}
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = Text(b)
	}
	return nil
}

// Is compares without regard to case: some services write Interactive.
func (t Text) Is(word string) bool { return strings.EqualFold(string(t), word) }

// Digits is a phone number or wa_id without its plus sign, empty for what is
// neither (Meta hides the number of a person who goes by a user name).
func (t Text) Digits() string {
	number := strings.TrimPrefix(string(t), "+")
	if strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return number
}

// ShownDigits are the digits of a phone number that is written for people, such as
// +1 555-010-0123.
func (t Text) ShownDigits() string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, string(t))
}

// endOfTime is the last second that RFC 3339 can write.
const endOfTime = 253402300799

// Time is the moment that seconds since 1970 or an RFC 3339 text name. It is
// zero for anything else.
func (t Text) Time() time.Time {
	seconds, err := strconv.ParseInt(string(t), 10, 64)
	switch {
	case err == nil && seconds > 0 && seconds <= endOfTime:
		return time.Unix(seconds, 0).UTC()
	case err == nil:
		return time.Time{}
	}
	moment, err := time.Parse(time.RFC3339, string(t))
	if err != nil {
		return time.Time{}
	}
	return moment.UTC()
}

// Words is a text that may also come as a list, of which the first counts.
type Words Text

// UnmarshalJSON never fails.
func (w *Words) UnmarshalJSON(b []byte) error {
	var list []Text
	if b[0] == '[' && json.Unmarshal(b, &list) == nil && len(list) > 0 {
		*w = Words(list[0])
		return nil
	}
	return (*Text)(w).UnmarshalJSON(b)
}
