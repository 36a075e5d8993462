package campaign

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"channel: main":                             {"main"},
		"channels: [main]":                          {"main"},
		"channels: [second, main]":                  {"second", "main"},
		"channels: [main, second]\nhandover: true":  {"main", "second"},
		"channels: [main, second]\nhandover: false": {"main", "second"},
	}
	for written, want := range tests {
		t.Run(written, func(t *testing.T) {
			d, err := Parse([]byte(written + "\nname: n\nsteps: [{template: t, language: en}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, d.ChannelNames()); diff != "" {
				t.Error(diff)
			}
			for i, name := range want {
				if got := d.Position(name); got != i {
					t.Errorf("%s stands at %d, want %d", name, got, i)
				}
			}
			if got := d.Position("none"); got != -1 {
				t.Errorf("a channel of others stands at %d", got)
			}
			if diff := cmp.Diff(d, throughJSON(t, d)); diff != "" {
				t.Errorf("stored and read back: %s", diff)
			}
		})
	}
}

// TestOldDefinition reads what a ledger of the time of one number holds, and
// writes it again as it was.
func TestOldDefinition(t *testing.T) {
	t.Parallel()
	const stored = `{"name":"n","channel":"main","contacts":{},"steps":[{"template":"t","language":"en"}]}`
	var d Definition
	if err := json.Unmarshal([]byte(stored), &d); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stored, string(again)); diff != "" {
		t.Error(diff)
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	tests := []struct{ rates, want []float64 }{
		{[]float64{80, 20}, []float64{80, 20}},
		{[]float64{0, 20, 80}, []float64{80, 20, 80}},
		{[]float64{0, 0}, []float64{1000, 1000}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Weights(test.rates)); diff != "" {
			t.Errorf("%v: %s", test.rates, diff)
		}
	}
}
