package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"carillon/campaign"
)

// Refusal is the first of its kind that a campaign has met.
type Refusal struct {
	Message campaign.MessageID
	Failure campaign.Failure
	// Values are those of the recipient that the words of Failure may quote: the
	// number and the cells.
	Values []string
}

// OnRefusal has f told of each kind of refusal once per campaign, by whichever
// process meets it first, when it is on disk. Two are of one kind that have the
// same reason and code. f must not take long: it is called while others wait. Where the
// process dies at that moment, nobody is told.
func (l *Ledger) OnRefusal(f func(Refusal)) { l.onRefusal.Store(&f) }

// noted is a refusal that may be the first of its kind.
type noted struct {
	failure campaign.Failure
	message campaign.MessageID
	at      time.Time
	quiet   bool // nobody need hear of it
}

// note keeps what a refusal said, where it is the first of its kind as far as this
// process knows. A connection that was lost is no refusal, and nobody hears of it.
func (t *tx) note(m *message, f campaign.Failure, now time.Time) {
	t.noteOnce(m, noted{f, m.id, now, f.Throttled && f.Code == 0 && f.Said == ""})
}

// noteOwn is the same for a failure that nobody but us has made.
func (t *tx) noteOwn(m *message, f campaign.Failure, now time.Time) {
	t.noteOnce(m, noted{f, m.id, now, true})
}

func (t *tx) noteOnce(m *message, n noted) {
	f := n.failure
	key := failureKey{m.id.Campaign(), f.Reason, f.Code}
	if _, known := t.l.met.Load(key); known {
		return
	}
	if _, known := t.noted[key]; !known {
		t.noted[key] = n
	}
}

// flushRefusals writes the refusals that the transaction has noted, and returns
// those that were the first of their kind.
func (t *tx) flushRefusals(ctx context.Context) ([]Refusal, error) {
	if len(t.noted) == 0 {
		return nil, nil
	}
	keys := slices.SortedFunc(maps.Keys(t.noted), failureKey.compare) // one order for all
	batch := make([][]any, len(keys))
	for i, key := range keys {
		n := t.noted[key]
		batch[i] = []any{
			int64(key.campaign), key.reason, key.code, campaign.OneLine(n.failure.Said, longestWords),
			campaign.OneLine(n.failure.Detail, longestWords), int64(n.message), n.at.UnixMilli(),
		}
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`
		INSERT INTO refusals (campaign_id, reason, code, said, hint, message_id, at)
		SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS INTEGER), value ->> 3, value ->> 4,
		       CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT)
		FROM EACH($1) WHERE true
		ON CONFLICT (campaign_id, reason, code) DO NOTHING
		RETURNING campaign_id, reason, code`), asJSON(batch))
	if err != nil {
		return nil, fmt.Errorf("ledger: note refusals: %w", err)
	}
	defer rows.Close()
	var first []Refusal
	for rows.Next() {
		var key failureKey
		if err := rows.Scan(&key.campaign, &key.reason, &key.code); err != nil {
			return nil, fmt.Errorf("ledger: note refusals: %w", err)
		}
		if n := t.noted[key]; !n.quiet {
			first = append(first, Refusal{Message: n.message, Failure: n.failure})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: note refusals: %w", err)
	}
	for i := range first {
		if first[i].Values, err = t.valuesOf(ctx, first[i].Message.Recipient()); err != nil {
			return nil, err
		}
	}
	return first, nil
}

// longestWords bounds the words of a refusal, in characters (ours: the excerpt of
// a provider's text is shorter).
const longestWords = 500

// valuesOf are the number and the cells of a recipient.
func (t *tx) valuesOf(ctx context.Context, id campaign.RecipientID) ([]string, error) {
	var phone string
	var text []byte
	if err := t.QueryRowContext(ctx, `SELECT phone, cells FROM recipients WHERE id = $1`, int64(id)).Scan(&phone, &text); err != nil {
		return nil, fmt.Errorf("ledger: row %d of campaign %s: %w", id.Row(), id.Campaign(), err)
	}
	var cells []string
	if err := json.Unmarshal(text, &cells); err != nil {
		return nil, fmt.Errorf("ledger: cells of row %d of campaign %s: %w", id.Row(), id.Campaign(), err)
	}
	return append(cells, phone), nil
}

// tell notes what is on record now, and hands on what is new.
func (l *Ledger) tell(all map[failureKey]noted, news []Refusal) {
	for key := range all {
		l.met.Store(key, true)
	}
	told := l.onRefusal.Load()
	if told == nil {
		return
	}
	for _, refusal := range news {
		(*told)(refusal)
	}
}

// withoutErased takes the words out of a failure that may quote the values of a
// person who was erased.
func (t *tx) withoutErased(ctx context.Context, m *message, f campaign.Failure) (campaign.Failure, error) {
	if f.Said == "" {
		return f, nil
	}
	var erased bool
	err := t.QueryRowContext(ctx, `SELECT phone = $2 FROM recipients WHERE id = $1`, int64(m.id.Recipient()), erasedPhone).Scan(&erased)
	if err != nil {
		return f, fmt.Errorf("ledger: row %d of campaign %s: %w", m.id.Recipient().Row(), m.id.Campaign(), err)
	}
	if erased {
		return f.WithoutWords(), nil
	}
	return f, nil
}
