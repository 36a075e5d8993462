package faults

import (
	"syscall"
	"testing"
	"time"

	"carillon/internal/programtest"
)

// process is a program that a run has started. It dies with the test.
type process = programtest.Process

// freeze stops a process for a time. It goes on as if nothing had been.
func freeze(t *testing.T, p *process, d time.Duration) {
	t.Helper()
	p.Signal(t, syscall.SIGSTOP)
	last(d)
	p.Signal(t, syscall.SIGCONT)
}

// last lets a fault last. It is no wait for anything to happen.
func last(d time.Duration) { <-time.After(d) }
