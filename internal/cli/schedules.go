package cli

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/sources"
)

// Schedule is a schedule as the HTTP API gives it.
type Schedule struct {
	Name string `json:"name"`
	// Campaign is the name of the campaign that it starts, or of the file that it
	// is read from.
	Campaign string `json:"campaign"`
	// Contacts says where the list comes from, without secrets.
	Contacts string `json:"contacts"`
	Cron     string `json:"cron"`
	Zone     string `json:"zone"`
	Overlap  string `json:"overlap"`
	CatchUp  string `json:"catch_up"`
	// Origin is config or api.
	Origin string `json:"origin"`
	Paused bool   `json:"paused"`
	// NextAt is nil where it is paused or has no next time.
	NextAt *time.Time `json:"next_at"`
	// Last is the newest of its slots; nil before the first.
	Last *Slot `json:"last"`
	// Secrets says where the secrets of its source are kept: sealed, plain or
	// configured; empty where it has none. Problem is what is wrong with that, or
	// keeps it from running, and what to do.
	Secrets string `json:"secrets,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Database is what is read by the Query, without its password. AllowPrivate lets
	// an address lead to private networks. Lists of schedules leave these out.
	Database     string `json:"database,omitempty"`
	Query        string `json:"query,omitempty"`
	AllowPrivate bool   `json:"allow_private,omitempty"`
}

// Slot is one time at which a schedule starts its campaign.
type Slot struct {
	At    time.Time `json:"at"`
	State string    `json:"state"`
	// CampaignID is that of the campaign which it made; nil for none.
	CampaignID *string `json:"campaign_id"`
	// Detail explains the state.
	Detail string `json:"detail"`
	// By is who asked for it out of turn; empty for the clock.
	By    string `json:"by"`
	Tries int    `json:"tries"`
}

// ScheduleRequest is a schedule to be added.
type ScheduleRequest struct {
	Name string
	// Campaign is the path of a file of the caller's. The server keeps its text.
	Campaign string
	// Contacts is a file on the server, an address or a database, as
	// sources.Parse reads it; Headers and AllowPrivate belong to an address, a
	// Query to a database.
	Contacts     string
	Headers      map[string]string
	AllowPrivate bool
	Query        string
	Cron         string
	// Zone, Overlap and CatchUp may be empty for the server's defaults.
	Zone, Overlap, CatchUp string
}

const schedulesPath = "/api/schedules"

func schedulePath(name string) string { return schedulesPath + "/" + url.PathEscape(name) }

// AddSchedule adds a schedule and returns it. One that is there already with
// the same content is no error. A campaign's file that cannot be read is a
// *UsageError.
func (c *Client) AddSchedule(ctx context.Context, s ScheduleRequest) (Schedule, error) {
	var added Schedule
	if err := readable(s.Campaign); err != nil {
		return added, err
	}
	text, err := os.ReadFile(s.Campaign)
	if err != nil {
		return added, Usagef("%w", err)
	}
	contacts := sources.Parse(s.Contacts)
	contacts.Headers, contacts.AllowPrivate, contacts.Query = s.Headers, s.AllowPrivate, s.Query
	return added, c.call(ctx, http.MethodPost, schedulesPath, campaign.Schedule{
		Name: s.Name, Campaign: string(text), Contacts: contacts,
		Cron: s.Cron, Zone: s.Zone, Overlap: campaign.Overlap(s.Overlap), CatchUp: campaign.CatchUp(s.CatchUp),
	}, &added)
}

// Schedules returns every schedule.
func (c *Client) Schedules(ctx context.Context) ([]Schedule, error) {
	all := page[Schedule]{Items: []Schedule{}}
	err := c.call(ctx, http.MethodGet, schedulesPath, nil, &all)
	return all.Items, err
}

// Schedule returns the schedule with this name.
func (c *Client) Schedule(ctx context.Context, name string) (Schedule, error) {
	var found Schedule
	return found, c.call(ctx, http.MethodGet, schedulePath(name), nil, &found)
}

// ActSchedule pauses or resumes a schedule and returns it as it is then. The
// action is named as in the HTTP API.
func (c *Client) ActSchedule(ctx context.Context, name, action string) (Schedule, error) {
	var changed Schedule
	return changed, c.call(ctx, http.MethodPost, schedulePath(name)+"/"+action, nil, &changed)
}

// RunSchedule has a schedule start its campaign now, and returns the slot.
func (c *Client) RunSchedule(ctx context.Context, name string) (Slot, error) {
	var begun Slot
	return begun, c.call(ctx, http.MethodPost, schedulePath(name)+"/run", nil, &begun)
}

// RemoveSchedule removes a schedule. Campaigns that it started go on.
func (c *Client) RemoveSchedule(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, schedulePath(name), nil, nil)
}

// Slots returns at most limit slots of a schedule, the newest first.
func (c *Client) Slots(ctx context.Context, name string, limit int) ([]Slot, error) {
	slots, cursor := []Slot{}, ""
	for len(slots) < limit {
		query := url.Values{"limit": {strconv.Itoa(min(limit-len(slots), pageSize))}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var p page[Slot]
		if err := c.call(ctx, http.MethodGet, schedulePath(name)+"/slots?"+query.Encode(), nil, &p); err != nil {
			return nil, err
		}
		slots = append(slots, p.Items...)
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	return slots, nil
}

// ParseHeaders reads headers that are written as NAME=VALUE. The error, a
// *UsageError, does not repeat them: they may hold a secret.
func ParseHeaders(texts []string) (map[string]string, error) {
	headers := make(map[string]string, len(texts))
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if _, twice := headers[name]; !ok || name == "" || twice {
			return nil, Usagef("a header is not understood, or given twice; write --header NAME=VALUE once for each")
		}
		headers[name] = value
	}
	return headers, nil
}
