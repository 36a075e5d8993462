package api

import (
	"time"

	"carillon/campaign"
)

// Schedule is a schedule as it stands. It holds no secret: of its source it says
// what a person has to know.
type Schedule struct {
	Name    string           `json:"name"`
	Cron    string           `json:"cron"`
	Zone    string           `json:"zone"`
	Overlap campaign.Overlap `json:"overlap"`
	CatchUp campaign.CatchUp `json:"catch_up"`
	// Contacts says where the list comes from, Campaign what the campaign is
	// called, or in which file it stands.
	Contacts string `json:"contacts"`
	Campaign string `json:"campaign"`
	// Origin is config or api.
	Origin string `json:"origin"`
	Paused bool   `json:"paused"`
	// NextAt is null where it is paused or has no next time.
	NextAt *time.Time `json:"next_at"`
	// Last is the newest of its slots; null before the first.
	Last *Slot `json:"last"`
	// Secrets says where the secrets of its source are kept: sealed, plain or
	// configured; empty where it has none. Problem is what is wrong with that, or
	// keeps the schedule from running, and what to do.
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
	At    time.Time          `json:"at"`
	State campaign.SlotState `json:"state"`
	// CampaignID is that of the campaign which it made; null for none.
	CampaignID *string `json:"campaign_id"`
	// Detail explains the state.
	Detail string `json:"detail"`
	// By is who asked for it out of turn; empty for the clock.
	By    string `json:"by"`
	Tries int    `json:"tries"`
}

// NewSchedule is a schedule as it comes in.
type NewSchedule struct {
	Name string `json:"name"`
	// Campaign is the campaign's file: its text.
	Campaign string          `json:"campaign"`
	Contacts campaign.Source `json:"contacts"`
	Cron     string          `json:"cron"`
	// Zone, Overlap and CatchUp may be empty for the server's defaults.
	Zone    string           `json:"zone,omitempty"`
	Overlap campaign.Overlap `json:"overlap,omitempty"`
	CatchUp campaign.CatchUp `json:"catch_up,omitempty"`
}

// Schedules is every schedule.
type Schedules struct {
	Items []Schedule `json:"items"`
}
