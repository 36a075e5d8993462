package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// tools are what all experiments use.
type tools struct {
	folder  string
	program string // the program under test, built as for use
	self    string // this program, for the processes it is itself
	window  time.Duration
	log     io.Writer
}

func makeTools(ctx context.Context, window time.Duration, log io.Writer) (_ *tools, err error) {
	t := &tools{window: window, log: log}
	if t.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if t.folder, err = os.MkdirTemp("", "carillon-bench-"); err != nil {
		return nil, err
	}
	t.program = filepath.Join(t.folder, "carillon")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", t.program, "carillon/cmd/carillon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the program: %w\n%s", err, out), t.remove())
	}
	return t, nil
}

func (t *tools) remove() error { return os.RemoveAll(t.folder) }

// experiment takes the figures of some rows together.
type experiment struct {
	name string
	rows []row
	run  func(*scene) error
}

// chosen are the experiments with a row that matches; nil matches all.
func chosen(all []experiment, only *regexp.Regexp) []experiment {
	return slices.DeleteFunc(all, func(e experiment) bool { return len(matching(e.rows, only)) == 0 })
}

// measure does an experiment. Rows that it could not fill say why.
func (t *tools) measure(ctx context.Context, e experiment) ([]row, []string) {
	const most = 10 * time.Minute // beside the windows, of which no experiment has ten
	limit := most + 10*t.window
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %s", limit))
	defer cancel()
	s := &scene{tools: t, ctx: ctx, rows: slices.Clone(e.rows)}
	err := s.prepare()
	if err == nil {
		err = e.run(s)
	}
	if closing := s.close(); closing != nil {
		fmt.Fprintln(t.log, "clear away:", closing)
	}
	if err != nil {
		fmt.Fprintf(t.log, "  %v\n", err)
	}
	for i, r := range s.rows {
		if r.Result == nil && r.Problem == "" {
			s.rows[i].Problem = "not measured"
			if err != nil {
				s.rows[i].Problem = fmt.Sprintf("not measured: %v", err)
			}
		}
		s.rows[i] = s.rows[i].judged()
		fmt.Fprintf(t.log, "  %s: %s %s\n", r.Name, s.rows[i].quantity(s.rows[i].Result), s.rows[i].Verdict)
	}
	return s.rows, s.notes
}

// prepare makes the scene's folder and its provider.
func (s *scene) prepare() (err error) {
	if s.folder, err = os.MkdirTemp(s.tools.folder, "scene-"); err != nil {
		return err
	}
	s.provider, err = s.startProvider()
	return err
}
