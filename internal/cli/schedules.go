package cli

import (
	"context"
	"os"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/configs"
	"carillon/sources"
)

// ScheduleRequest is a schedule to be added, as it stands on a command line.
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

// AddSchedule adds a schedule and returns it. A campaign's file that cannot be read
// is a *UsageError.
func AddSchedule(ctx context.Context, c *client.Client, s ScheduleRequest) (api.Schedule, error) {
	if err := readable(s.Campaign); err != nil {
		return api.Schedule{}, err
	}
	text, err := os.ReadFile(s.Campaign)
	if err != nil {
		return api.Schedule{}, Usagef("%w", err)
	}
	list := sources.Parse(s.Contacts)
	list.Headers, list.AllowPrivate, list.Query = s.Headers, s.AllowPrivate, s.Query
	return c.AddSchedule(ctx, api.NewSchedule{
		Name: s.Name, Campaign: string(text), Contacts: list,
		Cron: s.Cron, Zone: s.Zone, Overlap: campaign.Overlap(s.Overlap), CatchUp: campaign.CatchUp(s.CatchUp),
	})
}

// ParseHeaders reads headers that are written as NAME=VALUE, in which variables
// may stand. The error, a *UsageError, does not repeat them: they may hold a
// secret.
func ParseHeaders(texts []string) (map[string]string, error) {
	headers := make(map[string]string, len(texts))
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if _, twice := headers[name]; !ok || name == "" || twice {
			return nil, Usagef("a header is malformed, or given twice; write --header NAME=VALUE once for each")
		}
		var err error
		if headers[name], err = FillIn("--header "+name, value); err != nil {
			return nil, err
		}
	}
	return headers, nil
}

// FillIn puts environment variables, ${NAME}, into the value of a flag: what
// stands in a command's arguments every user of the machine may read. The error is
// a *UsageError.
func FillIn(flag, value string) (string, error) {
	filled, err := configs.Expand(value, os.LookupEnv)
	if err != nil {
		return "", Usagef("%s: %w", flag, err)
	}
	return filled, nil
}
