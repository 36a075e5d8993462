package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// Notice is a provider's word on a template, a number or an account.
type Notice struct {
	// Topic is what kind of thing is told. Later news of the same topic about the
	// same template, number or account replace earlier ones.
	Topic string
	// Trouble says what it is about: the channel that it was told of, the account of
	// that, and the template. Its scope is PauseNothing for news that stop nothing.
	Trouble campaign.Trouble
	// Reason is a label, Detail says what to do and, with it, what the provider says.
	Reason, Detail string
	// At is when, by the provider's clock; zero where it is not told.
	At time.Time
	// Present is what the provider said of the present when it was asked because
	// of the notice.
	Present Present
	// Facts are what is known of channels by it.
	Facts []Fact
}

// Present says how something stands that a notice is about.
type Present int8

const (
	// NotAsked: nobody has asked the provider.
	NotAsked Present = iota
	// Unanswered: it cannot be asked, or has not answered.
	Unanswered
	// Holds: the trouble is there.
	Holds
	// Over: it is not.
	Over
)

// Taken is what became of a notice.
type Taken struct {
	// Ask says that the provider has to be asked for the present before anything is
	// stopped: the notice tells no time. Nothing is on record then.
	Ask bool
	// Repeated says that it was on record already, and so did nothing more.
	Repeated bool
	// Stopped is how many campaigns it stopped, or numbers of them.
	Stopped int
	// Effect is what is on record of what it did; empty for nothing.
	Effect string
}

// HeardNotice is a notice on record.
type HeardNotice struct {
	Channel, Topic, Template, Language string
	Reason, Detail                     string
	// At is when by the provider's clock, zero where it was not told.
	At                    time.Time
	FirstHeard, LastHeard time.Time
	// Heard is how often.
	Heard int
	// Effect is what it did, empty for nothing.
	Effect string
}

// exactness is how exactly providers tell a time: what happened within a second
// of it may have been before or after.
const exactness = time.Second

// TakeNotice puts a notice on record and stops what it makes unusable, until a
// person has acted; of a campaign that has other numbers only those that it
// concerns. It does both or neither. One that is on record stops nothing, and
// neither does one that is older than what is known since. A campaign that was
// resumed since then goes on.
//
// One that tells no time counts when it is heard first, and again once something
// else was heard in between; before it stops anything the provider has to be
// asked, which Taken says.
func (l *Ledger) TakeNotice(ctx context.Context, n Notice, now time.Time) (taken Taken, err error) {
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		taken, err = t.takeNotice(ctx, n, now)
		return err
	})
	return taken, err
}

// The effects that are no pause.
const (
	effectOld  = "nothing: later news is on record"
	effectOver = "nothing: asked about it, the provider says that it is over"
)

func (t *tx) takeNotice(ctx context.Context, n Notice, now time.Time) (Taken, error) {
	if err := t.lockNotices(ctx); err != nil {
		return Taken{}, err
	}
	if repeated, err := t.hearAgain(ctx, n, now); err != nil || repeated {
		return Taken{Repeated: repeated}, err
	}
	stops, err := t.stoppedByNotice(ctx, n)
	if err != nil {
		return Taken{}, err
	}
	old, err := t.outdated(ctx, n)
	if err != nil {
		return Taken{}, err
	}
	var taken Taken
	switch {
	case old:
		taken.Effect = effectOld
	case len(stops) == 0:
	case n.At.IsZero() && n.Present == NotAsked:
		return Taken{Ask: true}, nil
	case n.Present == Over:
		taken.Effect = effectOver
	default:
		if taken.Stopped, err = t.stopAll(ctx, stops, n.text(), now); err != nil {
			return Taken{}, err
		}
		taken.Effect = paused(taken.Stopped)
	}
	if err := t.keepNotice(ctx, n, taken.Effect, now); err != nil {
		return Taken{}, err
	}
	return taken, t.keepFacts(ctx, n.Facts)
}

func paused(campaigns int) string {
	if campaigns == 1 {
		return "paused 1 campaign"
	}
	return fmt.Sprintf("paused %d campaigns", campaigns)
}

// text is the reason of what the notice stops.
func (n *Notice) text() string {
	if n.Detail == "" {
		return n.Reason
	}
	return n.Reason + ": " + n.Detail
}

// owner is one channel of the account, or the number that it is about: the same
// whichever of them was told.
func (n *Notice) owner() string {
	if n.Trouble.Scope == campaign.PauseChannel || len(n.Trouble.Account) == 0 {
		return n.Trouble.Number
	}
	return min(n.Trouble.Number, slices.Min(n.Trouble.Account))
}

func (n *Notice) subject() string {
	return hashOf(n.Topic, n.owner(), n.Trouble.Step.Template, n.Trouble.Step.Language)
}

func (n *Notice) key() string {
	at := ""
	if !n.At.IsZero() {
		at = fmt.Sprint(n.At.UnixMilli())
	}
	return hashOf(n.subject(), string(n.Trouble.Scope), n.Reason, n.Detail, at)
}

