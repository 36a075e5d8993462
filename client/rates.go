package client

import (
	"context"
	"io"
	"net/http"

	"carillon/api"
)

// Rates returns how many of a campaign's messages went out, over time.
func (c *Client) Rates(ctx context.Context, id string) (api.Rates, error) {
	var found api.Rates
	return found, c.call(ctx, http.MethodGet, campaignPath(id)+"/rates", nil, &found)
}

// Definition returns a campaign's definition, YAML or JSON: word for word as it was
// uploaded, where that was kept.
func (c *Client) Definition(ctx context.Context, id string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+campaignPath(id)+"/definition", nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.send(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, c.unreachable(err)
	}
	return text, nil
}
