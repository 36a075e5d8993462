package configs

import (
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/sources"
)

// Schedule starts a campaign again and again.
type Schedule struct {
	// Name is unique among the schedules.
	Name string `yaml:"name"`
	// Campaign is the path of the campaign's file, which is read at each slot;
	// relative to the configuration's folder.
	Campaign string `yaml:"campaign"`
	// Contacts is where each slot's list comes from.
	Contacts Contacts `yaml:"contacts"`
	// Cron says when, in five fields or by a word such as @daily. Load leaves it
	// to the scheduler to read.
	Cron string `yaml:"cron"`
	// Zone is the IANA name of the zone that Cron and the dates are in.
	Zone string `yaml:"zone"`
	// Overlap is what happens to a slot while the campaign of an earlier one
	// runs, CatchUp to slots that were missed.
	Overlap campaign.Overlap `yaml:"overlap"`
	CatchUp campaign.CatchUp `yaml:"catch_up"`
}

// Contacts is where a list comes from: in the file a mapping, or a text that
// sources.Parse reads.
type Contacts struct {
	// File is a path or the pattern of one file, relative to the configuration's
	// folder.
	File string `yaml:"file"`
	// URL may hold a secret, and so may its Headers and the DSN.
	URL          string            `yaml:"url" json:"-"`
	Headers      map[string]string `yaml:"headers" json:"-"`
	AllowPrivate bool              `yaml:"allow_private"`
	DSN          string            `yaml:"dsn" json:"-"`
	Query        string            `yaml:"query"`
}

// Defaults of the keys that a schedule leaves out.
const (
	DefaultZone    = "UTC"
	DefaultOverlap = campaign.OverlapSkip
	DefaultCatchUp = campaign.CatchUpLast
)

var (
	_ defaulter = (*Schedule)(nil)
	_ texter    = (*Contacts)(nil)
)

func (s *Schedule) setDefaults() {
	s.Zone, s.Overlap, s.CatchUp = DefaultZone, DefaultOverlap, DefaultCatchUp
}

func (c *Contacts) setText(text string) {
	src := sources.Parse(text)
	*c = Contacts{File: src.File, URL: src.URL, DSN: src.DSN}
}

// Source is the same without the names of the file's keys.
func (c Contacts) Source() campaign.Source {
	return campaign.Source{
		File: c.File, URL: c.URL, Headers: c.Headers, AllowPrivate: c.AllowPrivate, DSN: c.DSN, Query: c.Query,
	}
}

// Definition is what the ledger keeps of the schedule. Its paths stay relative
// to Config.Dir, which may be another on each machine that reads the same
// configuration.
func (s Schedule) Definition() campaign.Schedule {
	return campaign.Schedule{
		Name: s.Name, CampaignFile: s.Campaign, Contacts: s.Contacts.Source(),
		Cron: s.Cron, Zone: s.Zone, Overlap: s.Overlap, CatchUp: s.CatchUp,
	}
}

func checkSchedules(schedules []Schedule, found *mistakes) {
	names := make(map[string]int)
	for i, s := range schedules {
		at := fmt.Sprintf("schedules[%d]", i)
		checkSchedule(at, s, found)
		earlier, taken := names[s.Name]
		found.need(!taken, at+".name", "is the same as in schedules[%d]; their histories could not be told apart", earlier)
		names[s.Name] = i
	}
}

func checkSchedule(at string, s Schedule, found *mistakes) {
	found.need(s.Name != "", at+".name", "is missing; give the schedule a name")
	found.need(nameForm.MatchString(s.Name), at+".name", "a schedule's name starts with a letter or digit and contains only letters, digits, - and _, at most 64 characters; rename it")
	found.need(s.Campaign != "", at+".campaign", "is missing; write the path of the campaign's file")
	found.need(s.Cron != "", at+".cron", `is missing; write when, such as "0 9 * * 1-5" for nine o'clock on weekdays`)
	_, err := time.LoadLocation(s.Zone)
	found.need(err == nil && s.Zone != "" && s.Zone != "Local", at+".zone", "is not a time zone; write its IANA name, such as Europe/Madrid or UTC")
	found.need(slices.Contains([]campaign.Overlap{campaign.OverlapSkip, campaign.OverlapQueue, campaign.OverlapParallel}, s.Overlap),
		at+".overlap", "must be skip, queue or parallel")
	found.need(slices.Contains([]campaign.CatchUp{campaign.CatchUpNone, campaign.CatchUpLast, campaign.CatchUpAll}, s.CatchUp),
		at+".catch_up", "must be none, last or all")
	for _, mistake := range sources.Mistakes(s.Contacts.Source()) {
		path := at + ".contacts"
		if mistake.Key != "" {
			path += "." + mistake.Key
		}
		found.fault(path, "%s", mistake.Message)
	}
}
