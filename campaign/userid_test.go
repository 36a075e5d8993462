package campaign

import (
	"strings"
	"testing"
)

func TestUserID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"US.13491208655302741918":        true,
		"GB.ENT.11815799212886844830":    true,
		"some-provider_id.7":             true,
		"":                               false,
		"+447700900123":                  false,
		"two words":                      false,
		"line\nbreak":                    false,
		"forgotten:0a1b":                 false,
		"Ünicode":                        false,
		strings.Repeat("a", 200):         true,
		"US." + strings.Repeat("1", 200): false,
	} {
		key := UserID(id)
		if (key == id && id != "") != want || !want && key != "" {
			t.Errorf("UserID(%q) = %q", id, key)
		}
		if IsNumber(key) {
			t.Errorf("%q is taken for a number", id)
		}
	}
	for text, want := range map[string]bool{
		"US.13491208655302741918": true, "GB.ENT.118": true, "us.1": false, "US.": false, "US": false, "US.1 2": false, "12345": false, "+44.1": false,
	} {
		if LooksLikeUserID(text) != want {
			t.Errorf("LooksLikeUserID(%q) is %t", text, !want)
		}
	}
}
