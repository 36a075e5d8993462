package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"carillon/admission"
	"carillon/campaign"
	"carillon/client"
	"carillon/configs"
	"carillon/contacts"
)

// previewed is how many recipients' messages a check shows.
const previewed = 3

// CheckResult is what a campaign would do with a list.
type CheckResult struct {
	// Counts says how many rows got which verdict.
	Counts map[campaign.Verdict]int64 `json:"counts"`
	// Rows are all that are not ok, in the order of the list.
	Rows []CheckedRow `json:"rows"`
	// Warnings are about rows that are ok all the same, in the order of the list.
	Warnings []CheckWarning `json:"warnings"`
	// Preview holds the messages of the first recipients.
	Preview  []Preview `json:"preview"`
	Estimate Estimate  `json:"estimate"`
	// Channels are those that cannot know all; missing without a configuration.
	Channels []CheckChannel `json:"channels,omitempty"`
	// Notes say what is not known of the templates; missing where no server was asked,
	// and where all is.
	Notes []string `json:"notes,omitempty"`
	// Layout is how the list was read.
	Layout campaign.Layout `json:"layout"`
	// Hours says when messages go out; empty where they go out at any time.
	Hours string `json:"hours,omitempty"`
	// Recipients is how many rows are sent to.
	Recipients int64 `json:"recipients"`
	// Barred is how many messages are left out because their recipient may not
	// get them.
	Barred int64 `json:"barred,omitempty"`
	// barredBy is the same by the reason.
	barredBy map[string]int64
}

// CheckedRow is a row that is not ok.
type CheckedRow struct {
	// Row counts from 1, the first row below the header; empty ones do not count.
	Row     int              `json:"row"`
	Verdict campaign.Verdict `json:"verdict"`
	// E164 is the number or the user ID. It is empty where messages can go to
	// neither.
	E164   string `json:"e164"`
	Detail string `json:"detail"`
}

// CheckWarning is about a row that is sent to, but may not be what was meant.
type CheckWarning struct {
	Row    int    `json:"row"`
	E164   string `json:"e164"`
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
	Step int `json:"step"`
	// Kind and Content are what goes out inside the person's window where the step has
	// more than a template; the template is then what goes out otherwise, if there is one.
	Kind       campaign.Kind   `json:"kind,omitempty"`
	Content    json.RawMessage `json:"content,omitempty"`
	Template   string          `json:"template"`
	Language   string          `json:"language"`
	Components json.RawMessage `json:"components,omitempty"`
	// Text is what the recipient reads, where the template's own text is known.
	Text string `json:"text,omitempty"`
	// MarketingMessages says how it goes by the endpoint for those; nil where it
	// does not.
	MarketingMessages *campaign.MarketingMessages `json:"marketing_messages,omitempty"`
}

// previewOf renders a step, the one at a place of the renderer's, for a row.
func previewOf(r *campaign.Renderer, at int, step *campaign.Step, values []string) (m PreviewMessage, err error) {
	if step.FreeForm() {
		free, err := r.RenderFree(at, values)
		if err != nil {
			return m, err
		}
		m.Kind, m.Content = free.Kind, free.Content
	}
	if step.TemplatePart() == nil {
		return m, nil
	}
	t, err := r.Render(at, values)
	m.Template, m.Language, m.Components, m.MarketingMessages = t.Name, t.Language, t.Components, t.MarketingMessages
	return m, err
}

// Check reads a campaign and its list as a launch would, and sends nothing. It
// needs no server; a configuration, whose path may be empty, tells the
// number's rate. The error is a *UsageError where a file cannot be used, and
// says so where ctx ended first.
func Check(ctx context.Context, campaignPath, contactsPath, configPath string) (*CheckResult, error) {
	return CheckAgainst(ctx, nil, campaignPath, contactsPath, configPath, "")
}

// CheckWithMedia is Check with the folder of the files that the list names; if empty,
// they are beside the campaign's file.
func CheckWithMedia(ctx context.Context, campaignPath, contactsPath, configPath, mediaDir string) (*CheckResult, error) {
	return CheckAgainst(ctx, nil, campaignPath, contactsPath, configPath, mediaDir)
}