func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// lockNotices has transactions that take notices do so one after the other: the
// same may come at once to two processes.
func (t *tx) lockNotices(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO leases (name, holder, fence, until) VALUES ('notices', '', 0, 0)
		ON CONFLICT (name) DO UPDATE SET fence = leases.fence`)
	if err != nil {
		return fmt.Errorf("ledger: lock the notices: %w", err)
	}
	return nil
}

// hearAgain notes that a notice on record was told again. One without a time is
// the same only while nothing else was heard of its subject.
func (t *tx) hearAgain(ctx context.Context, n Notice, now time.Time) (repeated bool, err error) {
	var last string
	err = t.QueryRowContext(ctx, `SELECT key FROM notices WHERE key = $1`, n.key()).Scan(&last)
	if err == nil && n.At.IsZero() {
		err = t.QueryRowContext(ctx, `SELECT key FROM notices WHERE subject = $1 ORDER BY last_heard DESC, first_heard DESC, key LIMIT 1`, n.subject()).Scan(&last)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("ledger: notices: %w", err)
	case last != n.key():
		return false, nil
	}
	_, err = t.ExecContext(ctx, `UPDATE notices SET heard = heard + 1, last_heard = $2 WHERE key = $1`, last, now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("ledger: hear a notice again: %w", err)
	}
	return true, nil
}

// stoppedByNotice locks the campaigns that a notice stops and returns them.
func (t *tx) stoppedByNotice(ctx context.Context, n Notice) ([]stopped, error) {
	if n.Trouble.Scope == campaign.PauseNothing {
		return nil, nil
	}
	return t.concerned(ctx, n.Trouble, 0, n.At)
}

// outdated reports whether something later is known than what a notice tells:
// other news of its subject, or that the number can send.
func (t *tx) outdated(ctx context.Context, n Notice) (bool, error) {
	if n.At.IsZero() {
		return false, nil
	}
	var later int
	err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM notices WHERE subject = $1 AND at > $2`, n.subject(), n.At.UnixMilli()).Scan(&later)
	if err != nil {
		return false, fmt.Errorf("ledger: later notices: %w", err)
	}
	if later > 0 || n.Trouble.Scope != campaign.PauseChannel && n.Trouble.Scope != campaign.PauseAccount {
		return later > 0, nil
	}
	err = t.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM channel_states
		WHERE channel = $1 AND fact = $2 AND value = $3 AND source = $4 AND told_at > $5`,
		n.Trouble.Number, FactHealth, campaign.HealthAvailable, SourceAsked, n.At.Add(exactness).UnixMilli()).Scan(&later)
	if err != nil {
		return false, fmt.Errorf("ledger: what is known since a notice: %w", err)
	}
	return later > 0, nil
}

// keepNotice writes a notice down. One without a time may be there already.
func (t *tx) keepNotice(ctx context.Context, n Notice, effect string, now time.Time) error {
	step := n.Trouble.Step
	_, err := t.ExecContext(ctx, `
		INSERT INTO notices (key, subject, channel, topic, template, language, reason, detail, at, first_heard, last_heard, heard, effect)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1, $11)
		ON CONFLICT (key) DO UPDATE SET heard = notices.heard + 1, last_heard = excluded.last_heard, effect = excluded.effect`,
		n.key(), n.subject(), n.Trouble.Number, n.Topic, step.Template, step.Language, n.Reason, n.Detail, millis(n.At), now.UnixMilli(), effect)
	if err != nil {
		return fmt.Errorf("ledger: keep a notice: %w", err)
	}
	return nil
}

// Notices returns what was told of some channels, at most limit of them, those
// heard last first.
func (l *Ledger) Notices(ctx context.Context, channels []string, limit int) ([]HeardNotice, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT channel, topic, template, language, reason, detail, at, first_heard, last_heard, heard, effect FROM notices
		WHERE channel IN (SELECT value ->> 0 FROM EACH($1)) ORDER BY last_heard DESC, first_heard DESC, key LIMIT $2`),
		asJSON(nested(channels)), limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: notices: %w", err)
	}
	defer rows.Close()
	var all []HeardNotice
	for rows.Next() {
		var n HeardNotice
		var at sql.NullInt64
		var first, last int64
		err := rows.Scan(&n.Channel, &n.Topic, &n.Template, &n.Language, &n.Reason, &n.Detail, &at, &first, &last, &n.Heard, &n.Effect)
		if err != nil {
			return nil, fmt.Errorf("ledger: notices: %w", err)
		}
		n.At, n.FirstHeard, n.LastHeard = moment(at), time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
		all = append(all, n)
	}
	return all, rows.Err()
}

const (
	// noticesFor is how long a notice is remembered (ours: providers repeat a
	// webhook for days, Meta for seven).
	noticesFor = 90 * 24 * time.Hour
	// mostNotices is how many are remembered of a channel.
	mostNotices = 1000
)

// dropNotices forgets the oldest notices of channels that have had too many.
func (t *tx) dropNotices(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `
		DELETE FROM notices WHERE key IN (SELECT key FROM (
			SELECT key, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY last_heard DESC, key) AS place FROM notices) AS ranked
		WHERE place > $1)`, mostNotices)
	if err != nil {
		return fmt.Errorf("ledger: drop old notices: %w", err)
	}
	return nil
}

// Concerns reports whether a notice is about something that a campaign uses, and
// account are the channels of the account of the notice's.
func (n HeardNotice) Concerns(d *campaign.Definition, account []string) bool {
	about := campaign.Trouble{Scope: campaign.PauseAccount, Number: n.Channel, Account: account}
	switch {
	case n.Template != "":
		about.Scope, about.Step = campaign.PauseTemplate, campaign.Step{Template: n.Template, Language: n.Language}
	case strings.HasPrefix(n.Topic, "number_"):
		about.Scope = campaign.PauseChannel
	}
	return len(about.Stops(d)) > 0
}

// About reports whether a notice is about a channel or its account.
func (n HeardNotice) About(channel string, account []string) bool {
	return n.Channel == channel || !strings.HasPrefix(n.Topic, "number_") && slices.Contains(account, channel)
}
