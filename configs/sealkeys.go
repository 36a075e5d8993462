package configs

import (
	"fmt"
	"strings"

	"carillon/seal"
)

func checkSealKeys(keys []string, found *mistakes) {
	const digits = 2 * seal.KeyBytes
	first := map[string]int{}
	for i, text := range keys {
		at := fmt.Sprintf("seal_keys[%d]", i)
		if text == "" { // a variable that is empty stands for none
			continue
		}
		hexadecimal := strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
		_, err := seal.ParseKeys([]string{text})
		switch {
		case hexadecimal && len(text) != digits:
			found.fault(at, "has %d hexadecimal digits and needs %d; copy it again, or make one with: openssl rand -hex %d", len(text), digits, seal.KeyBytes)
		case strings.TrimSpace(text) != text:
			found.fault(at, "begins or ends with a space or a line break; copy it again")
		default:
			found.need(err == nil, at, "is not %d hexadecimal digits; make one with: openssl rand -hex %d", digits, seal.KeyBytes)
		}
		same := strings.ToLower(text)
		earlier, twice := first[same]
		found.need(!twice, at, "is the same as seal_keys[%d]; remove one", earlier)
		first[same] = i
	}
}

// Keys returns the seal keys. Load has seen that all can be read.
func (c *Config) Keys() (seal.Keys, error) { return seal.ParseKeys(c.SealKeys) }
