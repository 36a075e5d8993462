package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// templatesFor is how long the list of an account is kept that nobody asks for any
// more (ours).
const templatesFor = 90 * 24 * time.Hour

// TemplateState says how current the template list of an account is.
type TemplateState struct {
	Account string
	// Asked is when the list was asked for that is kept; the zero time for none.
	Asked time.Time
	// Tried is when it was asked for last, Failure why that failed; empty if it did not.
	Tried   time.Time
	Failure string
	// Noticed is when the provider last told that a template changed.
	Noticed time.Time
}

// Kept reports whether there is a list.
func (s *TemplateState) Kept() bool { return !s.Asked.IsZero() }

// Stale reports whether a template has changed since the list was asked for.
func (s *TemplateState) Stale() bool { return s.Kept() && !s.Noticed.Before(s.Asked) }

// KeptTemplates is the template list of an account as it was told last.
type KeptTemplates struct {
	TemplateState
	Templates []campaign.Approved
}

const templateState = `l.account, NULLIF(l.asked, 0), NULLIF(l.tried, 0), NULLIF(l.noticed, 0), l.failure`

// scan reads the columns of templateState, and those that follow.
func (s *TemplateState) scan(scan func(...any) error, more ...any) error {
	var asked, tried, noticed sql.NullInt64
	if err := scan(append([]any{&s.Account, &asked, &tried, &noticed, &s.Failure}, more...)...); err != nil {
		return err
	}
	s.Asked, s.Tried, s.Noticed = moment(asked), moment(tried), moment(noticed)
	return nil
}

// TemplateStates says of all accounts whose lists were asked for how current they
// are.
func (l *Ledger) TemplateStates(ctx context.Context) ([]TemplateState, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT `+templateState+` FROM template_lists l ORDER BY l.account`)
	if err != nil {
		return nil, fmt.Errorf("ledger: template lists: %w", err)
	}
	defer rows.Close()
	var all []TemplateState
	for rows.Next() {
		var s TemplateState
		if err := s.scan(rows.Scan); err != nil {
			return nil, fmt.Errorf("ledger: template lists: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// Templates returns the list of an account, sorted by name and language. Of one
// that was never asked for it tells nothing but the account.
func (l *Ledger) Templates(ctx context.Context, account string) (KeptTemplates, error) {
	kept := KeptTemplates{TemplateState: TemplateState{Account: account}}
	rows, err := l.read.QueryContext(ctx, `
		SELECT `+templateState+`, COALESCE(t.name, ''), COALESCE(t.language, ''), COALESCE(t.category, ''), COALESCE(t.status, ''), COALESCE(t.components, '')
		FROM template_lists l LEFT JOIN templates t ON t.account = l.account
		WHERE l.account = $1`, account)
	if err != nil {
		return kept, fmt.Errorf("ledger: templates of %s: %w", account, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a campaign.Approved
		var components string
		if err := kept.scan(rows.Scan, &a.Name, &a.Language, &a.Category, &a.Status, &components); err != nil {
			return kept, fmt.Errorf("ledger: templates of %s: %w", account, err)
		}
		if a.Name != "" { // an empty list has one row without a template
			a.Components = json.RawMessage(components)
			kept.Templates = append(kept.Templates, a)
		}
	}
	slices.SortFunc(kept.Templates, func(a, b campaign.Approved) int { return a.Compare(b.TemplateName) })
	return kept, rows.Err()
}

// KeepTemplates replaces the list of an account by one that was asked for at a time.
// One that was asked for later stays.
func (l *Ledger) KeepTemplates(ctx context.Context, account string, templates []campaign.Approved, asked time.Time) error {
	batch := make([][]any, len(templates))
	for i, a := range templates {
		batch[i] = []any{account, a.Name, a.Language, a.Category, a.Status, string(a.Components)}
	}
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		newest, err := t.tried(ctx, account, asked, "")
		if err != nil || !newest {
			return err
		}
		if _, err := t.ExecContext(ctx, `UPDATE template_lists SET asked = $2 WHERE account = $1`, account, asked.UnixMilli()); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM templates WHERE account = $1`, account); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, t.l.sql(`
			INSERT INTO templates (account, name, language, category, status, components)
			SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM EACH($1) WHERE true
			ON CONFLICT (account, name, language) DO NOTHING`), asJSON(batch))
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: keep the templates of %s: %w", account, err)
	}
	return nil
}

// FailTemplates notes why the list of an account could not be had at a time. The
// list that is kept stays.
func (l *Ledger) FailTemplates(ctx context.Context, account, why string, tried time.Time) error {
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.tried(ctx, account, tried, strings.ReplaceAll(why, "\x00", ""))
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: note that the templates of %s are not known: %w", account, err)
	}
	return nil
}

// tried notes that a list was asked for, and locks its row. newest is false where it was
// asked for later as well.
func (t *tx) tried(ctx context.Context, account string, at time.Time, failure string) (newest bool, err error) {
	done, err := t.ExecContext(ctx, `
		INSERT INTO template_lists (account, tried, failure) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET tried = excluded.tried, failure = excluded.failure
		WHERE template_lists.tried <= excluded.tried`, account, at.UnixMilli(), failure)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// NoticeTemplates notes that the provider has told of a change of the templates of an
// account, so that its list is asked for again.
func (l *Ledger) NoticeTemplates(ctx context.Context, account string, now time.Time) error {
	if account == "" {
		return errors.New("ledger: a notice of templates names no account")
	}
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `
			INSERT INTO template_lists (account, noticed) VALUES ($1, $2)
			ON CONFLICT (account) DO UPDATE SET noticed = excluded.noticed
			WHERE template_lists.noticed < excluded.noticed`, account, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: note a change of the templates of %s: %w", account, err)
	}
	return nil
}
