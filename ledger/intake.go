package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger/database"
)

// IntakeBatch is the most rows that are handed to Intake.Add at once: about
// 50 ms of the writer's time.
const IntakeBatch = 2000

// NewCampaign is a campaign about to be imported.
type NewCampaign struct {
	Definition *campaign.Definition
	// Source is the text that the definition was read from; empty where there is
	// none to keep.
	Source  string
	Columns []string
	// Weights are the shares of the list that the campaign's numbers get, in
	// their order; nil means equal ones.
	Weights []float64
	// Key, where not empty, makes a second import of the same request return
	// the first one's campaign. Hash tells whether it is the same request.
	Key, Hash string
	// By is whose campaign it is.
	By Actor
}

// ExistsError says that the key has been used.
type ExistsError struct {
	// ID is the campaign that was made with the key.
	ID campaign.ID
	// Same reports that the request was the same, too.
	Same bool
	// Importing reports that the first request is still being worked on.
	Importing bool
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("campaign %s was made with the same idempotency key", e.ID)
}

// Intake is an import under way. Until Reveal nobody sees the campaign.
type Intake struct {
	l    *Ledger
	id   campaign.ID
	by   Actor
	seen time.Time // the last sign of life
	def  *campaign.Definition
	next rotation
	last int
	// userIDs says that a row with a user ID has come.
	userIDs bool
}

// BeginIntake makes an invisible campaign. The error is an *ExistsError where
// the key has been used.
func (l *Ledger) BeginIntake(ctx context.Context, n NewCampaign, now time.Time) (*Intake, error) {
	next, err := newRotation(len(n.Definition.ChannelNames()), n.Weights)
	if err != nil {
		return nil, err
	}
	in := &Intake{l: l, id: campaign.NewID(), by: n.By, seen: now, def: n.Definition, next: next}
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		if n.Key != "" {
			if err := t.freeKey(ctx, n, now); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, `
			INSERT INTO campaigns (id, name, state, definition, columns, idempotency_key, request_hash, created_at, intake_at, source)
			VALUES ($1, $2, 'importing', $3, $4, NULLIF($5, ''), $6, $7, $7, $8)`,
			int64(in.id), n.Definition.Name, asJSON(n.Definition), asJSON(n.Columns), n.Key, n.Hash, now.UnixMilli(), n.Source)
		if err != nil {
			return fmt.Errorf("ledger: new campaign: %w", err)
		}
		return nil
	})
	return in, err
}

// freeKey returns an ExistsError where the key belongs to a campaign, and
// takes it away from an import that has died.
func (t *tx) freeKey(ctx context.Context, n NewCampaign, now time.Time) error {
	var e ExistsError
	var state, hash string
	var alive sql.NullInt64
	err := t.QueryRowContext(ctx, `SELECT id, state, request_hash, intake_at FROM campaigns WHERE idempotency_key = $1`, n.Key).
		Scan(&e.ID, &state, &hash, &alive)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ledger: idempotency key: %w", err)
	}
	const dead = 30 * time.Second
	if state == importing && alive.Int64 < now.Add(-dead).UnixMilli() {
		_, err := t.ExecContext(ctx, `UPDATE campaigns SET idempotency_key = NULL, intake_at = 0 WHERE id = $1`, int64(e.ID))
		return err
	}
	e.Same, e.Importing = hash == n.Hash, state == importing
	return &e
}

// ID is the campaign's identifier.
func (in *Intake) ID() campaign.ID { return in.id }

