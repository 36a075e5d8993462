// Package cli is what a terminal shows: what the commands ask of a server or of
// files, and what they print of it. Its errors say what to do on the command
// line, and ExitCode which code the program ends with.
//
// It starts no server. It decides nothing about messages.
package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// Problem is a refusal by the server, an RFC 9457 problem document.
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	// Detail may have several lines, one for each mistake.
	Detail string `json:"detail"`
	Hint   string `json:"hint"`
}

var _ error = (*Problem)(nil)

func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// problemLimit is how much of a refusal is read, in bytes.
const problemLimit = 1 << 20

// readProblem makes an error of an answer that is no success, whoever gave it:
// a proxy in between writes no problem documents.
func readProblem(answer *http.Response) error {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(answer.Body, problemLimit))
	if err != nil || json.Unmarshal(body, p) != nil || p.Detail == "" && p.Title == "" {
		*p = Problem{Detail: fmt.Sprintf("the server answered %s", answer.Status)}
	}
	p.Status = answer.StatusCode
	if p.Status == http.StatusUnauthorized {
		p.Hint = "set " + EnvToken + " to one of the tokens in the server's configuration"
	}
	return p
}

// ExitCode is what the program exits with after err: 0 for nil, 2 where the
// caller has to change what he asked for, 1 for everything else.
func ExitCode(err error) int {
	var usage *UsageError
	var refused *Problem
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
