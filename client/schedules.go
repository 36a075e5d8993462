package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
)

const schedulesPath = "/api/schedules"

func schedulePath(name string) string { return schedulesPath + "/" + url.PathEscape(name) }

// AddSchedule adds a schedule and returns it. One that is there already with
// the same content is no error; with another it is an *api.Problem of the kind
// api.NameTaken.
func (c *Client) AddSchedule(ctx context.Context, wanted api.NewSchedule) (api.Schedule, error) {
	var added api.Schedule
	return added, c.call(ctx, http.MethodPost, schedulesPath, wanted, &added)
}

// Schedules returns every schedule.
func (c *Client) Schedules(ctx context.Context) ([]api.Schedule, error) {
	all := api.Schedules{Items: []api.Schedule{}}
	err := c.call(ctx, http.MethodGet, schedulesPath, nil, &all)
	return all.Items, err
}

// Schedule returns the schedule with this name.
func (c *Client) Schedule(ctx context.Context, name string) (api.Schedule, error) {
	var found api.Schedule
	return found, c.call(ctx, http.MethodGet, schedulePath(name), nil, &found)
}

// ActSchedule pauses or resumes a schedule and returns it as it is then. The
// action is named as in the HTTP API.
func (c *Client) ActSchedule(ctx context.Context, name, action string) (api.Schedule, error) {
	var changed api.Schedule
	return changed, c.call(ctx, http.MethodPost, schedulePath(name)+"/"+action, nil, &changed)
}

// RunSchedule has a schedule start its campaign now, and returns the slot.
func (c *Client) RunSchedule(ctx context.Context, name string) (api.Slot, error) {
	var begun api.Slot
	return begun, c.call(ctx, http.MethodPost, schedulePath(name)+"/run", nil, &begun)
}

// RemoveSchedule removes a schedule. Campaigns that it started go on.
func (c *Client) RemoveSchedule(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, schedulePath(name), nil, nil)
}

// Slots returns at most limit slots of a schedule, the newest first.
func (c *Client) Slots(ctx context.Context, name string, limit int) ([]api.Slot, error) {
	slots, cursor := []api.Slot{}, ""
	for len(slots) < limit {
		query := url.Values{"limit": {strconv.Itoa(min(limit-len(slots), pageSize))}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var p api.Page[api.Slot]
		if err := c.call(ctx, http.MethodGet, schedulePath(name)+"/slots?"+query.Encode(), nil, &p); err != nil {
			return nil, err
		}
		slots = append(slots, p.Items...)
		if p.Next == nil {
			break
		}
		cursor = *p.Next
	}
	return slots, nil
}
