package cli

import (
	"context"
	"fmt"
	"os"

	"carillon/api"
	"carillon/client"
)

// SuppressFile records an opt-out for each number of a file. A file that cannot be
// read, or holds no number, is a *UsageError.
func SuppressFile(ctx context.Context, c *client.Client, path string, o client.SuppressOptions) (api.Suppressed, error) {
	var done api.Suppressed
	if err := readable(path); err != nil {
		return done, err
	}
	file, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return done, Usagef("%w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if done, err = c.SuppressList(ctx, file, o); err != nil {
		return done, err
	}
	if done.Suppressed == 0 {
		return done, Usagef("%s holds no usable number", path)
	}
	return done, nil
}

// RowProblem says in a line why a row could not be used.
func RowProblem(p api.RowProblem) string {
	return fmt.Sprintf("row %d: %s: %s", p.Row, p.Verdict, p.Detail)
}
