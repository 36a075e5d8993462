package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
)

// content is what a claim finds out about a step that has a content which is no
// template.
type content struct {
	step *campaign.Step
	// open says that the person's window stays open as long as the claim lives.
	open bool
	// answers is the person's message that the content is about.
	answers string
}

// free reports whether the content itself goes out. A reaction needs a message.
func (c *content) free() bool {
	return c != nil && c.open && (c.answers != "" || c.step.Kind() != campaign.KindReaction)
}

// closed reports whether nothing goes out, for there is no template either.
func (c *content) closed() bool {
	return c != nil && !c.free() && c.step.OtherwiseTemplate == nil
}

// lookAtWindows finds out what claims of free-form steps may send. A window
// counts as open that is so until the claim is taken for dead: whatever the worker
// does, nothing leaves later.
func (t *tx) lookAtWindows(ctx context.Context, claims []*claim) error {
	asked := map[campaign.MessageID][]*claim{}
	var batch, answering [][]any
	for _, c := range claims {
		c.content = nil
		id := c.task.Message
		definition, err := t.definitionOfTask(ctx, id.Campaign())
		if err != nil {
			return err
		}
		if id.Step() >= len(definition.Steps) || !definition.Steps[id.Step()].FreeForm() {
			continue // a stray task, or a template
		}
		c.content = &content{step: &definition.Steps[id.Step()]}
		numbers := definition.AllChannels()
		if c.sender.Position < 0 || c.sender.Position >= len(numbers) {
			continue // it is not on that number
		}
		entry := []any{int64(id), numbers[c.sender.Position]}
		if len(asked[id]) == 0 {
			batch = append(batch, entry)
			if c.content.asksForReply() {
				answering = append(answering, entry)
			}
		}
		asked[id] = append(asked[id], c)
	}
	if len(batch) == 0 {
		return nil
	}
	return t.fillContents(ctx, asked, batch, answering)
}

// asksForReply reports whether the message that is answered is looked up among the
// replies that are on record.
func (c *content) asksForReply() bool {
	s := c.step
	return s.After == campaign.AfterReply && (s.Reply || s.Read || s.Kind() == campaign.KindReaction)
}

func (t *tx) fillContents(ctx context.Context, asked map[campaign.MessageID][]*claim, batch, answering [][]any) error {
	windows, err := t.windowsOf(ctx, batch)
	if err != nil {
		return err
	}
	for id, list := range asked {
		w := windows[id]
		for _, c := range list {
			c.content.open = w.at > w.shut && c.until.Before(time.UnixMilli(w.at).Add(campaign.WindowFor))
			c.content.answers = w.message
		}
	}
	if len(answering) == 0 {
		return nil
	}
	replies, err := t.openedBy(ctx, asked, answering)
	if err != nil {
		return err
	}
	for id, reply := range replies {
		for _, c := range asked[id] {
			c.content.answers = reply
		}
	}
	return nil
}

// window is what is known of a person's window, under all keys of theirs.
type window struct {
	at, shut int64
	message  string
	messaged int64 // when the row of message was written to
}

// windowsSQL finds the windows of the people that messages are for, under the key
// of their row and all others.
const windowsSQL = `
	WITH asked AS (
		SELECT CAST(v.value ->> 0 AS BIGINT) AS id, v.value ->> 1 AS channel,
		       COALESCE((SELECT a.person FROM aliases a WHERE a.alias = r.person), r.person) AS chief
		FROM EACH($1) AS v JOIN recipients r ON r.id = (CAST(v.value ->> 0 AS BIGINT) >> 4)),
	known AS (
		SELECT id, channel, chief AS person FROM asked
		UNION ALL SELECT asked.id, asked.channel, b.alias FROM asked JOIN aliases b ON b.person = asked.chief)
	SELECT known.id, w.at, w.message, w.shut
	FROM known JOIN windows w ON w.person = known.person AND w.channel = known.channel`

func (t *tx) windowsOf(ctx context.Context, batch [][]any) (map[campaign.MessageID]window, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(windowsSQL), asJSON(batch))
	if err != nil {
		return nil, fmt.Errorf("ledger: windows: %w", err)
	}
	defer rows.Close()
	found := map[campaign.MessageID]window{}
	for rows.Next() {
		var id campaign.MessageID
		var at, shut int64
		var message string
		if err := rows.Scan(&id, &at, &message, &shut); err != nil {
			return nil, fmt.Errorf("ledger: windows: %w", err)
		}
		w := found[id]
		if message != "" && at >= w.messaged {
			w.message, w.messaged = message, at
		}
		w.at, w.shut = max(w.at, at), max(w.shut, shut)
		found[id] = w
	}
	return found, rows.Err()
}

// repliesBeforeSQL finds what was answered to the last message that went out
// before each of some.
const repliesBeforeSQL = `
	SELECT before.id, before.channel, r.id, r.payload, r.text, r.pressed = 1, r.opts_in = 1
	FROM (
		SELECT CAST(v.value ->> 0 AS BIGINT) AS id, v.value ->> 1 AS channel, (
			SELECT MAX(m.id) FROM messages m
			WHERE m.id >= ((CAST(v.value ->> 0 AS BIGINT) >> 4) << 4) AND m.id < CAST(v.value ->> 0 AS BIGINT)
			  AND m.status + 0 BETWEEN 4 AND 11) AS message
		FROM EACH($1) AS v) AS before
	JOIN replies r ON r.message_id = before.message
	ORDER BY before.id, r.at, r.id`

// openedBy are the provider's identifiers of the replies that opened the gates of
// messages: the first that suits, where it came to the same number.
func (t *tx) openedBy(ctx context.Context, asked map[campaign.MessageID][]*claim, batch [][]any) (map[campaign.MessageID]string, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(repliesBeforeSQL), asJSON(batch))
	if err != nil {
		return nil, fmt.Errorf("ledger: what was answered: %w", err)
	}
	defer rows.Close()
	found := map[campaign.MessageID]string{}
	for rows.Next() {
		var id campaign.MessageID
		var channel, key string
		var reply campaign.Reply
		if err := rows.Scan(&id, &channel, &key, &reply.Payload, &reply.Text, &reply.Pressed, &reply.OptsIn); err != nil {
			return nil, fmt.Errorf("ledger: what was answered: %w", err)
		}
		name, here := strings.CutPrefix(key, channel+" ")
		if found[id] == "" && here && asked[id][0].content.step.When.Suits(reply) {
			found[id] = name
		}
	}
	return found, rows.Err()
}

// skipClosed ends a message that is no template, for its person's window is shut
// and nothing goes out in its place. What is behind it goes by its own otherwise:
// stop ends the series, anything else passes it over.
func (t *tx) skipClosed(ctx context.Context, c *claim) error {
	m, err := t.message(ctx, c.task.Message)
	if err != nil || m == nil || m.status != campaign.Pending || m.attempt != c.task.Attempt-1 {
		return err
	}
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	m.explain(campaign.WindowClosed())
	t.set(m, campaign.Skipped, never(), c.now)
	if !m.passedOver(definition.Steps[m.id.Step()]) {
		return t.skipFrom(ctx, m.id, reasonBehind(m), c.now)
	}
	before, err := t.stepBefore(ctx, m.id, definition)
	if err != nil {
		return err
	}
	return t.follow(ctx, before, c.now)
}
