package configs

import (
	"fmt"

	"carillon/seal"
)

func checkSealKeys(keys []string, found *mistakes) {
	first := map[string]int{}
	for i, text := range keys {
		at := fmt.Sprintf("seal_keys[%d]", i)
		if text == "" { // a variable that is empty stands for none
			continue
		}
		_, err := seal.ParseKeys([]string{text})
		found.need(err == nil, at, "is not %d hexadecimal digits; make one with: openssl rand -hex %d", 2*seal.KeyBytes, seal.KeyBytes)
		earlier, twice := first[text]
		found.need(!twice, at, "is that of seal_keys[%d]; remove one", earlier)
		first[text] = i
	}
}

// Keys returns the seal keys. Load has seen that all can be read.
func (c *Config) Keys() (seal.Keys, error) { return seal.ParseKeys(c.SealKeys) }
