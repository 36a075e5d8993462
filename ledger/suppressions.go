package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// Suppression is why a person gets no messages: their own opt-out, or a reason of ours.
type Suppression struct {
	Person string
	Scope  campaign.SuppressionScope
	Reason string
	Since  time.Time
	Source Source
}

// Source is whose word a suppression is. The smaller it is the more it weighs:
// a larger one does not take it back.
type Source int8

const (
	// SourceOperator: an operator recorded it.
	SourceOperator Source = iota
	// SourcePerson: the person said so to us.
	SourcePerson
	// SourceProvider: the provider told of it.
	SourceProvider
	// SourceSilence: nobody's; several messages have reached nobody.
	SourceSilence
)

func (s Source) String() string {
	switch s {
	case SourceSilence:
		return "silence"
	case SourceProvider:
		return "provider"
	case SourcePerson:
		return "person"
	}
	return "operator"
}

// CampaignScope is the scope that forbids the messages of one campaign.
func CampaignScope(id campaign.ID) campaign.SuppressionScope {
	return campaign.SuppressionScope(fmt.Sprintf("campaign:%d", id))
}

// maxSuppressions is how many opt-outs are written in one transaction, which
// holds up what is being sent for some 100 ms where each of the people waits for
// messages of several campaigns.
const maxSuppressions = 200

// Suppress records opt-outs, and ends what waits to be sent against them. No
// message of these persons is claimed once it has returned. A person who is known
// under several keys is suppressed under all of them. Repeating an opt-out keeps
// the first one's time, and its reason unless the new one has a weightier source;
// but what a person has said counts from the last time, for a word that was said
// before it does not take it back.
func (l *Ledger) Suppress(ctx context.Context, list []Suppression, by Actor, now time.Time) error {
	return (&SuppressionImport{l: l, deed: Deed{By: by, Action: ActSuppress}}).Add(ctx, list, now)
}

// SuppressionImport records the opt-outs of a list, which stand as one deed in the
// audit log. It is for one goroutine.
type SuppressionImport struct {
	l    *Ledger
	deed Deed // with its id once it is written
}

// ImportSuppressions begins to record the opt-outs of a list.
func (l *Ledger) ImportSuppressions(by Actor) *SuppressionImport {
	return &SuppressionImport{l: l, deed: Deed{By: by, Action: ActImport}}
}

// Add records some of the list, as Suppress does.
func (i *SuppressionImport) Add(ctx context.Context, list []Suppression, now time.Time) error {
	secret, err := i.l.secret(ctx)
	if err != nil {
		return err
	}
	for len(list) > 0 {
		n := min(len(list), maxSuppressions)
		deed := i.deed
		err := i.l.do(ctx, urgent, func(ctx context.Context, t *tx) (err error) {
			if deed, err = i.record(ctx, t, secret, list, n, now); err != nil {
				return err
			}
			return t.suppressAndSkip(ctx, list[:n], now)
		})
		if err != nil {
			return err
		}
		i.deed, list = deed, list[n:]
	}
	return nil
}

// record writes down that n of the list are recorded.
func (i *SuppressionImport) record(ctx context.Context, t *tx, secret []byte, list []Suppression, n int, now time.Time) (Deed, error) {
	d := i.deed
	if d.ID != 0 {
		if _, err := t.ExecContext(ctx, `UPDATE audit SET n = n + $2 WHERE id = $1`, d.ID, n); err != nil {
			return d, fmt.Errorf("ledger: write the audit log: %w", err)
		}
		return d, nil
	}
	var person string
	d.At, d.Count = now, int64(n)
	if len(list) == 1 && d.Action == ActSuppress {
		d, person = d.about(secret, list[0].Person)
		d.Detail = scopeText(list[0].Scope)
	}
	var err error
	d.ID, err = t.record(ctx, d, person)
	return d, err
}

// scopeText is a scope as the audit log has it.
func scopeText(scope campaign.SuppressionScope) string {
	var id int64
	if _, err := fmt.Sscanf(string(scope), "campaign:%d", &id); err == nil {
		return "campaign " + campaign.ID(id).String()
	}
	return string(scope)
}

