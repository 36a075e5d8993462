package cloud

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text is a string that may also come as a number. Anything else reads as
// empty. Nulls are left out: PostgreSQL stores none.
type text string

// UnmarshalJSON never fails. Most texts have no escapes and are copied.
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b):
		*t = text(b[1 : len(b)-1])
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err == nil {
			*t = text(strings.ReplaceAll(s, "\x00", ""))
		}
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
	}
	return nil
}

// is compares without regard to case: some services write Interactive.
func (t text) is(word string) bool { return strings.EqualFold(string(t), word) }

// digits is a phone number or wa_id without its plus sign, empty for what is
// neither (Meta hides the number of a person who goes by a user name).
func (t text) digits() string {
	number := strings.TrimPrefix(string(t), "+")
	if strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return number
}

// endOfTime is the last second that RFC 3339 can write.
const endOfTime = 253402300799

// time is the moment that seconds since 1970 or an RFC 3339 text name. It is
// zero for anything else.
func (t text) time() time.Time {
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

// words is a text that may also come as a list, of which the first counts.
type words text

// UnmarshalJSON never fails.
func (w *words) UnmarshalJSON(b []byte) error {
	var list []text
	if b[0] == '[' && json.Unmarshal(b, &list) == nil && len(list) > 0 {
		*w = words(list[0])
		return nil
	}
	return (*text)(w).UnmarshalJSON(b)
}
