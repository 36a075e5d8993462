package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// acquaintance is what was told in one breath of one person: keys of theirs, and
// where it is known the row of a list that is about them.
type acquaintance struct {
	recipient campaign.RecipientID // 0 where that is not known
	keys      []string
}

// meet notes keys of a person. learn links them.
func (t *tx) meet(recipient campaign.RecipientID, keys []string) {
	if len(keys) > 1 || len(keys) == 1 && recipient != 0 {
		t.met = append(t.met, acquaintance{recipient, keys})
	}
}

// meetByReceipt is the same for what a receipt of an attempt tells. A number alone is
// the one that was written to, in this form or, as the answer has told before, in
// another; it is worth asking only while no answer has come.
func (t *tx) meetByReceipt(a attempt, keys []string) {
	if a.nameless || slices.ContainsFunc(keys, func(key string) bool { return !campaign.IsNumber(key) }) {
		t.meet(a.message.Recipient(), keys)
	}
}

// learn links the keys that were met, many people at once: almost all are known
// already, or are the first of somebody of whom nothing else is on record. Call it
// behind what locks messages.
func (t *tx) learn(ctx context.Context, now time.Time) error {
	if len(t.met) == 0 {
		return nil
	}
	met := t.met
	t.met = nil
	pairs, erased, err := t.pairsOf(ctx, met)
	if err != nil {
		return err
	}
	if err := t.eraseMore(ctx, erased, now); err != nil {
		return err
	}
	if pairs, err = t.apart(ctx, pairs); err != nil || len(pairs) == 0 {
		return err
	}
	if err := t.holdOffErasing(ctx); err != nil {
		return err
	}
	if err := t.linkNew(ctx, pairs); err != nil {
		return err
	}
	if pairs, err = t.apart(ctx, pairs); err != nil {
		return err
	}
	for _, pair := range pairs {
		if err := t.linkKeys(ctx, pair[0], pair[1], now); err != nil {
			return err
		}
	}
	return nil
}

// pairsOf pairs each key with the one that stands first for its person: that of
// their row, or the first that was told. Those of rows that were erased come apart.
func (t *tx) pairsOf(ctx context.Context, met []acquaintance) (pairs, erased [][2]string, err error) {
	persons, err := t.personsOf(ctx, met)
	if err != nil {
		return nil, nil, err
	}
	known := map[[2]string]bool{}
	for _, a := range met {
		keys := a.keys
		switch person := persons[a.recipient]; {
		case strings.HasPrefix(person, erasedPrefix):
			for _, key := range keys {
				erased = append(erased, [2]string{person, key})
			}
		case person != "":
			keys = append([]string{person}, keys...)
		}
		for _, key := range keys[1:] {
			pair := [2]string{keys[0], key}
			if key != keys[0] && !known[pair] {
				known[pair] = true
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs, erased, nil
}

// eraseMore has user IDs go that are told of people who were erased before these
// were known.
func (t *tx) eraseMore(ctx context.Context, pairs [][2]string, now time.Time) error {
	for _, pair := range pairs {
		if campaign.IsNumber(pair[1]) {
			continue
		}
		known, err := t.wasErased(ctx, pair[1])
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := t.eraseLater(ctx, pair[1], pair[0], now); err != nil {
			return err
		}
	}
	return nil
}

// personsOf are the keys of the people whose rows are known.
func (t *tx) personsOf(ctx context.Context, met []acquaintance) (map[campaign.RecipientID]string, error) {
	persons := map[campaign.RecipientID]string{}
	var ids []campaign.RecipientID
	for _, a := range met {
		if a.recipient != 0 {
			ids = append(ids, a.recipient)
		}
	}
	if len(ids) == 0 {
		return persons, nil
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT CAST(value AS BIGINT), COALESCE((SELECT r.person FROM recipients r WHERE r.id = CAST(value AS BIGINT)), '')
		FROM EACH($1)`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: people of rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id campaign.RecipientID
		var person string
		if err := rows.Scan(&id, &person); err != nil {
			return nil, fmt.Errorf("ledger: people of rows: %w", err)
		}
		persons[id] = person
	}
	return persons, rows.Err()
}

const apartSQL = `
	SELECT v.value ->> 0, v.value ->> 1 FROM EACH($1) AS v
	WHERE COALESCE((SELECT a.person FROM aliases a WHERE a.alias = v.value ->> 0), v.value ->> 0)
	   <> COALESCE((SELECT a.person FROM aliases a WHERE a.alias = v.value ->> 1), v.value ->> 1)`

// apart are the pairs of keys that are not known to be one person's.
func (t *tx) apart(ctx context.Context, pairs [][2]string) ([][2]string, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	rows, err := t.QueryContext(ctx, t.l.sql(apartSQL), asJSON(pairs))
	if err != nil {
		return nil, fmt.Errorf("ledger: keys of people: %w", err)
	}
	defer rows.Close()
	var apart [][2]string
	for rows.Next() {
		var pair [2]string
		if err := rows.Scan(&pair[0], &pair[1]); err != nil {
			return nil, fmt.Errorf("ledger: keys of people: %w", err)
		}
		apart = append(apart, pair)
	}
	return apart, rows.Err()
}

// linkNewSQL links a key of which nothing is on record with a person of whom no
// opt-out is. The others have more to them, see linkKeys.
const linkNewSQL = `
	INSERT INTO aliases (person, alias)
	SELECT COALESCE((SELECT a.person FROM aliases a WHERE a.alias = v.value ->> 0), v.value ->> 0), v.value ->> 1
	FROM EACH($1) AS v
	WHERE NOT EXISTS (SELECT 1 FROM aliases a WHERE a.alias = v.value ->> 1)
	  AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.person = v.value ->> 1)
	  AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.person = v.value ->> 0)
	  AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.person = v.value ->> 1)
	  AND NOT EXISTS (SELECT 1 FROM starts s WHERE s.person = v.value ->> 0)
	  AND NOT EXISTS (SELECT 1 FROM starts s WHERE s.person = v.value ->> 1)
	  AND $2 > (SELECT COUNT(*) FROM aliases b
		WHERE b.person = COALESCE((SELECT a.person FROM aliases a WHERE a.alias = v.value ->> 0), v.value ->> 0))
	ON CONFLICT (alias) DO NOTHING`

// mostNew is how many keys may be told of a person at once: a number, a user ID,
// and that of linked businesses.
const mostNew = 3

// linkNew links what can be linked by one statement, and leaves the rest.
func (t *tx) linkNew(ctx context.Context, pairs [][2]string) error {
	secret, err := t.l.secret(ctx)
	if err != nil {
		return err
	}
	aliases := make(map[string]bool, len(pairs))
	keys := make([]string, 0, 2*len(pairs))
	for _, pair := range pairs {
		aliases[pair[1]] = true
		keys = append(keys, pair[:]...)
	}
	erased, err := t.erasedAmong(ctx, secret, keys)
	if err != nil {
		return err
	}
	simple := slices.DeleteFunc(slices.Clone(pairs), func(pair [2]string) bool {
		return aliases[pair[0]] || erased[pair[0]] != "" || erased[pair[1]] != ""
	})
	if len(simple) == 0 {
		return nil
	}
	if err := t.lockKeys(ctx, keys...); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, t.l.sql(linkNewSQL), asJSON(simple), mostNumbers-mostNew); err != nil {
		return fmt.Errorf("ledger: link the keys of people: %w", err)
	}
	return nil
}
