package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/ledger/database"
)

// Claimed is what a worker needs to send the message it has claimed.
type Claimed struct {
	// Phone is the recipient's number in E.164, or their user ID.
	Phone string
	// Person is the recipient's key.
	Person string
	// Cells are the row's values in the order of the campaign's columns.
	Cells []string
	// FreeForm says that the step's content goes out that is no template. Otherwise
	// its template does, or what it has in the place of one.
	FreeForm bool
	// Answers is, where FreeForm is set, the provider's identifier of the person's
	// message that is answered: of the reply that opened the step's gate, else of
	// their newest message to the number. It is empty where none is known.
	Answers string
}

// RefusedError says why a message may not be sent now. It is no trouble: the
// task that asked has nothing to do.
type RefusedError struct {
	// Reason is a label out of a closed set: gone, stopped, expired,
	// suppressed, early, hours, window.
	Reason string
}

func (e *RefusedError) Error() string { return "claim refused: " + e.Reason }

// RefusalReasons lists the labels of RefusedError, for metrics.
func RefusalReasons() []string {
	return []string{refusedGone, refusedStopped, refusedExpired, refusedSuppressed, refusedEarly, refusedHours, refusedWindow}
}

const (
	refusedGone       = "gone"       // sent, claimed or ended meanwhile, or another number's
	refusedStopped    = "stopped"    // the campaign does not run, or this number not for it
	refusedExpired    = "expired"    // the campaign's time is over
	refusedSuppressed = "suppressed" // the person has opted out
	refusedEarly      = "early"      // its time has not come
	refusedHours      = "hours"      // it is no time of day to write to the person
	refusedWindow     = "window"     // it is no template, and the person's window is shut
)

// claim is one request within a batch.
type claim struct {
	task   campaign.Task
	now    time.Time
	until  time.Time
	token  int64 // tells this claim from another's of the same attempt
	sender Sender

	opens   time.Time // when the person's hours begin; zero within them
	content *content  // of a step that has one which is no template
	claimed *Claimed
	refusal *RefusedError
}

// Sender is the number that a message is claimed for.
type Sender struct {
	// Position is where its channel stands in the campaign's list.
	Position int
	// Portfolio has a daily limit that the person counts for; empty: none.
	Portfolio string
}

// Claim takes a message for one attempt: it is on disk as posting, under the
// attempt's number, before Claim returns. A claim that is not settled until
// the given time is taken for dead, and its message becomes unknown.
//
// Claim tests in one statement that the message is pending, due, at the attempt
// before and on the sender's number, that its campaign runs, has not expired and
// has not stopped the number, and that the person has not opted out; and that it
// is within the campaign's hours for the person, which nothing changes. Otherwise
// it returns a *RefusedError.
//
// A content that is no template is granted where the person's window on the
// sender's number is open until the given time. Where it is shut the step's
// otherwise_template is granted; without one the message is skipped.
//
// Where a portfolio is named the person counts as reached by it from now on,
// for a day.
func (l *Ledger) Claim(ctx context.Context, task campaign.Task, by Sender, now, until time.Time) (Claimed, error) {
	c := &claim{task: task, sender: by, now: now, until: until, token: rand.Int64()}
	if err := l.commit.Submit(ctx, urgent, &job{claim: c}); err != nil {
		return Claimed{}, err
	}
	if c.refusal != nil {
		return Claimed{}, c.refusal
	}
	return *c.claimed, nil
}

// Wanted reports whether a message that was claimed is still to be sent: its
// campaign runs, on its number, and the person has not opted out since.
func (l *Ledger) Wanted(ctx context.Context, id campaign.MessageID) (bool, error) {
	var wanted bool
	err := l.read.QueryRowContext(ctx, `
		SELECT c.state = 'running' AND NOT `+stoppedSQL+` AND NOT `+suppressedSQL+`
		FROM messages JOIN campaigns c ON c.id = messages.campaign_id
		WHERE messages.id = $1`, int64(id)).Scan(&wanted)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("ledger: is message %d still wanted: %w", id, err)
	}
	return wanted, nil
}

