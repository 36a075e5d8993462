package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/contacts"
	"carillon/ledger"
)

// previewed is how many recipients' messages a check shows.
const previewed = 3

// CheckResult is what a campaign would do with a list.
type CheckResult struct {
	// Counts says how many rows got which verdict.
	Counts map[campaign.Verdict]int64 `json:"counts"`
	// Rows are all that are not ok, in the order of the list.
	Rows []CheckedRow `json:"rows"`
	// Preview holds the messages of the first recipients.
	Preview  []Preview `json:"preview"`
	Estimate Estimate  `json:"estimate"`
	// Layout is how the list was read.
	Layout contacts.Layout `json:"layout"`
	// Hours says when messages go out; empty where they go out at any time.
	Hours string `json:"hours,omitempty"`
	// Recipients is how many rows are sent to.
	Recipients int64 `json:"recipients"`
	// Barred is how many messages are left out because their recipient may not
	// get them.
	Barred int64 `json:"barred,omitempty"`
}

// CheckedRow is a row that is not ok.
type CheckedRow struct {
	Row     int              `json:"row"`
	Verdict campaign.Verdict `json:"verdict"`
	// E164 is empty where the row has no valid number.
	E164   string `json:"e164,omitempty"`
	Detail string `json:"detail"`
}

// Preview is what one recipient would get.
type Preview struct {
	Row      int              `json:"row"`
	To       string           `json:"to"`
	Messages []PreviewMessage `json:"messages"`
}

// PreviewMessage is one rendered message.
type PreviewMessage struct {
	// Step counts from 1.
	Step       int             `json:"step"`
	Template   string          `json:"template"`
	Language   string          `json:"language"`
	Components json.RawMessage `json:"components,omitempty"`
}

