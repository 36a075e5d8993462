package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
)

// Campaign is a campaign as the server gave it. Layout and Problems are those of a
// campaign that was just launched, and nil else.
type Campaign struct {
	api.Created
	// Raw is what the server wrote, with keys that this version may not know. It
	// is what the campaign is in JSON.
	Raw json.RawMessage
}

var (
	_ json.Unmarshaler = (*Campaign)(nil)
	_ json.Marshaler   = Campaign{}
)

// UnmarshalJSON reads a campaign and keeps the text.
func (c *Campaign) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &c.Created); err != nil {
		return err
	}
	c.Raw = append(json.RawMessage(nil), text...)
	return nil
}

// MarshalJSON writes what the server wrote.
func (c Campaign) MarshalJSON() ([]byte, error) { return c.Raw, nil }

// WithLaunch is the campaign with what the launch alone was told: how the list was
// read.
func (c Campaign) WithLaunch(launched Campaign) Campaign {
	var now map[string]json.RawMessage
	layout, err := json.Marshal(launched.Layout)
	if launched.Layout == nil || err != nil || json.Unmarshal(c.Raw, &now) != nil {
		return c
	}
	now["layout"] = layout
	if raw, err := json.Marshal(now); err == nil {
		c.Layout, c.Raw = launched.Layout, raw
	}
	return c
}

// Campaign returns the campaign with this id.
func (c *Client) Campaign(ctx context.Context, id string) (Campaign, error) {
	var found Campaign
	return found, c.call(ctx, http.MethodGet, campaignPath(id), nil, &found)
}

// Campaigns returns every campaign, the newest first.
func (c *Client) Campaigns(ctx context.Context) ([]Campaign, error) {
	return pages[Campaign](ctx, c, "/api/campaigns")
}

// CampaignsPage returns a page of campaigns with a text in their name, the newest
// first. The cursor is that of the page before, empty for the first.
func (c *Client) CampaignsPage(ctx context.Context, cursor, text string, limit int) (api.Page[api.Campaign], error) {
	var found api.Page[api.Campaign]
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	setIf(query, "cursor", cursor)
	setIf(query, "q", text)
	return found, c.call(ctx, http.MethodGet, "/api/campaigns?"+query.Encode(), nil, &found)
}

// setIf sets what is not empty.
func setIf(query url.Values, key, value string) {
	if value != "" {
		query.Set(key, value)
	}
}

// Act starts, pauses, resumes or cancels a campaign and returns it as it is
// then. The action is named as in the HTTP API. One that its state forbids is an
// *api.Problem of the kind api.WrongState.
func (c *Client) Act(ctx context.Context, id, action string) (Campaign, error) {
	var changed Campaign
	return changed, c.call(ctx, http.MethodPost, campaignPath(id)+"/"+action, nil, &changed)
}

func campaignPath(id string) string { return "/api/campaigns/" + url.PathEscape(id) }

// Recipients returns the messages of a campaign, a page of some fifty recipients at
// a time. The cursor is that of the page before, empty for the first.
func (c *Client) Recipients(ctx context.Context, id, cursor string) (api.Recipients, error) {
	return c.FindRecipients(ctx, id, RecipientQuery{Cursor: cursor})
}

// RecipientQuery says which recipients are wanted. What is empty asks for nothing.
type RecipientQuery struct {
	// Cursor is that of the page before.
	Cursor string
	// Status and Reason are those of one message, Text stands in the number or the
	// cells. The row of somebody whose number or user ID is all of the Text comes first.
	Status, Reason, Text string
}

// FindRecipients is Recipients of those who suit. A page may be short or empty though
// more follow: one call reads a part of a long list at most, and says how far it came.
// What has no Next is the last.
func (c *Client) FindRecipients(ctx context.Context, id string, q RecipientQuery) (api.Recipients, error) {
	var found api.Recipients
	query := url.Values{}
	setIf(query, "cursor", q.Cursor)
	setIf(query, "status", q.Status)
	setIf(query, "reason", q.Reason)
	setIf(query, "q", q.Text)
	path := campaignPath(id) + "/recipients"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return found, c.call(ctx, http.MethodGet, path, nil, &found)
}

// History returns all that is on record of a row of a campaign's list, by its number.
func (c *Client) History(ctx context.Context, id, row string) (api.History, error) {
	var found api.History
	return found, c.call(ctx, http.MethodGet, campaignPath(id)+"/recipients/"+url.PathEscape(row), nil, &found)
}

// Resolved says what became of a decision about unknown messages.
type Resolved struct {
	api.Resolved
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// Resolve decides about all unknown messages of a campaign. After an error some
// may be decided; calling it again does the rest.
func (c *Client) Resolve(ctx context.Context, id string, decision api.Decision) (Resolved, error) {
	var done Resolved
	return done, c.call(ctx, http.MethodPost, campaignPath(id)+"/resolve", api.Resolve{Decision: decision}, &done)
}

// Retried says what became of a campaign's messages when it was retried.
type Retried struct {
	api.Retried
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// Retry attempts messages of a campaign again. After an error some may be attempted
// again; calling it again does the rest.
func (c *Client) Retry(ctx context.Context, id string, which api.Retry) (Retried, error) {
	var done Retried
	return done, c.call(ctx, http.MethodPost, campaignPath(id)+"/retry", which, &done)
}
