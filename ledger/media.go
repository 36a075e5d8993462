package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"carillon/campaign"
)

const (
	// mediaChunk is how much of a file a row holds, in bytes (ours: so much is
	// written in a few milliseconds, and is in memory at once).
	mediaChunk = 1 << 20
	// mediaFor is how long a finished campaign's files are kept: as long as receipts
	// may come that have a message sent again, and as an operator may retry.
	mediaFor = 30 * 24 * time.Hour
	// mediaGrace is how long a file is kept that no campaign uses.
	mediaGrace = time.Hour
)

// Keep stores a file under the name that the campaign has for it. What another
// campaign has brought is not stored again, and open is then not called. The
// content must be what its hash says.
func (in *Intake) Keep(ctx context.Context, name string, f campaign.File, open func() (io.ReadCloser, error), now time.Time) error {
	var complete bool
	err := in.l.do(ctx, background, func(ctx context.Context, t *tx) error {
		if err := in.touch(ctx, t, now); err != nil {
			return err
		}
		// The use comes first: whoever sweeps sees it, or is waited for below.
		_, err := t.ExecContext(ctx, `
			INSERT INTO campaign_media (campaign_id, name, hash) VALUES ($1, $2, $3) ON CONFLICT (campaign_id, name) DO NOTHING`,
			int64(in.id), name, f.Hash)
		if err != nil {
			return fmt.Errorf("ledger: a file of campaign %s: %w", in.id, err)
		}
		err = t.QueryRowContext(ctx, `
			INSERT INTO media (hash, type, size, complete, kept_at) VALUES ($1, $2, $3, 0, $4)
			ON CONFLICT (hash) DO UPDATE SET kept_at = excluded.kept_at
			RETURNING complete = 1`, f.Hash, f.Type, f.Size, now.UnixMilli()).Scan(&complete)
		if err != nil {
			return fmt.Errorf("ledger: keep a file: %w", err)
		}
		return nil
	})
	if err != nil || complete {
		return err
	}
	content, err := open()
	if err != nil {
		return fmt.Errorf("the file %q: %w", name, err)
	}
	defer func() { _ = content.Close() }() // it was only read
	if err := in.keepChunks(ctx, f, content, now); err != nil {
		return fmt.Errorf("the file %q: %w", name, err)
	}
	return nil
}

// keepChunks writes what a file holds, a piece at a time, so that sends need not
// wait for all of it. Pieces that somebody else writes at the same time are the
// same.
func (in *Intake) keepChunks(ctx context.Context, f campaign.File, content io.Reader, now time.Time) error {
	digest := sha256.New()
	buffer := make([]byte, mediaChunk)
	for n := 0; ; n++ {
		length, err := io.ReadFull(content, buffer)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return err
		}
		digest.Write(buffer[:length])
		last := ended && hex.EncodeToString(digest.Sum(nil)) == f.Hash
		if ended && !last {
			return errors.New("changed while it was read; try again")
		}
		err = in.l.do(ctx, background, func(ctx context.Context, t *tx) error {
			return in.keepChunk(ctx, t, f.Hash, n, buffer[:length], last, now)
		})
		if err != nil || last {
			return err
		}
	}
}

func (in *Intake) keepChunk(ctx context.Context, t *tx, hash string, n int, content []byte, last bool, now time.Time) error {
	if err := in.touch(ctx, t, now); err != nil {
		return err
	}
	if len(content) > 0 {
		_, err := t.ExecContext(ctx, `
			INSERT INTO media_chunks (hash, n, content) VALUES ($1, $2, $3) ON CONFLICT (hash, n) DO NOTHING`, hash, n, content)
		if err != nil {
			return fmt.Errorf("ledger: keep a file: %w", err)
		}
	}
	if !last {
		return nil
	}
	if _, err := t.ExecContext(ctx, `UPDATE media SET complete = 1 WHERE hash = $1`, hash); err != nil {
		return fmt.Errorf("ledger: keep a file: %w", err)
	}
	return nil
}

// MediaContent reads what a file holds, a piece at a time. Where it is not there
// any more, reading fails with ErrNotFound.
func (l *Ledger) MediaContent(ctx context.Context, hash string) io.Reader {
	return &mediaReader{ctx: ctx, l: l, hash: hash}
}

type mediaReader struct {
	ctx  context.Context
	l    *Ledger
	hash string
	n    int
	rest []byte
	err  error
}

func (r *mediaReader) Read(into []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		r.err = r.next()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *mediaReader) next() error {
	err := r.l.read.QueryRowContext(r.ctx, `SELECT content FROM media_chunks WHERE hash = $1 AND n = $2`, r.hash, r.n).Scan(&r.rest)
	switch {
	case errors.Is(err, sql.ErrNoRows) && r.n > 0:
		return io.EOF
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("ledger: what a file holds: %w", ErrNotFound)
	case err != nil:
		return fmt.Errorf("ledger: what a file holds: %w", err)
	}
	r.n++
	return nil
}

// tidyMedia deletes the files that no campaign uses which may still send, and what
// is known of those at providers that these have forgotten.
func (l *Ledger) tidyMedia(ctx context.Context, now time.Time) error {
	const most = 100 // files in a round
	unused, err := l.unusedMedia(ctx, now, most)
	if err != nil {
		return err
	}
	for _, hash := range unused {
		err := l.do(ctx, background, func(ctx context.Context, t *tx) error {
			done, err := t.ExecContext(ctx, `DELETE FROM media WHERE hash = $1 AND kept_at < $2`, hash, now.Add(-mediaGrace).UnixMilli())
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				return err // it has just come again
			}
			_, err = t.ExecContext(ctx, `DELETE FROM media_chunks WHERE hash = $1`, hash)
			return err
		})
		if err != nil {
			return fmt.Errorf("ledger: drop a file: %w", err)
		}
	}
	return l.do(ctx, background, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, t.l.sql(`
			DELETE FROM media_uploads
			WHERE until < $1 AND lease < CLOCK AND NOT EXISTS (SELECT 1 FROM media m WHERE m.hash = media_uploads.hash)`), now.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: drop uploads: %w", err)
		}
		return nil
	})
}

func (l *Ledger) unusedMedia(ctx context.Context, now time.Time, most int) (hashes []string, err error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT hash FROM media
		WHERE kept_at < $1 AND NOT EXISTS (
			SELECT 1 FROM campaign_media u JOIN campaigns c ON c.id = u.campaign_id
			WHERE u.hash = media.hash AND c.state <> 'cancelled' AND (c.finished_at IS NULL OR c.finished_at > $2))
		LIMIT $3`, now.Add(-mediaGrace).UnixMilli(), now.Add(-mediaFor).UnixMilli(), most)
	if err != nil {
		return nil, fmt.Errorf("ledger: unused files: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash string
		if err := rows.Scan(&hash); err != nil {
			return nil, fmt.Errorf("ledger: unused files: %w", err)
		}
		hashes = append(hashes, hash)
	}
	return hashes, rows.Err()
}
