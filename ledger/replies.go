package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// Heard is something that a person let us know: an answer, a wish, or both.
type Heard struct {
	// ID is the provider's identifier of it; empty for what is no message. An edit
	// has that of the message that it edits.
	ID string
	// Edit says that it is what an earlier message says now.
	Edit bool
	// Channel is the number that it was told to.
	Channel string
	// Person is whose it is; empty where the provider hides that, and then known
	// by ReplyTo alone.
	Person string
	// Formerly is the key that the person had before a change of number, empty for
	// none.
	Formerly string
	// At is when it was told, by the provider's clock.
	At time.Time
	// Message says that it was a message of the person. A message shows that
	// somebody is there.
	Message bool
	// Answers says that it may be an answer to one of ours.
	Answers bool
	// ReplyTo is the provider's identifier of our message that is answered,
	// empty where it is not told.
	ReplyTo string
	Reply   campaign.Reply
	// Stop is the scope in which the person wants to be left alone, empty for
	// none. campaign.ScopeCampaign stands for the campaign that is answered, and
	// for all scopes where that is not known.
	Stop campaign.SuppressionScope
	// Start takes back what the person has said until then, in the scope Restores
	// (empty: in every one). What they have said later stays.
	Start    bool
	Restores campaign.SuppressionScope
	// Source is who says so: SourcePerson or SourceProvider.
	Source Source
}

// Hear records what people have let us know, and what follows from it. No
// message is claimed against a wish once it has returned. Hearing a thing twice
// changes nothing, and a wish that was taken back before it came is old news.
//
// An answer without a reference is taken for one to the newest message that the
// person had from the channel in a campaign that waits for answers. What no
// campaign waits for is not kept. A start is an answer where a step waits for
// that very word, and not where any answer will do.
func (l *Ledger) Hear(ctx context.Context, list []Heard, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	if _, err := l.secret(ctx); err != nil { // before the transaction: it asks for one
		return err
	}
	return l.commit.submit(urgent, &job{ctx: ctx, hear: list, now: now})
}

