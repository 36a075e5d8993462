package ledger

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"carillon/campaign"
)

// eraseWords takes out what providers said of the person's messages: it may quote
// their values. rows are those of the person, messages theirs, values what stood
// in the rows.
//
// Messages are written whether they have words or not, so that whoever is about
// to give one of them words waits, and finds the person erased.
func (e *eraser) eraseWords(ctx context.Context, rows []campaign.RecipientID, messages []campaign.MessageID, values []string) error {
	_, err := e.ExecContext(ctx, e.l.sql(`UPDATE messages SET detail = NULL WHERE id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`), asJSON(messages))
	if err != nil {
		return fmt.Errorf("ledger: erase what was said of a person's messages: %w", err)
	}
	campaigns := map[campaign.ID]bool{}
	for _, row := range rows {
		campaigns[row.Campaign()] = true
	}
	_, err = e.ExecContext(ctx, e.l.sql(`
		UPDATE refusals SET said = ''
		WHERE campaign_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) AND message_id IN (SELECT CAST(value AS BIGINT) FROM EACH($2))`),
		asJSON(slices.AppendSeq([]campaign.ID{}, maps.Keys(campaigns))), asJSON(messages))
	if err != nil {
		return fmt.Errorf("ledger: erase what was said of a person's messages: %w", err)
	}
	return e.erasePauses(ctx, values)
}

// erasePauses takes the values out of the reasons why campaigns and numbers are
// stopped.
func (e *eraser) erasePauses(ctx context.Context, values []string) error {
	reasons, err := e.reasons(ctx)
	if err != nil {
		return err
	}
	for _, r := range reasons {
		without := unquote(r.text, values)
		if without == r.text {
			continue
		}
		query, args := `UPDATE campaigns SET reason = $2 WHERE id = $1`, []any{r.campaign, without}
		if r.position >= 0 {
			query, args = `UPDATE campaign_channels SET reason = $2 WHERE campaign_id = $1 AND position = $3`, append(args, r.position)
		}
		if _, err := e.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("ledger: erase a person from why campaign %s is stopped: %w", campaign.ID(r.campaign), err)
		}
	}
	return nil
}

// stopReason is why a campaign is paused, or one of its numbers is stopped.
type stopReason struct {
	campaign int64
	position int // of the number; -1: the whole campaign
	text     string
}

func (e *eraser) reasons(ctx context.Context) ([]stopReason, error) {
	rows, err := e.QueryContext(ctx, `
		SELECT id, -1, reason FROM campaigns WHERE state = 'paused'
		UNION ALL SELECT campaign_id, position, reason FROM campaign_channels`)
	if err != nil {
		return nil, fmt.Errorf("ledger: why campaigns are stopped: %w", err)
	}
	defer rows.Close()
	var all []stopReason
	for rows.Next() {
		var r stopReason
		if err := rows.Scan(&r.campaign, &r.position, &r.text); err != nil {
			return nil, fmt.Errorf("ledger: why campaigns are stopped: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// unquote takes values out of the quoted parts of a reason, which are a
// provider's words; see campaign.Failure.String.
func unquote(reason string, values []string) string {
	return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).ReplaceAllStringFunc(reason, func(quoted string) string {
		words, err := strconv.Unquote(quoted)
		if err != nil { // it is ours
			return campaign.MaskValues(quoted, values)
		}
		without := campaign.MaskValues(words, values)
		if without == words {
			return quoted
		}
		return strconv.Quote(without)
	})
}

// valuesIn are the numbers and cells of some rows.
func (t *tx) valuesIn(ctx context.Context, rows []campaign.RecipientID) ([]string, error) {
	var all []string
	for _, row := range rows {
		values, err := t.valuesOf(ctx, row)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	return all, nil
}