// Add stores rows, in the order of the list, at most IntakeBatch at once. It
// sets the verdict of those that repeat a person of this list to Duplicate.
func (in *Intake) Add(ctx context.Context, rows []campaign.Row, now time.Time) error {
	if len(rows) > IntakeBatch {
		return fmt.Errorf("ledger: %d rows at once; the limit is %d", len(rows), IntakeBatch)
	}
	for _, row := range rows {
		if row.Number <= in.last || row.Number > campaign.MaxRows {
			return fmt.Errorf("ledger: row %d cannot follow row %d; a list has at most %d rows", row.Number, in.last, campaign.MaxRows)
		}
		in.last = row.Number
		in.userIDs = in.userIDs || !campaign.IsNumber(row.Person) && campaign.LooksLikeUserID(row.Person)
	}
	secret, err := in.l.secret(ctx)
	if err != nil {
		return err
	}
	in.seen = now
	return in.l.do(ctx, background, func(ctx context.Context, t *tx) error {
		if err := in.touch(ctx, t, now); err != nil {
			return err
		}
		if err := in.leaveOutErased(ctx, t, secret, rows); err != nil {
			return err
		}
		if err := in.markDuplicates(ctx, t, rows); err != nil {
			return err
		}
		return in.insert(ctx, t, rows, now)
	})
}

// leaveOutErased takes the people out of the rows who were erased. The rows stay,
// under a key that nothing is sent to.
func (in *Intake) leaveOutErased(ctx context.Context, t *tx, secret []byte, rows []campaign.Row) error {
	persons := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.Person != "" {
			persons = append(persons, row.Person)
		}
	}
	erased, err := t.erasedAmong(ctx, secret, persons)
	if err != nil {
		return err
	}
	for i := range rows {
		if key, found := erased[rows[i].Person]; found {
			rows[i] = campaign.Row{
				Number: rows[i].Number, Phone: erasedPhone, Person: key, Verdict: rows[i].Verdict, Refused: rows[i].Refused, Values: []string{},
			}
		}
	}
	return nil
}

// nested puts each text into an array of its own, for "->> 0" reads a text the
// same way in every engine.
func nested(texts []string) [][1]string {
	out := make([][1]string, len(texts))
	for i, text := range texts {
		out[i] = [1]string{text}
	}
	return out
}

const storeRowsSQL = `
	INSERT INTO recipients (id, phone, person, verdict, detail, cells, zone)
	SELECT CAST(v.column1 AS BIGINT), v.column2, v.column3, v.column4, v.column5, v.column6, v.column7 FROM (BATCH) AS v`

const storeMessagesSQL = `
	INSERT INTO messages (id, campaign_id, channel, category, status, due, updated_at)
	SELECT CAST(v.column1 AS BIGINT), CAST(v.column2 AS BIGINT), CAST(v.column3 AS SMALLINT), CAST(v.column4 AS SMALLINT),
	       CAST(v.column5 AS SMALLINT), CAST(v.column6 AS BIGINT), CAST(v.column7 AS BIGINT)
	FROM (BATCH) AS v`

// insert writes the rows, and the messages of those that are admitted.
func (in *Intake) insert(ctx context.Context, t *tx, rows []campaign.Row, now time.Time) error {
	recipients := database.NewRows(7, len(rows))
	verdicts := map[campaign.Verdict]int64{}
	var admitted []campaign.RecipientID
	for _, row := range rows {
		id := in.id.Recipient(row.Number)
		verdicts[row.Verdict]++
		var person any
		if row.Admitted() {
			person = row.Person
			admitted = append(admitted, id)
		}
		recipients.Add(int64(id), row.Phone, person, string(row.Verdict), row.Detail, asJSON(row.Values), row.Zone)
	}
	if err := t.execBatch(ctx, storeRowsSQL, recipients); err != nil {
		return fmt.Errorf("ledger: store rows %d to %d: %w", rows[0].Number, rows[len(rows)-1].Number, err)
	}
	if err := in.insertMessages(ctx, t, admitted, now); err != nil {
		return err
	}
	if err := in.skipBarred(ctx, t, rows, now); err != nil {
		return err
	}
	if rejected := len(rows) - len(admitted); rejected > 0 {
		t.count(countKey{in.id, noStep, campaign.Rejected, false}, int64(rejected))
	}
	return in.addVerdicts(ctx, t, verdicts)
}

