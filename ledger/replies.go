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

// InboundEvent is something that a person let us know: an answer, an opt-out or opt-in, or both.
type InboundEvent struct {
	// ID is the provider's identifier of it; empty for what is no message. An edit
	// has that of the message that it edits.
	ID string
	// Edit says that it is what an earlier message says now.
	Edit bool
	// Channel is the number that it was told to.
	Channel string
	// Peers are the channels that whoever told it may speak for, Channel among
	// them: those of the app that signed the webhook.
	Peers []string
	// Person is whose it is: the number's key, or a user ID where the provider
	// hides the number. Empty: it is known by ReplyTo alone.
	Person string
	// Also are other keys of the same person that were told in the same breath, such
	// as a user ID, or the number before it was changed.
	Also []string
	// At is when it was told, by the provider's clock.
	At time.Time
	// Message says that it was a message of the person. A message shows that
	// somebody is there.
	Message bool
	// Opens says that it opens the person's window on the channel: it is a message
	// of its own, and not what rewrites or takes back an earlier one.
	Opens bool
	// Answers says that it may be an answer to one of ours.
	Answers bool
	// ReplyTo is the provider's identifier of our message that is answered,
	// empty where it is not told.
	ReplyTo string
	Reply   campaign.Reply
	// OptOut is the scope in which the person wants to be left alone, empty for
	// none. campaign.ScopeCampaign stands for the campaign that is answered, and
	// for all scopes where that is not known.
	OptOut campaign.SuppressionScope
	// OptIn takes back what the person has said until then, in the scope Restores
	// (empty: in every one). What they have said later stays.
	OptIn    bool
	Restores campaign.SuppressionScope
	// Source is who says so: SourcePerson or SourceProvider.
	Source Source
}

// Fate is what became of something that was heard.
type Fate string

const (
	// FateOnRecord: it holds for a person whose number is known.
	FateOnRecord Fate = "on_record"
	// FateWaiting: it holds for a user ID. It comes to hold for the number as soon as it
	// is known whose that is; until then messages to the number are sent.
	FateWaiting Fate = "waiting"
	// FateNobody: neither a person was named nor a message that is known.
	FateNobody Fate = "nobody"
	// FateTakenBack: the person has taken it back since; it came late or again.
	FateTakenBack Fate = "taken_back"
	// FateErased: the person was erased, and nothing of it is kept.
	FateErased Fate = "erased"
)

// Fates lists them, for metrics.
func Fates() []Fate { return []Fate{FateOnRecord, FateWaiting, FateNobody, FateTakenBack, FateErased} }

// hearing is a InboundEvent with what becomes of it.
type hearing struct {
	InboundEvent
	fate Fate
}

// Hear records what people have let us know, and what follows from it. No
// message is claimed against an opt-out once it has returned. It tells what became of
// each. Hearing a thing twice changes nothing, and an opt-out that was taken back
// before it came is old news.
//
// An answer without a reference is taken for one to the newest message that the
// person had from the channel in a campaign that waits for answers. What no
// campaign waits for is not kept. A start is an answer where a step waits for
// that very word, and not where any answer will do.
func (l *Ledger) Hear(ctx context.Context, list []InboundEvent, now time.Time) ([]Fate, error) {
	if len(list) == 0 {
		return nil, nil
	}
	heard := make([]*hearing, len(list))
	for i, h := range list {
		heard[i] = &hearing{InboundEvent: h}
	}
	if err := l.commit.Submit(ctx, urgent, &job{hear: heard, now: now}); err != nil {
		return nil, err
	}
	fates := make([]Fate, len(heard))
	for i, h := range heard {
		fates[i] = h.fate
	}
	return fates, nil
}

