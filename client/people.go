package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
)

const suppressionsPath = "/api/suppressions"

// Suppress records opt-outs: all of them, or after an error none.
func (c *Client) Suppress(ctx context.Context, list []api.NewSuppression) (api.Suppressed, error) {
	var done api.Suppressed
	return done, c.call(ctx, http.MethodPost, suppressionsPath, api.Suppress{Items: list}, &done)
}

// SuppressOptions say how a list of opt-outs is read.
type SuppressOptions struct {
	// Scope and Reason are those of rows that say nothing else; an empty scope
	// means all.
	Scope, Reason string
	// Region is the country of numbers that name none, such as ES; empty for none.
	Region string
}

// SuppressList records an opt-out for each number of a file, which has one per
// line or is a list with a phone column, and may have columns scope and reason.
// Rows without a number are passed over and told.
func (c *Client) SuppressList(ctx context.Context, list io.Reader, o SuppressOptions) (api.Suppressed, error) {
	var done api.Suppressed
	query := url.Values{"scope": {o.Scope}, "reason": {o.Reason}}
	if o.Region != "" {
		query.Set("region", o.Region)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+suppressionsPath+"?"+query.Encode(), list)
	if err != nil {
		return done, err
	}
	request.Header.Set("Content-Type", "text/csv") // the server looks at what it really is
	return done, c.upload(request, &done)
}

// Unsuppress takes an opt-out of one scope back. One that is not on record is an
// *api.Problem of the kind api.NotFound.
func (c *Client) Unsuppress(ctx context.Context, phone, scope string) error {
	query := url.Values{"phone": {phone}, "scope": {scope}}
	return c.call(ctx, http.MethodDelete, suppressionsPath+"?"+query.Encode(), nil, nil)
}

// Suppressions returns every opt-out.
func (c *Client) Suppressions(ctx context.Context) ([]api.Suppression, error) {
	return pages[api.Suppression](ctx, c, suppressionsPath)
}

// SuppressionsPage returns a page of opt-outs with a text in their key. The cursor is
// that of the page before, empty for the first.
func (c *Client) SuppressionsPage(ctx context.Context, cursor, text string) (api.Page[api.Suppression], error) {
	var found api.Page[api.Suppression]
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	setIf(query, "cursor", cursor)
	setIf(query, "q", text)
	return found, c.call(ctx, http.MethodGet, suppressionsPath+"?"+query.Encode(), nil, &found)
}

// Forget erases a person, named by number or user ID, for good.
func (c *Client) Forget(ctx context.Context, phone string) (api.Forgotten, error) {
	var done api.Forgotten
	return done, c.call(ctx, http.MethodPost, "/api/forget", api.Forget{Phone: phone}, &done)
}