// Estimate says how long the sending takes.
type Estimate struct {
	Messages int64 `json:"messages"`
	// Rate is in messages a second; 0 means that there is no limit.
	Rate float64 `json:"rate"`
	// Seconds is the time at that rate, without waits between steps; 0 where
	// there is no limit.
	Seconds float64 `json:"seconds"`
	// Days is how many days the portfolio's limit of recipients makes of it; 0
	// without a limit.
	Days int64 `json:"days,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// Check reads a campaign and its list as a launch would, and sends nothing. It
// needs no server; a configuration, whose path may be empty, tells the
// number's rate. The error is a *UsageError where a file cannot be used.
func Check(ctx context.Context, campaignPath, contactsPath, configPath string) (*CheckResult, error) {
	def, err := readCampaign(campaignPath)
	if err != nil {
		return nil, err
	}
	config, err := readConfig(configPath)
	if err != nil {
		return nil, err
	}
	pace, err := paceOf(config, configPath, def)
	if err != nil {
		return nil, err
	}
	hours, err := hoursOf(config, campaignPath, def.Hours)
	if err != nil {
		return nil, err
	}
	reader, err := contacts.Open(contactsPath, def.Contacts, contacts.DefaultLimits())
	if err != nil {
		return nil, unusable(contactsPath, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	renderer, err := def.Compile(reader.Layout().Columns)
	if err != nil {
		return nil, unusable(campaignPath, err)
	}
	c := &checker{path: contactsPath, steps: def.Steps, renderer: renderer, reader: reader, result: &CheckResult{
		Counts: map[campaign.Verdict]int64{}, Rows: []CheckedRow{}, Preview: []Preview{}, Layout: reader.Layout(), Hours: hours,
	}, locator: contacts.NewLocator(def.Hours, time.Now())}
	if err := c.readAll(ctx); err != nil {
		return nil, err
	}
	c.result.Estimate = estimate(def, c.result.Recipients, pace)
	return c.result, nil
}

func readCampaign(path string) (*campaign.Definition, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usagef("%w; name a campaign's YAML file", err)
	}
	def, err := campaign.Parse(text)
	if err != nil {
		return nil, unusable(path, err)
	}
	return def, nil
}

// unusable is the *UsageError for a file; its name stands before every line.
func unusable(path string, err error) error {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		lines[i] = path + ": " + line
	}
	return usagef("%s", strings.Join(lines, "\n"))
}

// pace is how fast a campaign's numbers may send together.
type pace struct {
	rate  float64 // messages a second; 0 for no limit
	daily int     // recipients within 24 hours; 0 for no limit
}

// readConfig reads the configuration; nil where none is named.
func readConfig(path string) (*configs.Config, error) {
	if path == "" {
		return nil, nil
	}
	return loadConfig(path)
}

// paceOf sums up the campaign's numbers, each with the usual rate where there is
// no configuration. One without a limit makes the sum unlimited.
func paceOf(config *configs.Config, configPath string, def *campaign.Definition) (pace, error) {
	numbers := def.Numbers()
	if config == nil {
		return pace{rate: configs.DefaultRate * float64(len(numbers))}, nil
	}
	var sum pace
	limits := map[string]int{} // by portfolio: those who share one have it once
	unlimited, boundless := false, false
	for _, number := range numbers {
		found, ok := config.Channels[number]
		if !ok {
			return pace{}, usagef("%s has no channel %q, which the campaign wants; add it, or name another in the campaign", configPath, number)
		}
		sum.rate += found.Rate
		unlimited = unlimited || found.Rate == 0
		portfolio, daily := config.DailyLimit(number)
		limits[portfolio] = daily
		boundless = boundless || daily == 0
	}
	for _, daily := range limits {
		sum.daily += daily
	}
	if unlimited {
		sum.rate = 0
	}
	if boundless {
		sum.daily = 0
	}
	return sum, nil
}

// checker reads one list.
type checker struct {
	path     string
	steps    []campaign.Step
	renderer *campaign.Renderer
	locator  *contacts.Locator
	reader   *contacts.Reader
	result   *CheckResult
}

// readAll reads the list into a ledger of its own, which finds the duplicates
// and is thrown away.
func (c *checker) readAll(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "carillon-check-")
	if err != nil {
		return fmt.Errorf("check: %w; set TMPDIR to a folder that may be written to", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	record, err := ledger.Open(ctx, "sqlite:"+filepath.Join(folder, "check.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	// A campaign without steps: the rows are wanted, not their messages.
	intake, err := record.BeginIntake(ctx, ledger.NewCampaign{
		Definition: &campaign.Definition{}, Columns: c.result.Layout.Columns,
	}, time.Now())
	if err != nil {
		return err
	}
	for more := true; more; {
		var batch []campaign.Row
		if batch, more, err = c.nextBatch(); err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if err := intake.Add(ctx, batch, time.Now()); err != nil {
			return err
		}
		for _, row := range batch {
			if err := c.tally(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextBatch reads and judges as many rows as a ledger takes at once.
func (c *checker) nextBatch() (batch []campaign.Row, more bool, err error) {
	batch = make([]campaign.Row, 0, ledger.IntakeBatch)
	for len(batch) < ledger.IntakeBatch {
		row, err := c.reader.Next()
		if errors.Is(err, io.EOF) {
			return batch, false, nil
		}
		if err != nil {
			return nil, false, unusable(c.path, err)
		}
		batch = append(batch, c.locator.Locate(c.renderer.Judge(row)))
	}
	return batch, true, nil
}

// tally puts a row into the result.
func (c *checker) tally(row campaign.Row) error {
	r := c.result
	r.Counts[row.Verdict]++
	if row.Verdict != campaign.OK {
		checked := CheckedRow{Row: row.Number, Verdict: row.Verdict, Detail: row.Detail}
		if row.Person != "" {
			checked.E164 = row.Phone
		}
		r.Rows = append(r.Rows, checked)
	}
	if !row.Admitted() {
		return nil
	}
	r.Recipients++
	for _, step := range c.steps {
		if step.Barred(row.Phone) != "" {
			r.Barred++
		}
	}
	if len(r.Preview) == previewed {
		return nil
	}
	messages := make([]PreviewMessage, len(c.steps))
	for step := range messages {
		rendered, err := c.renderer.Render(step, row.Values)
		if err != nil {
			return fmt.Errorf("row %d: %w", row.Number, err)
		}
		messages[step] = PreviewMessage{
			Step: step + 1, Template: rendered.Name, Language: rendered.Language, Components: rendered.Components,
		}
	}
	r.Preview = append(r.Preview, Preview{Row: row.Number, To: row.Phone, Messages: messages})
	return nil
}

// estimate reckons with the number's rate and the campaign's own cap.
func estimate(def *campaign.Definition, recipients int64, p pace) Estimate {
	rate := p.rate
	if def.Rate > 0 && (rate == 0 || def.Rate < rate) {
		rate = def.Rate
	}
	e := Estimate{Messages: recipients * int64(len(def.Steps)), Rate: rate}
	var took time.Duration
	if rate > 0 {
		seconds := float64(e.Messages) / rate
		e.Seconds = math.Round(seconds*10) / 10
		took = time.Duration(min(seconds, 1e9) * float64(time.Second))
		e.Text = fmt.Sprintf("%d messages at %s: about %s", e.Messages, formatRate(rate), roughly(took))
	} else {
		e.Text = fmt.Sprintf("%d messages without a limit: as fast as the provider answers", e.Messages)
	}
	var waits time.Duration
	for _, step := range def.Steps {
		waits += time.Duration(step.Wait)
	}
	if len(def.Steps) > 1 {
		e.Text += ", and the time until each step's gate opens"
	}
	if waits > 0 {
		e.Text += fmt.Sprintf(" with waits of %s", waits)
	}
	if p.daily > 0 && recipients > int64(p.daily) {
		e.Days = (recipients-1)/int64(p.daily) + 1
		e.Text += fmt.Sprintf("; the limit of %d recipients a day makes it %d days, if nobody else uses it", p.daily, e.Days)
		took = max(took, time.Duration(e.Days-1)*24*time.Hour)
	}
	if expires := time.Duration(def.Expires); expires > 0 && took+waits > expires {
		e.Text += fmt.Sprintf("; the campaign expires after %s, before all is sent", expires)
	}
	return e
}

func roughly(d time.Duration) string {
	if d < time.Second {
		return "a second"
	}
	return d.Round(time.Second).String()
}
