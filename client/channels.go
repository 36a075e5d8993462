package client

import (
	"context"
	"net/http"
	"net/url"

	"carillon/api"
)

// Channels returns every sending number.
func (c *Client) Channels(ctx context.Context) ([]api.Channel, error) {
	all := api.Channels{Items: []api.Channel{}}
	err := c.call(ctx, http.MethodGet, "/api/channels", nil, &all)
	return all.Items, err
}

// Channel returns one with what its provider has told of it.
func (c *Client) Channel(ctx context.Context, name string) (api.Channel, error) {
	var found api.Channel
	return found, c.call(ctx, http.MethodGet, "/api/channels/"+url.PathEscape(name), nil, &found)
}