func (t *tx) hear(ctx context.Context, list []Heard, now time.Time) error {
	for _, h := range list {
		if err := t.hearOne(ctx, h, now); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) hearOne(ctx context.Context, h Heard, now time.Time) error {
	referred, err := t.referredTo(ctx, h.ReplyTo)
	if err != nil {
		return err
	}
	keys, err := t.whoSpeaks(ctx, &h, referred, now)
	if err != nil || len(keys) == 0 {
		return err
	}
	if h.Message {
		if err := t.breakSilence(ctx, keys); err != nil {
			return err
		}
	}
	if h.Start {
		if err := t.restore(ctx, keys, h); err != nil {
			return err
		}
	}
	if h.Stop != "" {
		if err := t.stopWriting(ctx, h, keys, referred, now); err != nil {
			return err
		}
	}
	if !h.Answers {
		return nil
	}
	return t.takeReply(ctx, h, keys, referred, now)
}

// whoSpeaks are the keys of the person, and none where that is not known, or
// somebody who was erased: nothing is sent to them, and nothing of theirs is kept.
// What answers a message comes from whoever had it, under whichever key.
func (t *tx) whoSpeaks(ctx context.Context, h *Heard, referred campaign.MessageID, now time.Time) ([]string, error) {
	owner := ""
	if referred != 0 {
		var err error
		if owner, err = t.personOf(ctx, referred.Recipient()); err != nil {
			return nil, err
		}
	}
	h.Person = cmp.Or(h.Person, owner)
	if h.Person == "" {
		return nil, nil
	}
	if erased, err := t.wasErased(ctx, h.Person); err != nil || erased {
		return nil, err
	}
	for _, other := range []string{h.Formerly, owner} {
		if err := t.linkKeys(ctx, other, h.Person, now); err != nil {
			return nil, err
		}
	}
	return t.keysOf(ctx, h.Person)
}

func (t *tx) wasErased(ctx context.Context, person string) (bool, error) {
	secret, err := t.l.secret(ctx)
	if err != nil {
		return false, err
	}
	erased, err := t.erasedAmong(ctx, secret, []string{person})
	return len(erased) > 0, err
}

// takeReply keeps an answer that some step waits for, and decides the gates
// behind the message that is answered. An edit takes the place of what it edits,
// which it may overtake.
func (t *tx) takeReply(ctx context.Context, h Heard, keys []string, referred campaign.MessageID, now time.Time) error {
	if h.Edit {
		before, err := t.answeredBy(ctx, h.ID, keys)
		if err != nil {
			return err
		}
		referred = cmp.Or(before, referred)
	}
	answered, err := t.answered(ctx, h, keys, referred)
	if err != nil || answered == nil {
		return err
	}
	id := h.ID
	if id == "" {
		id = fmt.Sprintf("%s %d", h.Person, h.At.UnixMilli())
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO replies (id, message_id, at, payload, text, pressed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, payload = excluded.payload, text = excluded.text, pressed = excluded.pressed
		WHERE $7 = 1 AND replies.message_id = excluded.message_id AND replies.at <= excluded.at`,
		id, int64(answered.id), h.At.UnixMilli(), h.Reply.Payload, h.Reply.Text, bit(h.Reply.Pressed), bit(h.Edit))
	if err != nil {
		return fmt.Errorf("ledger: keep a reply: %w", err)
	}
	return t.follow(ctx, answered, now)
}

// answeredBy is the message that a kept answer of a person is to; 0 for none.
func (t *tx) answeredBy(ctx context.Context, reply string, keys []string) (id campaign.MessageID, err error) {
	var owner string
	err = t.QueryRowContext(ctx, `
		SELECT a.message_id, COALESCE(r.person, '') FROM replies a JOIN recipients r ON r.id = a.message_id >> 4
		WHERE a.id = $1`, reply).Scan(&id, &owner)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("ledger: answer that is edited: %w", err)
	case !slices.Contains(keys, owner):
		return 0, nil
	}
	return id, nil
}

// replies are what a person answered to a message.
func (t *tx) replies(ctx context.Context, id campaign.MessageID) ([]campaign.Reply, error) {
	rows, err := t.QueryContext(ctx, `SELECT payload, text, pressed = 1 FROM replies WHERE message_id = $1 ORDER BY at, id`, int64(id))
	if err != nil {
		return nil, fmt.Errorf("ledger: replies: %w", err)
	}
	defer rows.Close()
	var list []campaign.Reply
	for rows.Next() {
		var r campaign.Reply
		if err := rows.Scan(&r.Payload, &r.Text, &r.Pressed); err != nil {
			return nil, fmt.Errorf("ledger: replies: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// answered is the message that is answered, locked with those behind it; nil
// where it is not known, or no step waits for an answer to it.
func (t *tx) answered(ctx context.Context, h Heard, keys []string, id campaign.MessageID) (*message, error) {
	if id == 0 {
		var err error
		if id, err = t.newestBefore(ctx, h, keys, (*campaign.Definition).HearsReplies); err != nil || id == 0 {
			return nil, err
		}
	}
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil || !definition.HearsReplies(id.Step()) || h.Start && !definition.AsksFor(id.Step(), h.Reply) {
		return nil, err
	}
	ids, err := t.withNext(ctx, nil, id)
	if err != nil {
		return nil, err
	}
	if err := t.lock(ctx, ids); err != nil {
		return nil, err
	}
	return t.messages[id], nil
}

// referredTo is the message that has the provider's identifier; 0 for none.
func (t *tx) referredTo(ctx context.Context, providerID string) (id campaign.MessageID, err error) {
	if providerID == "" {
		return 0, nil
	}
	err = t.QueryRowContext(ctx, `SELECT message_id FROM attempts WHERE provider_id = $1`, providerID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: message that is answered: %w", err)
	}
	return id, nil
}

// answerSkew is how much earlier than our message an answer may seem to be, for
// two clocks were read.
const answerSkew = 5 * time.Second

// everyStep is for newestBefore.
func everyStep(*campaign.Definition, int) bool { return true }

// newestBefore is the newest message that a person had from a channel before
// they wrote, among those that suit and whose campaigns are not over; 0 for none.
// Where the person refers to a message that is not known, it can only be one of
// whose identifier the provider has not told us yet.
func (t *tx) newestBefore(ctx context.Context, h Heard, keys []string, suits func(*campaign.Definition, int) bool) (campaign.MessageID, error) {
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return 0, err
	}
	var ids []campaign.MessageID
	for _, recipient := range rows {
		definition, err := t.definition(ctx, recipient.Campaign())
		if err != nil {
			return 0, err
		}
		if definition.Position(h.Channel) < 0 {
			continue
		}
		for step := range definition.Steps {
			if suits(definition, step) {
				ids = append(ids, recipient.Message(step))
			}
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	var id campaign.MessageID
	err = t.QueryRowContext(ctx, t.l.sql(`
		SELECT m.id FROM messages m JOIN attempts a ON a.message_id = m.id AND a.n = m.attempt
		WHERE m.id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) AND m.status + 0 IN (3, 4, 5, 6, 7, 8, 9) AND a.claimed_at <= $2
		  AND ($3 = '' OR a.provider_id IS NULL)
		ORDER BY a.claimed_at DESC, m.id DESC LIMIT 1`), asJSON(ids), h.At.Add(answerSkew).UnixMilli(), h.ReplyTo).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: message that may be answered: %w", err)
	}
	return id, nil
}

// openRows are the rows of a person in the lists of campaigns that are under
// way. Those that have not started look at opt-outs when they do.
func (t *tx) openRows(ctx context.Context, keys []string) ([]campaign.RecipientID, error) {
	return t.recipients(ctx, `
		SELECT id FROM (
			SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = +c.id AND r.person = k.value ->> 0) AS id
			FROM EACH($1) AS k CROSS JOIN campaigns c
			WHERE c.state IN ('running', 'paused')) AS looked_up
		WHERE id IS NOT NULL ORDER BY id`, asJSON(nested(keys)))
}

func (t *tx) recipients(ctx context.Context, query string, args ...any) ([]campaign.RecipientID, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(query), args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: rows of a person: %w", err)
	}
	defer rows.Close()
	var ids []campaign.RecipientID
	for rows.Next() {
		var id campaign.RecipientID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: rows of a person: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