// CheckAgainst is CheckWithMedia with the templates that a server knows, unless that
// is nil.
func CheckAgainst(ctx context.Context, server *client.Client, campaignPath, contactsPath, configPath, mediaDir string) (*CheckResult, error) {
	def, err := readCampaign(campaignPath)
	if err != nil {
		return nil, err
	}
	config, err := readConfig(configPath)
	if err != nil {
		return nil, err
	}
	admitted, err := admit(config, campaignPath, configPath, def)
	if err != nil {
		return nil, err
	}
	approval, err := approve(ctx, server, campaignPath, def)
	if err != nil {
		return nil, err
	}
	pace := paceOf(config, def)
	reader, err := contacts.Open(contactsPath, def.Contacts, contacts.DefaultLimits())
	if err != nil {
		return nil, unusable(contactsPath, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	source, done, err := openMedia(campaignPath, mediaDir, def)
	if err != nil {
		return nil, err
	}
	defer done()
	list, err := admission.NewList(reader, admitted, admission.NewFiles(source), time.Now())
	if err != nil {
		return nil, unusable(campaignPath, err)
	}
	list.Against(def, approval.Lists)
	c := &checker{path: contactsPath, steps: def.Steps, list: list, approval: approval, result: &CheckResult{
		Counts: map[campaign.Verdict]int64{}, Rows: []CheckedRow{}, Warnings: []CheckWarning{}, Preview: []Preview{},
		barredBy: map[string]int64{}, Layout: list.Layout(), Hours: hoursOf(config, def.Hours), Channels: unknowing(config, def), Notes: approval.Notes,
	}, zones: map[string]int64{}}
	err = c.readAll(ctx)
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before the whole list was read; nothing was sent; run the check again")
	}
	if err != nil {
		return nil, err
	}
	c.result.Layout = list.Layout() // it has counted the rows that are hidden
	c.result.Estimate = estimate(def, c.zones, pace, time.Now())
	return c.result, nil
}

func readCampaign(path string) (*campaign.Definition, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, Usagef("%w; name a campaign's YAML file", err)
	}
	def, err := campaign.Parse(text)
	if err != nil {
		return nil, unusable(path, err)
	}
	return def, nil
}

// admit asks whether a server with the configuration would take the campaign.
// Without one nothing is known of channels and calendars, and the channels are taken
// for Meta's, which can send whatever a campaign and its list may hold.
func admit(config *configs.Config, campaignPath, configPath string, def *campaign.Definition) (admission.Campaign, error) {
	if config == nil {
		return admission.Campaign{Definition: def}, nil
	}
	door, err := DoorOf(config)
	if err != nil {
		return admission.Campaign{}, &UsageError{Err: err}
	}
	admitted, err := door.Admit(def)
	var unknown *admission.UnknownChannelError
	switch {
	case errors.As(err, &unknown):
		return admitted, Usagef("%s has no channel %q, which the campaign uses; add it, or name another one in the campaign", configPath, unknown.Channel)
	case err != nil:
		return admitted, unusable(campaignPath, err)
	}
	return admitted, nil
}

// unusable is the *UsageError for a file; its name stands before every line.
func unusable(path string, err error) error {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		lines[i] = path + ": " + line
	}
	return Usagef("%s", strings.Join(lines, "\n"))
}

// readConfig reads the configuration; nil where none is named.
func readConfig(path string) (*configs.Config, error) {
	if path == "" {
		return nil, nil
	}
	return LoadConfig(path)
}

// checker reads one list.
type checker struct {
	path   string
	steps  []campaign.Step
	list   *admission.List
	result *CheckResult
	// approval is what is known of the templates.
	approval admission.Approval
	// zones is how many rows are sent to, by their zones.
	zones map[string]int64
}

// readAll reads the list as an import would, and keeps nothing.
func (c *checker) readAll(ctx context.Context) (err error) {
	rehearsal, err := admission.Rehearse(ctx, c.result.Layout.Columns)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer func() { err = errors.Join(err, rehearsal.Close()) }()
	for more := true; more; {
		var batch []campaign.Row
		if batch, more, err = c.list.Batch(); err != nil {
			return unusable(c.path, err)
		}
		if len(batch) == 0 {
			break
		}
		if err := rehearsal.Add(ctx, batch); err != nil {
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

// tally puts a row into the result.
func (c *checker) tally(row campaign.Row) error {
	r := c.result
	r.Counts[row.Verdict]++
	switch {
	case row.Verdict != campaign.OK:
		checked := CheckedRow{Row: row.Number, Verdict: row.Verdict, Detail: row.Detail}
		if row.Person != "" {
			checked.E164 = row.Phone
		}
		r.Rows = append(r.Rows, checked)
	case row.Detail != "":
		r.Warnings = append(r.Warnings, CheckWarning{Row: row.Number, E164: row.Phone, Detail: row.Detail})
	}
	if !row.Admitted() {
		return nil
	}
	r.Recipients++
	c.zones[row.Zone]++
	for _, step := range c.steps {
		if reason := step.Barred(row.Phone); reason != "" {
			r.Barred++
			r.barredBy[reason]++
		}
	}
	if len(r.Preview) == previewed {
		return nil
	}
	messages := make([]PreviewMessage, len(c.steps))
	for step := range messages {
		m, err := previewOf(c.list.Renderer(), step, &c.steps[step], row.Values)
		if err != nil {
			return fmt.Errorf("row %d: %w", row.Number, err)
		}
		m.Step = step + 1
		m.Text = c.approval.Text(campaign.Template{Name: m.Template, Language: m.Language, Components: m.Components})
		messages[step] = m
	}
	r.Preview = append(r.Preview, Preview{Row: row.Number, To: row.Phone, Messages: messages})
	return nil
}