func (in *Intake) insertMessages(ctx context.Context, t *tx, admitted []campaign.RecipientID, now time.Time) error {
	if len(admitted) == 0 {
		return nil
	}
	for step, rule := range in.def.Steps {
		status, due := campaign.Pending, any(0)
		if step > 0 {
			status, due = campaign.Waiting, nil
		}
		messages := database.NewRows(7, len(admitted))
		for _, recipient := range admitted {
			messages.Add(int64(recipient.Message(step)), int64(in.id), in.next.of(recipient.Row()), categoryNumber(rule.CountsAs()), int(status), due, now.UnixMilli())
		}
		if err := t.execBatch(ctx, storeMessagesSQL, messages); err != nil {
			return fmt.Errorf("ledger: store messages: %w", err)
		}
		t.count(countKey{in.id, step, status, true}, int64(messages.Len()))
	}
	return nil
}

// skipBarred ends the first messages to people who may not get them, and with
// these whatever the steps behind say of that.
func (in *Intake) skipBarred(ctx context.Context, t *tx, rows []campaign.Row, now time.Time) error {
	if len(in.def.Steps) == 0 {
		return nil
	}
	barred := map[campaign.MessageID]string{}
	var ids []campaign.MessageID
	for _, row := range rows {
		if reason := in.def.Steps[0].Barred(row.Phone); reason != "" && row.Admitted() {
			id := in.id.Recipient(row.Number).Message(0)
			barred[id] = reason
			for step := range in.def.Steps {
				ids = append(ids, id.Recipient().Message(step))
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := t.lock(ctx, ids); err != nil {
		return err
	}
	for id, reason := range barred {
		if err := t.skip(ctx, id, reason, now); err != nil {
			return err
		}
	}
	return nil
}

func categoryNumber(c campaign.Category) int {
	for i, known := range categories {
		if known == c {
			return i
		}
	}
	return 0
}

func (in *Intake) addVerdicts(ctx context.Context, t *tx, verdicts map[campaign.Verdict]int64) error {
	for verdict, n := range verdicts {
		_, err := t.ExecContext(ctx, `
			INSERT INTO verdicts (campaign_id, verdict, n) VALUES ($1, $2, $3)
			ON CONFLICT (campaign_id, verdict) DO UPDATE SET n = verdicts.n + excluded.n`,
			int64(in.id), string(verdict), n)
		if err != nil {
			return fmt.Errorf("ledger: verdicts: %w", err)
		}
	}
	return nil
}

// touch says that the import is alive. It comes first in a transaction: whoever
// erases a person waits for it, or has it wait.
func (in *Intake) touch(ctx context.Context, t *tx, now time.Time) error {
	done, err := t.ExecContext(ctx, `
		UPDATE campaigns SET intake_at = $2 WHERE id = $1 AND state = 'importing' AND intake_at > 0`, int64(in.id), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("ledger: import of campaign %s: %w", in.id, err)
	}
	return in.alive(done)
}

// alive fails where a statement found the import given up.
func (in *Intake) alive(done sql.Result) error {
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("ledger: the import of campaign %s took so long that it was taken for dead; upload it again", in.id)
}

// Reveal makes the campaign visible, as a draft. It is the last step of an
// import: whatever stops before it leaves no trace.
func (in *Intake) Reveal(ctx context.Context) error {
	return in.l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, `
			UPDATE campaigns SET state = 'draft', intake_at = NULL WHERE id = $1 AND state = 'importing' AND intake_at > 0`, int64(in.id))
		if err != nil {
			return fmt.Errorf("ledger: reveal campaign %s: %w", in.id, err)
		}
		if err := in.alive(done); err != nil {
			return err
		}
		return t.did(ctx, ActCreate, in.id, in.by, in.def.Name, in.seen)
	})
}
