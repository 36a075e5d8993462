package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/api"
	"carillon/campaign"
)

// previewed is how many recipients' messages a check shows.
const previewed = 3

// CheckOptions say what a check looks at.
type CheckOptions struct {
	// Pace is how fast the campaign's channels may send.
	Pace Pace
	// Approval is what is known of the templates.
	Approval Approval
	// Rows are shown beside the first recipients, where they are sent to.
	Rows []int
	// Most is how many bad rows and how many warnings are told; 0 means all.
	Most int
	// Quick reads as many rows as a ledger takes at once, and no more.
	Quick bool
	// Bad, if not nil, is told of each row that is not sent to.
	Bad func(campaign.Row) error
	Now time.Time
}

// Check reads a campaign's list to its end as an import would, and keeps nothing.
// The error is a *contacts.Error where the list is unusable.
func (d Door) Check(ctx context.Context, c Campaign, list *List, o CheckOptions) (*api.Checked, error) {
	def := c.Definition
	k := &checker{steps: def.Steps, list: list, options: o, zones: map[string]int64{}, columns: list.Renderer().Columns(), result: &api.Checked{
		Counts: map[campaign.Verdict]int64{}, Rows: []api.CheckedRow{}, Warnings: []api.CheckWarning{}, Preview: []api.Preview{},
		BarredBy: map[string]int64{}, Hours: d.hoursText(def.Hours), Channels: d.unsure(def), Columns: list.Samples(), Notes: o.Approval.Notes,
	}}
	if err := k.readAll(ctx); err != nil {
		return nil, err
	}
	if err := k.showLongest(); err != nil {
		return nil, err
	}
	k.result.Layout = list.Layout() // it has counted the rows that are hidden
	k.result.Estimate = estimate(def, k.zones, o.Pace, o.Now)
	return k.result, nil
}

// unsure are the channels of a campaign on which the fate of a message may stay
// unknown.
func (d Door) unsure(def *campaign.Definition) []api.CheckChannel {
	if d.Unsure == nil {
		return nil
	}
	var found []api.CheckChannel
	for _, channel := range def.AllChannels() {
		if why := d.Unsure(channel); why != "" {
			found = append(found, api.CheckChannel{Channel: channel, Detail: why})
		}
	}
	return found
}

// checker reads one list.
type checker struct {
	steps   []campaign.Step
	list    *List
	options CheckOptions
	result  *api.Checked
	// zones is how many rows are sent to, by their zones.
	zones map[string]int64
	// longest is the row with the longest values, of so many bytes.
	longest campaign.Row
	length  int
	// columns are those that the campaign names.
	columns []int
}

// readAll reads the list as an import would, and keeps nothing.
func (c *checker) readAll(ctx context.Context) (err error) {
	rehearsal, err := Rehearse(ctx, c.list.Layout().Columns)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer func() { err = errors.Join(err, rehearsal.Close()) }()
	for more := true; more; {
		var batch []campaign.Row
		if batch, more, err = c.list.Batch(); err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if c.options.Quick && len(c.result.Counts) > 0 {
			c.result.Partial = true
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
		c.tallyBad(row)
	case row.Detail != "" && c.full(len(r.Warnings)):
		r.WarningsLeftOut++
	case row.Detail != "":
		r.Warnings = append(r.Warnings, api.CheckWarning{Row: row.Number, E164: row.Phone, Detail: row.Detail})
	}
	if !row.Admitted() {
		if c.options.Bad != nil {
			return c.options.Bad(row)
		}
		return nil
	}
	r.Recipients++
	c.zones[row.Zone]++
	for _, step := range c.steps {
		if reason := step.Barred(row.Phone); reason != "" {
			r.Barred++
			r.BarredBy[reason]++
		}
	}
	c.measure(row)
	if r.Recipients > previewed && !slices.Contains(c.options.Rows, row.Number) {
		return nil
	}
	shown, err := c.preview(row)
	r.Preview = append(r.Preview, shown)
	return err
}

func (c *checker) full(n int) bool { return c.options.Most > 0 && n >= c.options.Most }

func (c *checker) tallyBad(row campaign.Row) {
	r := c.result
	if c.full(len(r.Rows)) {
		r.RowsLeftOut++
		return
	}
	checked := api.CheckedRow{Row: row.Number, Verdict: row.Verdict, Detail: row.Detail}
	if row.Person != "" {
		checked.E164 = row.Phone
	}
	r.Rows = append(r.Rows, checked)
}

// measure remembers the row whose values are the longest.
func (c *checker) measure(row campaign.Row) {
	length := 0
	for _, column := range c.columns {
		length += len(row.Values[column])
	}
	if c.result.Recipients == 1 || length > c.length {
		c.longest, c.length = row, length
	}
}

func (c *checker) showLongest() error {
	if c.result.Recipients == 0 || len(c.steps) == 0 {
		return nil
	}
	shown, err := c.preview(c.longest)
	c.result.Longest = &shown
	return err
}

// preview renders the messages of a row.
func (c *checker) preview(row campaign.Row) (api.Preview, error) {
	shown := api.Preview{Row: row.Number, To: row.Phone, Messages: make([]api.PreviewMessage, len(c.steps)), Values: map[string]string{}}
	for step := range shown.Messages {
		m, err := PreviewOf(c.list.Renderer(), step, &c.steps[step], row.Values)
		if err != nil {
			return shown, fmt.Errorf("row %d: %w", row.Number, err)
		}
		m.Step = step + 1
		m.Text = c.options.Approval.Text(campaign.Template{Name: m.Template, Language: m.Language, Components: m.Components})
		shown.Messages[step] = m
	}
	names := c.list.Layout().Columns
	for _, column := range c.columns {
		shown.Values[names[column]] = row.Values[column]
	}
	return shown, nil
}

// PreviewOf renders a step, the one at a place of the renderer's, for a row.
func PreviewOf(r *campaign.Renderer, at int, step *campaign.Step, values []string) (m api.PreviewMessage, err error) {
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
