// Package cli is what a terminal shows: what the commands ask of a server or of
// files, and what they print of it. Its errors say what to do on the command
// line, and ExitCode which code the program ends with.
//
// It starts no server. It decides nothing about messages.
package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"carillon/api"
)

// The exit codes of the program.
const (
	exitFine = iota
	exitFailed
	exitUsage
)

// UsageError is the caller's own mistake: a wrong flag, a file that is not
// there, a campaign or a list that cannot be used.
type UsageError struct{ Err error }

var _ error = (*UsageError)(nil)

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the mistake itself.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a *UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// ExitCode is what the program exits with after err: 0 for nil, 2 where the
// caller has to change what he asked for, 1 for everything else.
func ExitCode(err error) int {
	var usage *UsageError
	var refused *api.Problem
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &refused):
		switch refused.Status {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
			return exitUsage
		}
	}
	return exitFailed
}

// WriteError tells a person about err, in one line for each thing that is
// wrong.
func WriteError(out io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(out, "carillon: %s\n", strings.TrimSpace(line))
	}
}
