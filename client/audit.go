package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
)

// Audit returns a page of who did what, the newest first: of one campaign, or, where
// its id is empty, of everything. The cursor is that of the page before, empty for
// the first.
func (c *Client) Audit(ctx context.Context, cursor, campaign string, limit int) (api.Page[api.Deed], error) {
	var found api.Page[api.Deed]
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	setIf(query, "cursor", cursor)
	setIf(query, "campaign", campaign)
	return found, c.call(ctx, http.MethodGet, "/api/audit?"+query.Encode(), nil, &found)
}
