package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// Slowed is a template that a provider has slowed down, on one of the numbers
// that share it.
type Slowed struct {
	Channel  string
	Template campaign.TemplateName
	// Until is when its messages may go out again. Then as many may be under way
	// at once as Allowed says, which grows with each that is accepted.
	Until   time.Time
	Allowed int
	// Reason and Code are what the provider said.
	Reason string
	Code   int
}

// MostProbes is how many messages of a template may be under way at once when it
// counts as slowed no longer (ours: from one on it takes five doublings).
const MostProbes = 32

// Probe is what a message of a slowed template has found out.
type Probe struct {
	Template campaign.TemplateName
	// Channels are those that share the template.
	Channels []string
	// Left is when its request left.
	Left time.Time
}

// slowedKey is a template on one number.
type slowedKey struct {
	channel  string
	template campaign.TemplateName
}

func (k slowedKey) compare(other slowedKey) int {
	return cmp.Or(strings.Compare(k.channel, other.channel), k.template.Compare(other.template))
}

// slowing is why a template is slowed, and for how long.
type slowing struct {
	until  time.Time
	reason string
	code   int
}

// probing counts the messages of a slowed template that were accepted.
type probing struct {
	n    int
	left time.Time // the first of them
}

// Slowed returns the templates that are slowed, of all numbers.
func (l *Ledger) Slowed(ctx context.Context) ([]Slowed, error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT channel, template, language, until, allowed, reason, code FROM slowed_templates ORDER BY channel, template, language`)
	if err != nil {
		return nil, fmt.Errorf("ledger: slowed templates: %w", err)
	}
	defer rows.Close()
	var all []Slowed
	for rows.Next() {
		var s Slowed
		var until int64
		if err := rows.Scan(&s.Channel, &s.Template.Name, &s.Template.Language, &until, &s.Allowed, &s.Reason, &s.Code); err != nil {
			return nil, fmt.Errorf("ledger: slowed templates: %w", err)
		}
		s.Until = time.UnixMilli(until).UTC()
		all = append(all, s)
	}
	return all, rows.Err()
}

// Cells returns the cells of the people that messages are for.
func (l *Ledger) Cells(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID][]string, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT CAST(value AS BIGINT), (SELECT r.cells FROM recipients r WHERE r.id = (CAST(value AS BIGINT) >> 4))
		FROM EACH($1)`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: cells: %w", err)
	}
	defer rows.Close()
	found := make(map[campaign.MessageID][]string, len(ids))
	for rows.Next() {
		var id campaign.MessageID
		var text []byte // none where the row is gone
		if err := rows.Scan(&id, &text); err != nil {
			return nil, fmt.Errorf("ledger: cells: %w", err)
		}
		if text == nil {
			continue
		}
		var cells []string
		if err := json.Unmarshal(text, &cells); err != nil {
			return nil, fmt.Errorf("ledger: cells of row %d of campaign %s: %w", id.Recipient().Row(), id.Campaign(), err)
		}
		found[id] = cells
	}
	return found, rows.Err()
}

// slow notes that a failure slows the template that was sent, on all numbers of
// the account.
func (t *tx) slow(ctx context.Context, m *message, f campaign.Failure, now time.Time) error {
	template, err := t.templateOf(ctx, m.id)
	if err != nil || template.Language == "" {
		return err
	}
	number, err := t.number(ctx, m)
	if err != nil {
		return err
	}
	until := now.Add(f.Rest())
	for _, channel := range append([]string{number}, f.Account...) {
		key := slowedKey{channel, template}
		if until.After(t.slowed[key].until) {
			t.slowed[key] = slowing{until, f.Reason, f.Code}
		}
	}
	return nil
}

