package campaign

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	tests := map[string]struct {
		failure Failure
		want    string
	}{
		"both":              {Failure{Said: "(#132000) Number of buttons (0)", Detail: "Compare them."}, "(#132000) Number of buttons (0). Compare them."},
		"a whole sentence":  {Failure{Said: "It failed!", Detail: "Wait."}, "It failed! Wait."},
		"nothing to do":     {Failure{Said: "It failed"}, "It failed"},
		"nothing was said":  {Failure{Detail: "Wait."}, "Wait."},
		"nothing":           {Failure{Reason: "busy", Code: 7}, ""},
		"on several lines":  {Failure{Said: "one\r\n\ttwo\x00three\u2028four"}, "one two three four"},
		"nothing but space": {Failure{Said: " \n\x00 ", Detail: "Wait."}, "Wait."},
	}
	for name, test := range tests {
		if got := test.failure.Words(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	endless := Failure{Said: strings.Repeat("ö", 5000), Detail: strings.Repeat("x", 5000)}.Words()
	if n := utf8.RuneCountInString(endless); n != mostWords || !utf8.ValidString(endless) {
		t.Errorf("%d characters are kept, want %d", n, mostWords)
	}
}
