package campaign

import (
	"cmp"
	"time"
)

// Schedule starts a campaign again and again, each time with a list that is
// fetched anew.
type Schedule struct {
	// Name is unique among the schedules; its slots' campaigns carry it.
	Name string `json:"name"`
	// Campaign is the campaign's file: its text, YAML or JSON.
	Campaign string `json:"campaign,omitempty"`
	// CampaignFile is where the text is read at each slot; it excludes Campaign.
	CampaignFile string `json:"campaign_file,omitempty"`
	// Contacts is where the list comes from.
	Contacts Source `json:"contacts"`
	// Cron has five fields (minute, hour, day of the month, month, day of the
	// week) or is a word such as @daily.
	Cron string `json:"cron"`
	// Zone is the IANA name of the zone that Cron is written in; empty means UTC.
	Zone string `json:"zone,omitempty"`
	// Overlap is what happens to a slot while the campaign of an earlier one is
	// not finished; empty means OverlapSkip.
	Overlap Overlap `json:"overlap,omitempty"`
	// CatchUp is what happens to slots that were missed; empty means CatchUpLast.
	// Those that are made up for wait for the ones before them, unless Overlap is
	// OverlapParallel.
	CatchUp CatchUp `json:"catch_up,omitempty"`
}

// WithDefaults is the schedule with what its empty fields mean written out.
func (s Schedule) WithDefaults() Schedule {
	s.Zone = cmp.Or(s.Zone, "UTC")
	s.Overlap = cmp.Or(s.Overlap, OverlapSkip)
	s.CatchUp = cmp.Or(s.CatchUp, CatchUpLast)
	return s
}

// Source is where a contact list comes from: one of File, URL and Query.
type Source struct {
	// File is a path on the server, or a pattern of one file. %Y, %m and %d stand
	// for the slot's date in the schedule's zone.
	File string `json:"file,omitempty"`
	// URL is fetched with the Headers, by GET. %Y, %m and %d stand for the date.
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// AllowPrivate lets the URL lead to this machine and to private networks.
	AllowPrivate bool `json:"allow_private,omitempty"`
	// DSN is a database to be read, "postgres://…" or "sqlite:FILE", and Query
	// the one statement, whose columns are the list's.
	DSN   string `json:"dsn,omitempty"`
	Query string `json:"query,omitempty"`
}

// Overlap is what happens to a slot while an earlier one's campaign runs.
type Overlap string

const (
	// OverlapSkip passes the slot over.
	OverlapSkip Overlap = "skip"
	// OverlapQueue starts it when the earlier one has finished.
	OverlapQueue Overlap = "queue"
	// OverlapParallel starts it beside the earlier one.
	OverlapParallel Overlap = "parallel"
)

// CatchUp is what happens to slots whose time passed while nobody looked.
type CatchUp string

const (
	// CatchUpNone passes them over.
	CatchUpNone CatchUp = "none"
	// CatchUpLast starts the last of them.
	CatchUpLast CatchUp = "last"
	// CatchUpAll starts each.
	CatchUpAll CatchUp = "all"
)

// SlotState is where a slot of a schedule stands.
type SlotState string

const (
	// SlotDue: nobody has begun it.
	SlotDue SlotState = "due"
	// SlotRunning: its list is being fetched and imported.
	SlotRunning SlotState = "running"
	// SlotDone: its campaign was made and started.
	SlotDone SlotState = "done"
	// SlotFailed: it was given up, or its list has rows and none can be sent to; its
	// detail says why.
	SlotFailed SlotState = "failed"
	// SlotSkipped: an earlier campaign was still running.
	SlotSkipped SlotState = "skipped"
	// SlotMissed: nobody looked when its time came, and it was not caught up.
	SlotMissed SlotState = "missed"
)

// Slot is one time at which a schedule starts its campaign.
type Slot struct {
	Schedule string
	// At is the slot's time; it is part of its key.
	At    time.Time
	State SlotState
	// Campaign is the one that the slot made, 0 for none.
	Campaign ID
	// Detail explains the state to a person.
	Detail string
	// By says who asked for it out of turn, or to be tried at once; empty for the
	// clock.
	By string
	// Tries is how often it was begun.
	Tries int
	// CaughtUp: its time passed while nobody looked, and it is made up for.
	CaughtUp bool
}

// Queues reports whether a slot of the schedule waits for those before it. One
// that is made up for does so, too, where others are skipped.
func (s Schedule) Queues(slot Slot) bool {
	return s.Overlap == OverlapQueue || slot.CaughtUp && s.Overlap != OverlapParallel
}

// Key is what the campaign's import carries, so that a slot makes one campaign.
func (s Slot) Key() string { return s.Schedule + "/" + s.At.UTC().Format(time.RFC3339) }
