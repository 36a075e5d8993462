package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const text = "77 (a name) with) S 1 77 77 0 -1 4194560 900 0 0 0 250 50 7 8 20 0 9 0 123 456 789"
	got, err := parseStat(text)
	if want := (stat{parent: 1, used: 3 * time.Second, ended: 150 * time.Millisecond}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, wrong := range []string{"", "77 (name) S 1 2", "77 (n) S 1 77 77 0 -1 4194560 900 0 0 0 x 50 7 8"} {
		if got, err := parseStat(wrong); err == nil {
			t.Errorf("%q: got %+v", wrong, got)
		}
	}
}

// TestAFamilysTime: a process that has children counts them, those that have ended,
// too.
func TestAFamilysTime(t *testing.T) {
	// The shell uses no time to speak of; its children do, and one of them ends.
	cmd := exec.Command("sh", "-c", "sh -c 'n=0; while [ $n -lt 300000 ]; do n=$((n+1)); done'; sh -c 'while :; do :; done' & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	p := &process{name: "sh", cmd: cmd}
	err := eventually(t.Context(), time.Minute, "its children use time", func() (bool, error) {
		p.family = true
		all, err := p.cpu()
		if err != nil {
			return false, err
		}
		p.family = false
		alone, err := p.cpu()
		text, err2 := os.ReadFile(p.proc("stat"))
		about, err3 := parseStat(string(text))
		return all > alone+about.ended && about.ended > 0, errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
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
