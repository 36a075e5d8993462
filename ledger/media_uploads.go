package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// renewAgain is how long after an upload it is not renewed for a refusal (ours: many
// messages are under way that had the identifier before, and a file that the provider
// never takes must not be uploaded for each message).
const renewAgain = time.Minute

// endless is the end of what a provider never forgets: the year 9999.
var endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Attachment is a file of a campaign, and where it stands at the provider of a
// channel.
type Attachment struct {
	Name string
	// Hash is empty where the campaign has no file of this name.
	Hash string
	Type string
	Size int64
	// ID is the provider's identifier, empty before the first upload. It may be used
	// until Until, and is to be renewed from Renew on.
	ID           string
	Until, Renew time.Time
	// Busy says that somebody uploads it at this moment.
	Busy bool
	// Tries failed since the last success, the last one for Trouble; it is not tried
	// again before Due.
	Tries   int
	Trouble string
	Due     time.Time
}

// Usable reports whether messages may have the identifier.
func (a Attachment) Usable(now time.Time) bool { return a.ID != "" && now.Before(a.Until) }

const attachmentsSQL = `
	SELECT f.name, f.hash, COALESCE(m.type, ''), COALESCE(m.size, 0), COALESCE(u.media_id, ''), COALESCE(u.until, 0), COALESCE(u.renew_at, 0),
	       COALESCE(u.lease >= CLOCK, false), COALESCE(u.tries, 0), COALESCE(u.trouble, ''), COALESCE(u.due, 0)
	FROM campaign_media f
	LEFT JOIN media m ON m.hash = f.hash
	LEFT JOIN media_uploads u ON u.hash = f.hash AND u.channel = $2
	WHERE f.campaign_id = $1`

