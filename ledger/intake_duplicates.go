package ledger

import (
	"context"
	"fmt"

	"carillon/campaign"
)

// markDuplicates finds the rows whose person is in the list already.
func (in *Intake) markDuplicates(ctx context.Context, t *tx, rows []campaign.Row) error {
	persons := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.Admitted() {
			persons = append(persons, row.Person)
		}
	}
	others, err := in.otherKeys(ctx, t, persons)
	if err != nil {
		return err
	}
	keys := persons
	for _, more := range others {
		keys = append(keys, more...)
	}
	known, err := in.rowsOf(ctx, t, keys)
	if err != nil {
		return err
	}
	for i := range rows {
		row := &rows[i]
		if !row.Admitted() {
			continue
		}
		if first := firstOf(known, row.Person, others[row.Person]); first != 0 {
			row.Verdict = campaign.Duplicate
			row.Detail = fmt.Sprintf("the same person stands in row %d", first)
			continue
		}
		known[row.Person] = row.Number
	}
	return nil
}

// firstOf is the row in which a person stands under one of their keys, 0 for none.
func firstOf(known map[string]int, person string, others []string) int {
	if row := known[person]; row != 0 {
		return row
	}
	for _, key := range others {
		if row := known[key]; row != 0 {
			return row
		}
	}
	return 0
}

// otherKeys are the keys under which people may stand in the list besides: all
// others of a user ID, and the user IDs of a number. Two numbers are two recipients,
// whoever has them. Most lists have numbers alone, and nothing is looked up.
func (in *Intake) otherKeys(ctx context.Context, t *tx, persons []string) (map[string][]string, error) {
	if !in.userIDs {
		return nil, nil
	}
	others := map[string][]string{}
	err := t.eachKey(ctx, persons, func(person, key string) {
		if key != person && (!campaign.IsNumber(person) || !campaign.IsNumber(key)) {
			others[person] = append(others[person], key)
		}
	})
	return others, err
}

func (in *Intake) rowsOf(ctx context.Context, t *tx, persons []string) (map[string]int, error) {
	// A subquery in this place is run for each person. As a join, PostgreSQL would
	// read the whole campaign with each batch until it has counted it.
	found, err := t.QueryContext(ctx, t.l.sql(`
		SELECT person, id FROM (
			SELECT value ->> 0 AS person,
			       (SELECT r.id FROM recipients r WHERE (r.id >> 24) = $1 AND r.person = value ->> 0) AS id
			FROM EACH($2)) AS looked_up
		WHERE id IS NOT NULL`), int64(in.id), asJSON(nested(persons)))
	if err != nil {
		return nil, fmt.Errorf("ledger: duplicates: %w", err)
	}
	defer found.Close()
	known := make(map[string]int, len(persons))
	for found.Next() {
		var person string
		var id campaign.RecipientID
		if err := found.Scan(&person, &id); err != nil {
			return nil, err
		}
		known[person] = id.Row()
	}
	return known, found.Err()
}
