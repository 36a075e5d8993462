package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that a scene has started. It dies with it.
type process struct {
	name string
	log  string // the file that its output goes to
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	// family says that its children count as part of it.
	family bool
}

// start starts a program, whose output goes to a file of the scene's folder.
func (s *scene) start(name, path string, args ...string) (*process, error) {
	out, err := os.CreateTemp(s.folder, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the child has one of its own
	p := &process{name: name, log: out.Name(), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, s.folder
	// A signal from a terminal goes to this process alone, which ends the others.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	s.onClose(func() error { p.kill(); return nil })
	return p, nil
}

// kill ends the process and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// says waits until the process has written what the pattern's group matches.
func (p *process) says(ctx context.Context, pattern string) (string, error) {
	const patience = time.Minute
	wanted := regexp.MustCompile(pattern)
	var found [][]byte
	err := eventually(ctx, patience, p.name+" says where it listens", func() (bool, error) {
		select {
		case <-p.done:
			return false, fmt.Errorf("%s ended at once: %s", p.name, p.tail())
		default:
		}
		text, err := os.ReadFile(p.log)
		found = wanted.FindSubmatch(text)
		return found != nil, err
	})
	if err != nil {
		return "", err
	}
	return string(found[1]), nil
}

// tail is the last lines that the process has written.
func (p *process) tail() string {
	const most = 10
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// ticks is how many units of CPU time the system tells make a second (proc(5);
// it is 100 on every architecture that Go runs Linux on).
const ticks = 100

// cpu is the processor time that the process has used, in user mode and in the
// kernel.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, err
	}
	own, err := parseStat(string(text))
	if err != nil || !p.family {
		return own.used, err
	}
	all := own.used + own.ended
	others, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range others {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended, and counts among those that have
		}
		child, err := parseStat(string(text))
		if err != nil {
			return 0, err
		}
		if child.parent == int64(p.cmd.Process.Pid) {
			all += child.used
		}
	}
	return all, nil
}

// stat is what /proc/PID/stat tells.
type stat struct {
	parent int64
	// used is the processor time of the process, ended that of its children that have
	// ended.
	used, ended time.Duration
}

// parseStat reads fields 4 and 14 to 17 of /proc/PID/stat (proc(5)).
func parseStat(text string) (stat, error) {
	_, rest, _ := strings.Cut(text[strings.LastIndexByte(text, ')')+1:], " ") // a name may hold anything
	fields := strings.Fields(rest)
	const parent, user, last = 4 - 3, 14 - 3, 17 - 3
	if len(fields) <= last {
		return stat{}, errors.New("/proc/PID/stat is not as proc(5) says")
	}
	var numbers []int64
	for _, field := range append(fields[parent:parent+1], fields[user:last+1]...) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return stat{}, err
		}
		numbers = append(numbers, n)
	}
	const tick = time.Second / ticks
	return stat{
		parent: numbers[0],
		used:   time.Duration(numbers[1]+numbers[2]) * tick,
		ended:  time.Duration(numbers[3]+numbers[4]) * tick,
	}, nil
}

// memory is what the process holds now and has held at most, in MB.
func (p *process) memory() (now, most float64, err error) {
	text, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, 0, err
	}
	now, err = parseMemory(string(text), "VmRSS")
	most, err2 := parseMemory(string(text), "VmHWM")
	return now, most, errors.Join(err, err2)
}

// parseMemory reads a line of /proc/PID/status (proc(5)), in MB.
func parseMemory(status, key string) (float64, error) {
	for line := range strings.Lines(status) {
		if value, found := strings.CutPrefix(line, key+":"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return float64(kib) * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("/proc/PID/status has no line %s", key)
}

// forgetPeak makes the most that the process has held what it holds now
// (proc(5), clear_refs).
func (p *process) forgetPeak() error { return os.WriteFile(p.proc("clear_refs"), []byte("5"), 0) }

func (p *process) proc(file string) string {
	return filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), file)
}

// eventually waits for a condition, at most so long.
func eventually(ctx context.Context, within time.Duration, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("gave up after %s waiting that %s", within, what))
	defer cancel()
	for {
		held, err := holds()
		if held || err != nil && ctx.Err() == nil {
			return err
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
