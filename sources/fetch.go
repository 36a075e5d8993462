// Package sources fetches the contact list of a schedule's slot: from a file,
// by HTTP, or as the rows of a query.
//
// What Fetch hands out is a copy of its own, so nothing can change while it is
// read, and it is whole: an answer that is cut off, a file that is being
// written and a query that breaks are errors, never a shorter list. Nothing is
// written where the list comes from.
//
// It does not look into the list; package contacts reads what comes out. An
// error holds no header's value, no password and no query of an address.
package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/contacts"
)

// DefaultTimeout is how long a list may take to come; ours.
const DefaultTimeout = 5 * time.Minute

// Options say what a source may do.
type Options struct {
	// Dir is the folder that relative paths count from; empty means the working
	// directory.
	Dir string
	// Confined refuses files outside Dir, whether by .., an absolute path or a
	// symbolic link. It is for sources that did not come from the server's own
	// configuration, and wants a Dir that holds lists and nothing else.
	Confined bool
	// Timeout bounds an address or a query in all; 0 means DefaultTimeout.
	Timeout time.Duration
	// Limit is the longest list in bytes; 0 means what package contacts reads at
	// most.
	Limit int64
	// Resolver looks up the names of hosts; nil means the system's way.
	Resolver *net.Resolver
}

// ErrRefused marks what another try will not better: a source that is
// mistaken, or one that may not be read.
var ErrRefused = errors.New("the source is refused")

// refusal is an error that is ErrRefused without saying so twice.
type refusal struct{ error }

func (refusal) Is(target error) bool { return target == ErrRefused }

func (r refusal) Unwrap() error { return r.error }

func refusef(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

// errTooLong says that a list has no place.
var errTooLong = errors.New("the list is too long")

// Fetch copies the list of a slot into a temporary file, which is gone once it is
// closed. at is the slot's time in the schedule's zone. Errors of ErrRefused are
// for good; any other may be gone at the next try. After an error there is no
// file.
func Fetch(ctx context.Context, src campaign.Source, at time.Time, o Options) (*os.File, error) {
	if err := Validate(src); err != nil {
		return nil, refusal{fmt.Errorf("contacts: %w", err)}
	}
	src.URL = datedURL(src.URL, at)
	o.Timeout, o.Limit = cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.Limit, contacts.DefaultLimits().FileBytes)
	file, err := contacts.Scratch()
	if err != nil {
		return nil, fmt.Errorf("keep a contact list: %w", err)
	}
	err = fill(ctx, src, at, o, &limited{to: file, left: o.Limit})
	switch {
	case errors.Is(err, errTooLong):
		err = fmt.Errorf("%w: it has more than %d bytes; split it into several schedules", errTooLong, o.Limit)
	case err == nil:
		return file, nil
	}
	return nil, errors.Join(fmt.Errorf("contacts from %s: %w", src, err), file.Close())
}

// fill writes the list of a source that Validate has nothing against, and whose
// URL has the date in it.
func fill(ctx context.Context, src campaign.Source, at time.Time, o Options, to io.Writer) error {
	if src.File != "" {
		return copyFile(src.File, at, o, to)
	}
	late := fmt.Errorf("%w: the list did not arrive within %s; check why it takes so long", context.DeadlineExceeded, o.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, late)
	defer cancel()
	var err error
	switch {
	case src.URL != "":
		err = download(ctx, src, o, to)
	case strings.HasPrefix(src.DSN, sqliteScheme):
		err = querySQLite(ctx, src, o, to)
	default:
		err = queryPostgres(ctx, src, o, to)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// limited lets no more through than is left.
type limited struct {
	to   io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errTooLong
	}
	return l.to.Write(p)
}
