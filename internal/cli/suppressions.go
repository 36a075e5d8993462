package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Suppression is an opt-out.
type Suppression struct {
	// Phone is in E.164.
	Phone string `json:"phone"`
	// Scope is all, marketing, or a campaign's id.
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
	// Since is set by the server.
	Since *time.Time `json:"since,omitempty"`
	// Source is whose word it is: operator, person, provider or silence. It is set
	// by the server.
	Source string `json:"source,omitempty"`
}

// Suppressed says what became of opt-outs.
type Suppressed struct {
	// Suppressed counts the numbers that are opted out now, those that were
	// before included.
	Suppressed int `json:"suppressed"`
	// Rejected counts the rows without a number; Problems are the first.
	Rejected int          `json:"rejected"`
	Problems []RowProblem `json:"problems"`
}

// RowProblem is why a row of a file could not be used.
type RowProblem struct {
	Row     int    `json:"row"`
	Verdict string `json:"verdict"`
	Phone   string `json:"phone"`
	Detail  string `json:"detail"`
}

const suppressionsPath = "/api/suppressions"

// Suppress records opt-outs: all of them, or after an error none.
func (c *Client) Suppress(ctx context.Context, list []Suppression) (Suppressed, error) {
	var done Suppressed
	body := struct {
		Items []Suppression `json:"items"`
	}{list}
	return done, c.call(ctx, http.MethodPost, suppressionsPath, body, &done)
}

// Unsuppress takes an opt-out back.
func (c *Client) Unsuppress(ctx context.Context, phone, scope string) error {
	query := url.Values{"phone": {phone}, "scope": {scope}}
	return c.call(ctx, http.MethodDelete, suppressionsPath+"?"+query.Encode(), nil, nil)
}

// Suppressions returns every opt-out.
func (c *Client) Suppressions(ctx context.Context) ([]Suppression, error) {
	return pages[Suppression](ctx, c, suppressionsPath)
}

// SuppressFile records an opt-out for each number of a file, which has one per
// line or is a list with a phone column, and may have columns scope and reason.
// region is the country of numbers that name none, empty for none. Rows without
// a number are passed over and told; a file that cannot be read is a
// *UsageError.
func (c *Client) SuppressFile(ctx context.Context, path, scope, reason, region string) (Suppressed, error) {
	var done Suppressed
	if err := readable(path); err != nil {
		return done, err
	}
	file, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return done, Usagef("%w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	query := url.Values{"scope": {scope}, "reason": {reason}}
	if region != "" {
		query.Set("region", region)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+suppressionsPath+"?"+query.Encode(), file)
	if err != nil {
		return done, err
	}
	request.Header.Set("Content-Type", "text/csv") // the server looks at what it really is
	if err := c.upload(request, &done); err != nil {
		return done, err
	}
	if done.Suppressed == 0 {
		return done, Usagef("%s holds no number that could be used", path)
	}
	return done, nil
}

func (p RowProblem) String() string {
	return fmt.Sprintf("row %d: %s: %s", p.Row, p.Verdict, p.Detail)
}
