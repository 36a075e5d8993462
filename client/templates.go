package client

import (
	"context"
	"net/http"
	"net/url"

	"carillon/api"
)

func templatesPath(channel string) string {
	return "/api/channels/" + url.PathEscape(channel) + "/templates"
}

// Templates returns the templates of a channel. Where the server's list is old it
// asks the provider first; where that does not answer, the list says so.
func (c *Client) Templates(ctx context.Context, channel string) (api.Templates, error) {
	var list api.Templates
	err := c.call(ctx, http.MethodGet, templatesPath(channel), nil, &list)
	return list, err
}

// AllTemplates returns the templates of all channels, in their order.
func (c *Client) AllTemplates(ctx context.Context) ([]api.Templates, error) {
	var all api.AllTemplates
	err := c.call(ctx, http.MethodGet, "/api/templates", nil, &all)
	return all.Items, err
}

// RefreshTemplates has the server ask the provider for the templates of a channel,
// and returns them as Templates does.
func (c *Client) RefreshTemplates(ctx context.Context, channel string) (api.Templates, error) {
	var list api.Templates
	err := c.call(ctx, http.MethodPost, templatesPath(channel)+"/refresh", nil, &list)
	return list, err
}