// templateOf is the template that a message is sent with. Its language is empty
// where the list had it and the person was erased.
func (t *tx) templateOf(ctx context.Context, id campaign.MessageID) (campaign.TemplateName, error) {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return campaign.TemplateName{}, err
	}
	if name, fixed := definition.Steps[id.Step()].FixedTemplate(); fixed {
		return name, nil
	}
	c, err := scanCampaign(t.QueryRowContext(ctx, `SELECT `+campaignColumns+` FROM campaigns WHERE id = $1`, int64(id.Campaign())).Scan)
	if err != nil {
		return campaign.TemplateName{}, fmt.Errorf("ledger: campaign %s: %w", id.Campaign(), err)
	}
	renderer, err := c.Definition.Compile(c.Columns)
	if err != nil {
		return campaign.TemplateName{}, fmt.Errorf("ledger: campaign %s: %w", id.Campaign(), err)
	}
	values, err := t.valuesOf(ctx, id.Recipient())
	if err != nil {
		return campaign.TemplateName{}, err
	}
	if values[len(values)-1] == erasedPhone {
		return campaign.TemplateName{Name: definition.Steps[id.Step()].Template}, nil
	}
	return renderer.TemplateOf(id.Step(), values[:len(values)-1]), nil
}

// probed notes that a slowed template was accepted once.
func (t *tx) probed(s *Settlement) {
	if s.Outcome != OutcomeAccepted && s.Outcome != OutcomeHeld {
		return
	}
	for _, channel := range s.Probe.Channels {
		key := slowedKey{channel, s.Probe.Template}
		known, found := t.probes[key]
		if !found || s.Probe.Left.Before(known.left) {
			known.left = s.Probe.Left
		}
		known.n++
		t.probes[key] = known
	}
}

// flushSlowed writes which templates were slowed, and then which of those that
// are may be sent more often. A refusal weighs more than what was accepted.
func (t *tx) flushSlowed(ctx context.Context) error {
	if len(t.slowed) > 0 {
		var batch [][]any
		for _, key := range slices.SortedFunc(maps.Keys(t.slowed), slowedKey.compare) { // one order for all
			s := t.slowed[key]
			batch = append(batch, []any{key.channel, key.template.Name, key.template.Language, s.until.UnixMilli(), s.reason, s.code})
		}
		_, err := t.ExecContext(ctx, t.l.sql(`
			INSERT INTO slowed_templates (channel, template, language, until, allowed, reason, code)
			SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT), 1, value ->> 4, CAST(value ->> 5 AS INTEGER)
			FROM EACH($1) WHERE true
			ON CONFLICT (channel, template, language) DO UPDATE
			SET until = CASE WHEN excluded.until > slowed_templates.until THEN excluded.until ELSE slowed_templates.until END,
			    allowed = 1, reason = excluded.reason, code = excluded.code`), asJSON(batch))
		if err != nil {
			return fmt.Errorf("ledger: slow templates down: %w", err)
		}
	}
	return t.flushProbes(ctx)
}

func (t *tx) flushProbes(ctx context.Context) error {
	if len(t.probes) == 0 {
		return nil
	}
	var batch [][]any
	for _, key := range slices.SortedFunc(maps.Keys(t.probes), slowedKey.compare) {
		p := t.probes[key]
		batch = append(batch, []any{key.channel, key.template.Name, key.template.Language, p.n, p.left.UnixMilli()})
	}
	const these = `slowed_templates.channel = v.value ->> 0 AND slowed_templates.template = v.value ->> 1 AND slowed_templates.language = v.value ->> 2`
	_, err := t.ExecContext(ctx, t.l.sql(`
		UPDATE slowed_templates SET allowed = allowed + CAST(v.value ->> 3 AS INTEGER)
		FROM EACH($1) AS v WHERE `+these+` AND slowed_templates.until <= CAST(v.value ->> 4 AS BIGINT)`), asJSON(batch))
	if err != nil {
		return fmt.Errorf("ledger: let templates go on: %w", err)
	}
	_, err = t.ExecContext(ctx, t.l.sql(`
		DELETE FROM slowed_templates
		WHERE (channel, template, language) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM EACH($1)) AND allowed > $2`),
		asJSON(batch), MostProbes)
	if err != nil {
		return fmt.Errorf("ledger: let templates go on: %w", err)
	}
	return nil
}
