package main

import (
	"testing"
	"time"
)

func TestParseCPU(t *testing.T) {
	const stat = "77 (a name) with) S 1 77 77 0 -1 4194560 900 0 0 0 250 50 7 8 20 0 9 0 123 456 789"
	got, err := parseCPU(stat)
	if err != nil || got != 3*time.Second {
		t.Errorf("got %v, %v", got, err)
	}
	for _, wrong := range []string{"", "77 (name) S 1 2", "77 (n) S 1 77 77 0 -1 4194560 900 0 0 0 x 50 7 8"} {
		if got, err := parseCPU(wrong); err == nil {
			t.Errorf("%q: got %v", wrong, got)
		}
	}
}

func TestParseMemory(t *testing.T) {
	const status = "Name:\tcarillon\nVmHWM:\t   20000 kB\nVmRSS:\t   10000 kB\n"
	for key, want := range map[string]float64{"VmHWM": 20.48, "VmRSS": 10.24} {
		if got, err := parseMemory(status, key); err != nil || got != want {
			t.Errorf("%s: got %v, %v", key, got, err)
		}
	}
	if got, err := parseMemory(status, "VmSwap"); err == nil {
		t.Errorf("got %v for a line that is not there", got)
	}
}
