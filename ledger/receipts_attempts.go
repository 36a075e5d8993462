package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"carillon/campaign"
	"carillon/ledger/database"
)

// attempt is one that a receipt speaks of.
type attempt struct {
	message  campaign.MessageID
	n        int
	position int  // of the channel it was made on, in its campaign's list
	failed   bool // a receipt has reported it failed before
	nameless bool // the provider's identifier is not on record
}

// attemptChannelSQL is the position of the channel that an attempt was made on.
// Attempts of versions without fallback channels do not know it; they never moved.
const attemptChannelSQL = `COALESCE(a.channel, (SELECT m.channel FROM messages m WHERE m.id = a.message_id))`

const attemptsByReferenceSQL = `
	SELECT CAST(v.column1 AS INTEGER), a.message_id, a.n, a.outcome = 'failed', a.provider_id IS NULL,
	       ` + attemptChannelSQL + `
	FROM (BATCH) AS v JOIN attempts a
	  ON a.message_id = CAST(v.column2 AS BIGINT) AND a.n = CAST(v.column3 AS INTEGER)`

const attemptsByProviderSQL = `
	SELECT CAST(v.column1 AS INTEGER), a.message_id, a.n, a.outcome = 'failed', false,
	       ` + attemptChannelSQL + `
	FROM (BATCH) AS v JOIN attempts a ON a.provider_id = v.column2`

const nameAttemptsSQL = `
	UPDATE attempts SET provider_id = v.value ->> 2
	FROM EACH($1) AS v
	WHERE attempts.message_id = CAST(v.value ->> 0 AS BIGINT) AND attempts.n = CAST(v.value ->> 1 AS INTEGER)
	  AND attempts.provider_id IS NULL AND NOT ` + erasedSQL

// findAttempts returns the attempt of each receipt that has one, by the
// receipt's position, and the names of those that learn their provider's id from
// a receipt. Attempts of channels that the receipt may not speak of are not found.
func (t *tx) findAttempts(ctx context.Context, receipts []Receipt) (found map[int]attempt, names [][]any, err error) {
	found = make(map[int]attempt, len(receipts))
	byReference := database.NewRows(3, len(receipts))
	for i, r := range receipts {
		if r.Message != 0 {
			byReference.Add(i, int64(r.Message), r.Attempt)
		}
	}
	if err := t.scanAttempts(ctx, found, receipts, attemptsByReferenceSQL, byReference); err != nil {
		return nil, nil, err
	}
	for i, a := range found {
		if id := receipts[i].ProviderID; a.nameless && id != "" {
			names = append(names, a.name(id))
		}
	}
	byProvider := database.NewRows(2, 0)
	for i, r := range receipts {
		if _, ok := found[i]; !ok && r.ProviderID != "" {
			byProvider.Add(i, r.ProviderID)
		}
	}
	return found, names, t.scanAttempts(ctx, found, receipts, attemptsByProviderSQL, byProvider)
}

// name pairs the attempt with the provider's identifier of it.
func (a attempt) name(providerID string) []any { return []any{int64(a.message), a.n, providerID} }

// providerIDsOf are the identifiers out of such pairs.
func providerIDsOf(names [][]any) []string {
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = name[2].(string)
	}
	return ids
}

// mayTell reports whether a receipt may speak of an attempt.
func (t *tx) mayTell(ctx context.Context, r Receipt, a attempt) (bool, error) {
	if r.unscoped {
		return true, nil
	}
	definition, err := t.definition(ctx, a.message.Campaign())
	if err != nil {
		return false, err
	}
	numbers := definition.AllChannels()
	return a.position < len(numbers) && slices.Contains(r.Peers, numbers[a.position]), nil
}

// nameAttempts keeps the provider's ids of attempts, for a later receipt may come
// without our reference. Their messages are locked, so that nobody is being
// erased to whom one went.
func (t *tx) nameAttempts(ctx context.Context, names [][]any) error {
	if len(names) == 0 {
		return nil
	}
	if _, err := t.ExecContext(ctx, t.l.sql(nameAttemptsSQL), asJSON(names)); err != nil {
		return fmt.Errorf("ledger: name attempts: %w", err)
	}
	return nil
}

// scanAttempts adds the attempts that a query tells by the position of receipts.
func (t *tx) scanAttempts(ctx context.Context, found map[int]attempt, receipts []Receipt, query string, batch *database.Rows) error {
	var candidates []candidate
	err := t.queryBatch(ctx, query, batch, func(row *sql.Rows) error {
		var c candidate
		err := row.Scan(&c.receipt, &c.attempt.message, &c.attempt.n, &c.attempt.failed, &c.attempt.nameless, &c.attempt.position)
		candidates = append(candidates, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: find attempts: %w", err)
	}
	for _, c := range candidates {
		ours, err := t.mayTell(ctx, receipts[c.receipt], c.attempt)
		if err != nil {
			return err
		}
		if ours {
			found[c.receipt] = c.attempt
		}
	}
	return nil
}

// candidate is an attempt that a receipt may speak of.
type candidate struct {
	receipt int
	attempt attempt
}
