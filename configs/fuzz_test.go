package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/whatsapp/providers"
)

// FuzzLoad holds Load to its word on any file: an error is made of mistakes of
// one line each and shows no variable's value; a configuration that is taken
// has what the program needs to start.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "example.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	const secret = "kept\x01secret"
	env := func(name string) (string, bool) { return secret, name != "NOT_SET" }
	f.Fuzz(func(t *testing.T, data []byte) {
		config, _, err := read("carillon.yaml", data, env, providers.All())
		if err == nil {
			if len(config.Channels) == 0 || config.Ledger == "" || config.Redis == "" || config.HTTP.Listen == "" {
				t.Errorf("taken, but not fit to start: %v", config)
			}
			return
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("shows a variable's value: %v", err)
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || config != nil {
			t.Fatalf("%v with %v", err, config)
		}
		for _, one := range joined.Unwrap() {
			var mistake *Mistake
			if !errors.As(one, &mistake) || mistake.Message == "" || strings.Contains(one.Error(), "\n") {
				t.Errorf("%v is no mistake with a message of one line", one)
			}
		}
	})
}
