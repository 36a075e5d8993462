package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"carillon/campaign"
)

// Campaigns returns the newest campaigns, at most limit of them, made before
// the given one (the zero id: all).
func (l *Ledger) Campaigns(ctx context.Context, before campaign.ID, limit int) ([]Campaign, error) {
	found, _, err := l.FindCampaigns(ctx, "", before, limit)
	return found, err
}

// FindCampaigns is Campaigns of those with a text in their name, in capitals or not
// (the empty text: all). next is the campaign before whom to go on, 0 where there is
// nothing left. It looks at a part of a long list at most, and may have found few or
// none where more follow.
func (l *Ledger) FindCampaigns(ctx context.Context, text string, before campaign.ID, limit int) (found []Campaign, next campaign.ID, err error) {
	where, args := `WHERE state <> 'importing'`, []any{}
	condition := func(format string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(format, len(args))
	}
	if before != 0 {
		condition(` AND (created_at, id) < (SELECT created_at, id FROM campaigns WHERE id = $%d)`, int64(before))
	}
	if text != "" {
		if next, err = l.campaignBehind(ctx, where, args); err != nil {
			return nil, 0, err
		}
		if next != 0 {
			condition(` AND (created_at, id) >= (SELECT created_at, id FROM campaigns WHERE id = $%d)`, int64(next))
		}
		condition(` AND `+textOf("name", text)+` LIKE $%d ESCAPE '\'`, containing(text))
	}
	condition(` ORDER BY created_at DESC, id DESC LIMIT $%d`, limit+1)
	if found, err = l.campaigns(ctx, where, args...); err != nil {
		return nil, 0, err
	}
	if len(found) > limit {
		found, next = found[:limit], found[limit-1].ID
	}
	return found, next, nil
}

// campaignBehind is the last campaign that a search looks at for a page, 0 where it
// looks at all.
func (l *Ledger) campaignBehind(ctx context.Context, where string, args []any) (last campaign.ID, err error) {
	err = l.read.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT id FROM campaigns %s ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET %d`, where, mostCampaigns-1), args...).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("ledger: campaigns: %w", err)
	}
	return last, nil
}