// stoppedSQL is true for messages whose number does not send for the campaign.
const stoppedSQL = `EXISTS (
	SELECT 1 FROM campaign_channels s WHERE s.campaign_id = messages.campaign_id AND s.position = messages.channel)`

// claimSQL adds 0 to status and channel so that no planner takes the index of
// what is feedable, which holds a whole campaign: PostgreSQL believes it to be
// small until it has counted a new one. The messages are found by their ids.
const claimSQL = `
	UPDATE messages
	SET status = 3, attempt = attempt + 1, tries = tries + 1, due = CAST(v.column4 AS BIGINT), updated_at = CAST(v.column3 AS BIGINT)
	FROM (BATCH) AS v
	WHERE messages.id = CAST(v.column1 AS BIGINT)
	  AND messages.status + 0 = 2
	  AND messages.attempt = CAST(v.column2 AS BIGINT) - 1
	  AND messages.channel + 0 = CAST(v.column5 AS BIGINT)
	  AND messages.due <= CAST(v.column3 AS BIGINT)
	  AND EXISTS (
		SELECT 1 FROM campaigns c
		WHERE c.id = messages.campaign_id AND c.state = 'running'
		  AND (c.expires_at IS NULL OR c.expires_at > CAST(v.column3 AS BIGINT)))
	  AND NOT ` + stoppedSQL + `
	  AND NOT ` + suppressedSQL + `
	RETURNING id, attempt,
		(SELECT r.phone FROM recipients r WHERE r.id = (messages.id >> 4)),
		(SELECT r.person FROM recipients r WHERE r.id = (messages.id >> 4)),
		(SELECT r.cells FROM recipients r WHERE r.id = (messages.id >> 4))`

const attemptsSQL = `
	INSERT INTO attempts (message_id, n, claimed_at, token, channel, free_form)
	SELECT CAST(v.column1 AS BIGINT), CAST(v.column2 AS INTEGER), CAST(v.column3 AS BIGINT), CAST(v.column4 AS BIGINT),
	       CAST(v.column5 AS SMALLINT), NULLIF(CAST(v.column6 AS SMALLINT), 0)
	FROM (BATCH) AS v`