func (t *tx) suppressAndSkip(ctx context.Context, list []Suppression, now time.Time) error {
	people, batch := make([]string, len(list)), make([][]any, len(list))
	for i, s := range list {
		people[i], batch[i] = s.Person, s.row(now)
	}
	keys, err := t.keysOf(ctx, people...)
	if err != nil {
		return err
	}
	if keys, err = t.lockPeople(ctx, people, keys); err != nil {
		return err
	}
	if err := t.suppress(ctx, batch); err != nil {
		return err
	}
	return t.skipSuppressed(ctx, keys, now)
}

func (s Suppression) row(now time.Time) []any {
	return []any{s.Person, string(s.Scope), s.Reason, now.UnixMilli(), int(s.Source)}
}

const suppressSQL = `
	INSERT INTO suppressions (person, scope, reason, created_at, source)
	SELECT key, scope, MIN(reason), MIN(CAST(since AS BIGINT)), MIN(CAST(source AS SMALLINT)) FROM (
		SELECT v.value ->> 0 AS key, v.value ->> 1 AS scope, v.value ->> 2 AS reason, v.value ->> 3 AS since, v.value ->> 4 AS source FROM EACH($1) AS v
		UNION ALL
		SELECT a.person, v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4 FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0
		UNION ALL
		SELECT a.alias, v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4 FROM EACH($1) AS v JOIN aliases a ON a.person = v.value ->> 0
		UNION ALL
		SELECT b.alias, v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4
		FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0 JOIN aliases b ON b.person = a.person
	) AS keys WHERE true GROUP BY key, scope ORDER BY key, scope
	ON CONFLICT (person, scope) DO UPDATE
	SET source = CASE WHEN suppressions.source > excluded.source THEN excluded.source ELSE suppressions.source END,
	    reason = CASE WHEN suppressions.source > excluded.source THEN excluded.reason ELSE suppressions.reason END,
	    created_at = CASE WHEN excluded.source IN (1, 2) AND excluded.created_at > suppressions.created_at THEN excluded.created_at ELSE suppressions.created_at END
	WHERE suppressions.source > excluded.source
	   OR (suppressions.source IN (1, 2) AND excluded.source IN (1, 2) AND suppressions.created_at < excluded.created_at)`

func (t *tx) suppress(ctx context.Context, batch [][]any) error {
	keys := make([]string, len(batch))
	for i, row := range batch {
		keys[i] = row[0].(string)
	}
	if err := t.lockKeys(ctx, keys...); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, t.l.sql(suppressSQL), asJSON(batch)); err != nil {
		return fmt.Errorf("ledger: suppress: %w", err)
	}
	return nil
}

// suppressRecipient records an opt-out that a provider has told us of.
func (t *tx) suppressRecipient(ctx context.Context, id campaign.RecipientID, scope campaign.SuppressionScope, reason string, now time.Time) error {
	person, err := t.personOf(ctx, id)
	if err != nil {
		return err
	}
	return t.suppress(ctx, [][]any{Suppression{Person: person, Scope: scope, Reason: reason, Source: SourceProvider}.row(now)})
}

// Unsuppress removes a person's opt-out of one scope, under all of their keys,
// and reports whether there was one. A person who was erased can be written to
// again by it: in later lists, for those that they were erased from have no
// number any more.
func (l *Ledger) Unsuppress(ctx context.Context, person string, scope campaign.SuppressionScope, by Actor, now time.Time) (bool, error) {
	secret, err := l.secret(ctx)
	if err != nil {
		return false, err
	}
	var removed bool
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		keys, err := t.keysOf(ctx, person)
		if err != nil {
			return err
		}
		removed, err = t.deletes(ctx, `DELETE FROM suppressions WHERE scope = $2 AND person IN (SELECT value ->> 0 FROM EACH($1))`,
			asJSON(nested(keys)), string(scope))
		if err != nil {
			return err
		}
		if scope == campaign.ScopeAll {
			again, err := t.allowErased(ctx, erasedKey(secret, person))
			if err != nil {
				return err
			}
			removed = removed || again
		}
		if !removed {
			return nil
		}
		deed, hash := Deed{At: now, By: by, Action: ActUnsuppress, Detail: scopeText(scope)}.about(secret, person)
		_, err = t.record(ctx, deed, hash)
		return err
	})
	return removed, err
}

// deletes runs a statement that takes back an opt-out, and reports whether there
// was one.
func (t *tx) deletes(ctx context.Context, query string, args ...any) (bool, error) {
	done, err := t.ExecContext(ctx, t.l.sql(query), args...)
	if err != nil {
		return false, fmt.Errorf("ledger: unsuppress: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}