func (t *tx) hear(ctx context.Context, list []*hearing, now time.Time) error {
	for _, h := range list {
		var err error
		if h.fate, err = t.hearOne(ctx, h.InboundEvent, now); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) hearOne(ctx context.Context, h InboundEvent, now time.Time) (Fate, error) {
	referred, err := t.referredTo(ctx, h)
	if err != nil {
		return "", err
	}
	keys, fate, err := t.whoSpeaks(ctx, &h, referred, now)
	if err != nil || len(keys) == 0 {
		return fate, err
	}
	if h.Message {
		if err := t.breakSilence(ctx, keys); err != nil {
			return "", err
		}
	}
	if h.Opens {
		t.openWindow(h, now)
	}
	if h.OptIn {
		if err := t.restore(ctx, keys, h); err != nil {
			return "", err
		}
	}
	if h.OptOut != "" {
		old, err := t.stopWriting(ctx, h, keys, referred, now)
		if err != nil {
			return "", err
		}
		if old {
			fate = FateTakenBack
		}
	}
	if !h.Answers {
		return fate, nil
	}
	return fate, t.takeReply(ctx, h, keys, referred, now)
}

// whoSpeaks are the keys of the person, and none where that is not known, or
// somebody who was erased: nothing is sent to them, and nothing of theirs is kept.
// What answers a message comes from whoever had it, under whichever key.
func (t *tx) whoSpeaks(ctx context.Context, h *InboundEvent, referred campaign.MessageID, now time.Time) ([]string, Fate, error) {
	owner := ""
	if referred != 0 {
		var err error
		if owner, err = t.personOf(ctx, referred.Recipient()); err != nil {
			return nil, "", err
		}
	}
	told := slices.DeleteFunc(append([]string{h.Person}, append(h.Also, owner)...), func(key string) bool { return key == "" })
	if len(told) == 0 {
		return nil, FateNobody, nil
	}
	h.Person = told[0]
	erased, err := t.wasErased(ctx, h.Person)
	if err != nil {
		return nil, "", err
	}
	for _, other := range told[1:] {
		if err := t.linkKeys(ctx, other, h.Person, now); err != nil {
			return nil, "", err
		}
	}
	if erased {
		return nil, FateErased, nil
	}
	keys, err := t.keysOf(ctx, h.Person)
	if !slices.ContainsFunc(keys, campaign.IsNumber) {
		return keys, FateWaiting, err
	}
	return keys, FateOnRecord, err
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
func (t *tx) takeReply(ctx context.Context, h InboundEvent, keys []string, referred campaign.MessageID, now time.Time) error {
	if h.Edit {
		before, err := t.answeredBy(ctx, h, keys)
		if err != nil {
			return err
		}
		referred = cmp.Or(before, referred)
	}
	answered, err := t.answered(ctx, h, keys, referred)
	if err != nil || answered == nil {
		return err
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO replies (id, message_id, at, payload, text, pressed, opts_in) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE
		SET at = excluded.at, payload = excluded.payload, text = excluded.text, pressed = excluded.pressed, opts_in = excluded.opts_in
		WHERE $8 = 1 AND replies.message_id = excluded.message_id AND replies.at <= excluded.at`,
		h.replyID(), int64(answered.id), h.At.UnixMilli(), h.Reply.Payload, h.Reply.Text, bit(h.Reply.Pressed), bit(h.OptIn), bit(h.Edit))
	if err != nil {
		return fmt.Errorf("ledger: keep a reply: %w", err)
	}
	return t.follow(ctx, answered, now)
}

// replyID is what an answer is kept under. Two providers may give two messages the
// same identifier.
func (h *InboundEvent) replyID() string {
	if h.ID == "" {
		return fmt.Sprintf("%s %d", h.Person, h.At.UnixMilli())
	}
	return h.Channel + " " + h.ID
}

// answeredBy is the message that an answer of a person, which is edited now, was
// to; 0 for none.
func (t *tx) answeredBy(ctx context.Context, h InboundEvent, keys []string) (id campaign.MessageID, err error) {
	var owner string
	err = t.QueryRowContext(ctx, `
		SELECT a.message_id, COALESCE(r.person, '') FROM replies a JOIN recipients r ON r.id = a.message_id >> 4
		WHERE a.id = $1`, h.replyID()).Scan(&id, &owner)
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
	rows, err := t.QueryContext(ctx, `SELECT payload, text, pressed = 1, opts_in = 1 FROM replies WHERE message_id = $1 ORDER BY at, id`, int64(id))
	if err != nil {
		return nil, fmt.Errorf("ledger: replies: %w", err)
	}
	defer rows.Close()
	var list []campaign.Reply
	for rows.Next() {
		var r campaign.Reply
		if err := rows.Scan(&r.Payload, &r.Text, &r.Pressed, &r.OptsIn); err != nil {
			return nil, fmt.Errorf("ledger: replies: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// answered is the message that is answered, locked with those behind it; nil
// where it is not known, or no step waits for an answer to it. What an answer is
// edited into takes its place, whoever waits for it.
func (t *tx) answered(ctx context.Context, h InboundEvent, keys []string, id campaign.MessageID) (*message, error) {
	if id == 0 {
		var err error
		if id, err = t.newestBefore(ctx, h, keys, (*campaign.Definition).HearsReplies); err != nil || id == 0 {
			return nil, err
		}
	}
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil || !definition.HearsReplies(id.Step()) || h.OptIn && !h.Edit && !definition.AsksFor(id.Step(), h.Reply) {
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

// referredTo is the message that is answered, among those of the channels that
// may be spoken for; 0 for none.
func (t *tx) referredTo(ctx context.Context, h InboundEvent) (campaign.MessageID, error) {
	if h.ReplyTo == "" {
		return 0, nil
	}
	found, _, err := t.findAttempts(ctx, []Receipt{{ProviderID: h.ReplyTo, Peers: h.Peers}})
	return found[0].message, err
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
func (t *tx) newestBefore(ctx context.Context, h InboundEvent, keys []string, suits func(*campaign.Definition, int) bool) (campaign.MessageID, error) {
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return 0, err
	}
	var ids [][2]int64 // with the position of the channel
	for _, recipient := range rows {
		definition, err := t.definition(ctx, recipient.Campaign())
		if err != nil {
			return 0, err
		}
		position := definition.Position(h.Channel)
		if position < 0 {
			continue
		}
		for step := range definition.Steps {
			if suits(definition, step) {
				ids = append(ids, [2]int64{int64(recipient.Message(step)), int64(position)})
			}
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	var id campaign.MessageID
	err = t.QueryRowContext(ctx, t.l.sql(`
		SELECT m.id FROM EACH($1) AS v
		JOIN messages m ON m.id = CAST(v.value ->> 0 AS BIGINT) AND m.channel + 0 = CAST(v.value ->> 1 AS BIGINT)
		JOIN attempts a ON a.message_id = m.id AND a.n = m.attempt
		WHERE m.status + 0 IN (3, 4, 5, 6, 7, 8, 9) AND a.claimed_at <= $2
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