func (t *tx) claim(ctx context.Context, claims []*claim) error {
	if len(claims) == 0 {
		return nil
	}
	if err := t.lookAtHours(ctx, claims); err != nil {
		return err
	}
	if err := t.lookAtWindows(ctx, claims); err != nil {
		return err
	}
	// Of two claims of one message in a batch the later one is refused.
	asked := make(map[campaign.MessageID]*claim, len(claims))
	var open []*claim
	for _, c := range claims {
		c.claimed, c.refusal = nil, nil
		if asked[c.task.Message] != nil {
			c.refusal = &RefusedError{Reason: refusedGone}
			continue
		}
		asked[c.task.Message] = c
		if !c.opens.IsZero() || c.content.closed() {
			continue
		}
		open = append(open, c)
	}
	attempts, err := t.takeClaims(ctx, asked, open)
	if err != nil {
		return err
	}
	if err := t.execBatch(ctx, attemptsSQL, attempts); err != nil {
		return fmt.Errorf("ledger: record attempts: %w", err)
	}
	if err := t.reach(ctx, claims); err != nil {
		return err
	}
	for _, c := range claims {
		if c.claimed == nil && c.refusal == nil {
			if err := t.refuse(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeClaims moves the messages that may go, and returns their attempts.
func (t *tx) takeClaims(ctx context.Context, asked map[campaign.MessageID]*claim, open []*claim) (*database.Rows, error) {
	slices.SortFunc(open, func(a, b *claim) int { return cmp.Compare(a.task.Message, b.task.Message) }) // locked in the order in which lock does
	rows := database.NewRows(5, len(open))
	for _, c := range open {
		rows.Add(int64(c.task.Message), c.task.Attempt, c.now.UnixMilli(), c.until.UnixMilli(), c.sender.Position)
	}
	attempts := database.NewRows(6, len(open))
	err := t.queryBatch(ctx, claimSQL, rows, func(row *sql.Rows) error {
		var id campaign.MessageID
		var attempt int64
		var got Claimed
		var cells []byte
		if err := row.Scan(&id, &attempt, &got.Phone, &got.Person, &cells); err != nil {
			return err
		}
		if err := json.Unmarshal(cells, &got.Cells); err != nil {
			return fmt.Errorf("cells of row %d of campaign %s: %w", id.Recipient().Row(), id.Campaign(), err)
		}
		c := asked[id]
		c.grant(got, c.content.free())
		attempts.Add(int64(id), attempt, c.now.UnixMilli(), c.token, c.sender.Position, bit(c.claimed.FreeForm))
		t.moved(id, campaign.Pending, true, campaign.Posting, true)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: claim: %w", err)
	}
	return attempts, nil
}

// regrant grants a claim that was committed before, while the answer to the
// commit was lost on its way.
func (t *tx) regrant(ctx context.Context, c *claim) (granted bool, err error) {
	var got Claimed
	var cells []byte
	var free bool
	err = t.QueryRowContext(ctx, `
		SELECT r.phone, r.person, r.cells, COALESCE(a.free_form, 0) = 1 FROM attempts a JOIN recipients r ON r.id = (a.message_id >> 4)
		WHERE a.message_id = $1 AND a.n = $2 AND a.token = $3 AND a.outcome = ''`,
		int64(c.task.Message), c.task.Attempt, c.token).Scan(&got.Phone, &got.Person, &cells, &free)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ledger: look for a claim: %w", err)
	}
	if err := json.Unmarshal(cells, &got.Cells); err != nil {
		return false, fmt.Errorf("ledger: cells: %w", err)
	}
	c.grant(got, free)
	return true, nil
}

// grant tells whoever claimed what they may send: the content that is no template
// where free says so.
func (c *claim) grant(got Claimed, free bool) {
	if free && c.content != nil {
		got.FreeForm, got.Answers = true, c.content.answers
	}
	c.claimed = &got
}

// refuse finds out why a claim was not granted. A message of a person who has
// opted out, and one that their window is shut for, is skipped then and there, and
// one that came outside the hours is put off.
func (t *tx) refuse(ctx context.Context, c *claim) error {
	var status campaign.Status
	var state string
	var due, expires sql.NullInt64
	var attempt, position int
	var stopped, suppressed bool
	err := t.QueryRowContext(ctx, `
		SELECT messages.status, messages.attempt, messages.channel, messages.due, c.state, c.expires_at, `+stoppedSQL+`, `+suppressedSQL+`
		FROM messages JOIN campaigns c ON c.id = messages.campaign_id
		WHERE messages.id = $1`, int64(c.task.Message)).Scan(&status, &attempt, &position, &due, &state, &expires, &stopped, &suppressed)
	if errors.Is(err, sql.ErrNoRows) {
		c.refusal = &RefusedError{Reason: refusedGone}
		return nil
	}
	if err != nil {
		return fmt.Errorf("ledger: why message %d was refused: %w", c.task.Message, err)
	}
	if status == campaign.Posting && attempt == c.task.Attempt {
		if granted, err := t.regrant(ctx, c); err != nil || granted {
			return err
		}
	}
	now := c.now.UnixMilli()
	reason := refusedGone
	switch {
	case status != campaign.Pending || attempt != c.task.Attempt-1 || position != c.sender.Position:
	case suppressed:
		reason = refusedSuppressed
		if err := t.skipUnwanted(ctx, c.now, c.task.Message); err != nil {
			return err
		}
	case state != string(campaign.Running) || stopped:
		reason = refusedStopped
	case expires.Valid && expires.Int64 <= now:
		reason = refusedExpired
	case due.Int64 > now:
		reason = refusedEarly
	case !c.opens.IsZero():
		reason = refusedHours
		until := map[campaign.MessageID]time.Time{c.task.Message: c.opens}
		if err := t.postpone(ctx, until, campaign.ReasonHours, c.now); err != nil {
			return err
		}
	case c.content.closed():
		reason = refusedWindow
		if err := t.skipClosed(ctx, c); err != nil {
			return err
		}
	}
	c.refusal = &RefusedError{Reason: reason}
	return nil
}