// Attachment returns a campaign's file by its name, as it stands at the provider of
// a channel. The error wraps ErrNotFound where the campaign has no such file.
func (l *Ledger) Attachment(ctx context.Context, id campaign.ID, name, channel string) (Attachment, error) {
	a, err := scanAttachment(l.read.QueryRowContext(ctx, l.sql(attachmentsSQL+` AND f.name = $3`), int64(id), channel, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("ledger: file %q of campaign %s: %w", name, id, ErrNotFound)
	}
	return a, err
}

// Attachments returns the first files of a campaign in the order of their names.
func (l *Ledger) Attachments(ctx context.Context, id campaign.ID, channel string, most int) ([]Attachment, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(attachmentsSQL+` ORDER BY f.name LIMIT $3`), int64(id), channel, most)
	if err != nil {
		return nil, fmt.Errorf("ledger: files of campaign %s: %w", id, err)
	}
	defer rows.Close()
	var all []Attachment
	for rows.Next() {
		a, err := scanAttachment(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("ledger: files of campaign %s: %w", id, err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

func scanAttachment(scan func(...any) error) (a Attachment, err error) {
	var until, renew, due int64
	err = scan(&a.Name, &a.Hash, &a.Type, &a.Size, &a.ID, &until, &renew, &a.Busy, &a.Tries, &a.Trouble, &due)
	a.Until, a.Renew, a.Due = time.UnixMilli(until).UTC(), time.UnixMilli(renew).UTC(), time.UnixMilli(due).UTC()
	return a, err
}

// TakeUpload has a holder upload a file to a channel's provider, for so long, and
// reports whether that is the holder's to do: the file is not there or is to be
// renewed, no other holder is at it, and it has not failed a moment ago.
func (l *Ledger) TakeUpload(ctx context.Context, hash, channel, holder string, ttl time.Duration, now time.Time) (taken bool, err error) {
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		var fence int
		err := t.QueryRowContext(ctx, t.l.sql(`
			INSERT INTO media_uploads (hash, channel, holder, lease) VALUES ($1, $2, $3, CLOCK + $4)
			ON CONFLICT (hash, channel) DO UPDATE SET holder = excluded.holder, lease = excluded.lease
			WHERE media_uploads.lease < CLOCK AND media_uploads.due <= $5 AND (media_uploads.media_id = '' OR media_uploads.renew_at <= $5)
			RETURNING 1`), hash, channel, holder, ttl.Milliseconds(), now.UnixMilli()).Scan(&fence)
		taken = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ledger: take an upload: %w", err)
	}
	return taken, nil
}

// HoldUpload renews a holder's lease, and reports whether it had it still.
func (l *Ledger) HoldUpload(ctx context.Context, hash, channel, holder string, ttl time.Duration) (bool, error) {
	return l.changeUpload(ctx, `
		UPDATE media_uploads SET lease = CLOCK + $4 WHERE hash = $1 AND channel = $2 AND holder = $3 AND lease >= CLOCK`,
		hash, channel, holder, ttl.Milliseconds())
}

// Uploaded records what the provider calls a file, and until when: the zero time
// for ever. It is renewed after five sixths of that: what Meta keeps for 30 days,
// after 25. It reports whether the holder had the lease still; the upload of one
// that was overtaken is not used.
func (l *Ledger) Uploaded(ctx context.Context, hash, channel, holder, id string, until, now time.Time) (bool, error) {
	renew := endless
	if until.IsZero() {
		until = endless
	} else {
		renew = now.Add(until.Sub(now) / 6 * 5)
	}
	return l.changeUpload(ctx, `
		UPDATE media_uploads SET media_id = $4, uploaded_at = $5, renew_at = $6, until = $7, tries = 0, trouble = '', due = 0, lease = 0
		WHERE hash = $1 AND channel = $2 AND holder = $3 AND lease >= CLOCK`,
		hash, channel, holder, id, now.UnixMilli(), renew.UnixMilli(), until.UnixMilli())
}

// UploadFailed records why an upload failed, and when it may be tried again.
func (l *Ledger) UploadFailed(ctx context.Context, hash, channel, holder, trouble string, due time.Time) (bool, error) {
	return l.changeUpload(ctx, `
		UPDATE media_uploads SET tries = tries + 1, trouble = $4, due = $5, lease = 0
		WHERE hash = $1 AND channel = $2 AND holder = $3 AND lease >= CLOCK`, hash, channel, holder, trouble, due.UnixMilli())
}

// LeaveUpload gives a lease back that came to nothing, so that nobody waits for its
// end.
func (l *Ledger) LeaveUpload(ctx context.Context, hash, channel, holder string) error {
	_, err := l.changeUpload(ctx, `
		UPDATE media_uploads SET lease = 0 WHERE hash = $1 AND channel = $2 AND holder = $3`, hash, channel, holder)
	return err
}

func (l *Ledger) changeUpload(ctx context.Context, query string, args ...any) (held bool, err error) {
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, t.l.sql(query), args...)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		held = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ledger: an upload: %w", err)
	}
	return held, nil
}

// renewMedia has the files of a message uploaded again that the provider may have
// forgotten, and the message tried once more. What was uploaded after the message
// was claimed is left alone.
func (t *tx) renewMedia(ctx context.Context, m *message, f campaign.Failure) (_ campaign.Failure, err error) {
	if !f.Media {
		return f, nil
	}
	names, err := t.filesOf(ctx, m.id)
	if err != nil || len(names) == 0 {
		return f, err
	}
	channel, err := t.number(ctx, m)
	if err != nil {
		return f, err
	}
	_, err = t.ExecContext(ctx, t.l.sql(`
		UPDATE media_uploads SET media_id = '', until = 0, renew_at = 0
		WHERE channel = $1 AND uploaded_at < (SELECT a.claimed_at FROM attempts a WHERE a.message_id = $4 AND a.n = $5) - $6 AND hash IN (
			SELECT u.hash FROM campaign_media u WHERE u.campaign_id = $2 AND u.name IN (SELECT value ->> 0 FROM EACH($3)))`),
		channel, int64(m.id.Campaign()), asJSON(nested(names)), int64(m.id), m.attempt, renewAgain.Milliseconds())
	if err != nil {
		return f, fmt.Errorf("ledger: renew the files of message %d: %w", m.id, err)
	}
	f.Retry, f.Tries, f.Invalid = true, 2, false
	return f, nil
}

// filesOf are the names of the files of a message; none where its person was
// erased.
func (t *tx) filesOf(ctx context.Context, id campaign.MessageID) ([]string, error) {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil || len(definition.Steps[id.Step()].FileUses()) == 0 {
		return nil, err
	}
	c, err := scanCampaign(t.QueryRowContext(ctx, `SELECT `+campaignColumns+` FROM campaigns WHERE id = $1`, int64(id.Campaign())).Scan)
	if err != nil {
		return nil, fmt.Errorf("ledger: campaign %s: %w", id.Campaign(), err)
	}
	renderer, err := c.Definition.Compile(c.Columns)
	if err != nil {
		return nil, fmt.Errorf("ledger: campaign %s: %w", id.Campaign(), err)
	}
	values, err := t.valuesOf(ctx, id.Recipient())
	if err != nil {
		return nil, err
	}
	return renderer.Files(id.Step(), values[:len(values)-1]), nil
}
