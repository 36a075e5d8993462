package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
)

// suppressedSQL is true for messages whose recipient must be left alone. One who
// was erased has no number in this row any more, even when an operator allows to
// write to them again.
const suppressedSQL = `EXISTS (
	SELECT 1 FROM recipients r
	WHERE r.id = (messages.id >> 4) AND (r.phone = '` + erasedPhone + `' OR EXISTS (
		SELECT 1 FROM suppressions s WHERE ` + concernsSQL + `)))`

// concernsSQL is true for suppressions s that forbid a message to its recipient r.
const concernsSQL = `s.person = r.person
	AND (s.scope = 'all'
	 OR (s.scope = 'marketing' AND messages.category < 2)
	 OR  s.scope = 'campaign:' || messages.campaign_id)`

// skipUnwanted ends those of some messages that their people must not get.
func (t *tx) skipUnwanted(ctx context.Context, now time.Time, ids ...campaign.MessageID) error {
	found, err := t.unwanted(ctx, ids...)
	if err != nil {
		return err
	}
	for _, u := range found {
		if err := t.skip(ctx, u.id, u.why, now); err != nil {
			return err
		}
	}
	return nil
}

// unwanted is a message whose person must be left alone.
type unwanted struct {
	id  campaign.MessageID
	why string
}

// unwanted are those of some messages that suppressedSQL is true for.
func (t *tx) unwanted(ctx context.Context, ids ...campaign.MessageID) ([]unwanted, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT messages.id, COALESCE(r.person, ''), r.phone, (SELECT MIN(s.source) FROM suppressions s WHERE `+concernsSQL+`) AS source
		FROM messages JOIN recipients r ON r.id = (messages.id >> 4)
		WHERE messages.id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) ORDER BY messages.id`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: opted out: %w", err)
	}
	defer rows.Close()
	var found []unwanted
	for rows.Next() {
		var id campaign.MessageID
		var person, phone string
		var source sql.NullInt16
		if err := rows.Scan(&id, &person, &phone, &source); err != nil {
			return nil, fmt.Errorf("ledger: opted out: %w", err)
		}
		switch {
		case phone == erasedPhone, source.Valid && strings.HasPrefix(person, erasedPrefix):
			found = append(found, unwanted{id, reasonErased})
		case source.Valid:
			found = append(found, unwanted{id, Source(source.Int16).reason()})
		}
	}
	return found, rows.Err()
}

// reason explains a message that was not sent.
func (s Source) reason() string {
	switch s {
	case SourcePerson:
		return "opted out: told by the person"
	case SourceProvider:
		return "opted out: chosen in WhatsApp"
	case SourceSilence:
		return fmt.Sprintf("left alone: %d consecutive messages have reached nobody", SilencesBelieved)
	}
	return "opted out: recorded by an operator"
}
