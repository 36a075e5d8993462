package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// UploadsFor is how long an upload is kept: long enough for a campaign that is
	// written in the afternoon and started the next morning.
	UploadsFor = 24 * time.Hour
	// maxUploads is how many bytes all uploads together may have (ours: ten lists of
	// the largest size).
	maxUploads = 10 * 200 << 20
	// uploadPiece is how many bytes of an upload a row holds: little enough for one
	// transaction between others.
	uploadPiece = 256 << 10
)

// ErrUploadsFull: the uploads that are kept take all the room there is for them.
var ErrUploadsFull = errors.New("the uploads of the last day take all the room that there is for them")

// Upload is a list, or a file for messages, that is kept for a campaign which is not
// written yet.
type Upload struct {
	// ID is one that nobody can guess.
	ID string
	// Owner is who brought it, Name that of the file.
	Owner, Name string
	Size        int64
	// Hash is the SHA-256 of the content, in hexadecimal.
	Hash    string
	Created time.Time
}

// Expires is when the upload goes.
func (u Upload) Expires() time.Time { return u.Created.Add(UploadsFor) }

// AddUpload keeps an upload, whose Size is that of the content. It is there when this
// has returned; pieces of one that did not come to its end go as uploads do. The error
// wraps ErrUploadsFull where there is no room.
func (l *Ledger) AddUpload(ctx context.Context, u Upload, content io.Reader) error {
	if err := l.roomFor(ctx, u.Size); err != nil {
		return err
	}
	piece := make([]byte, uploadPiece)
	for n := 0; ; n++ {
		read, err := io.ReadFull(content, piece)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("ledger: upload %s: %w", u.Name, err)
		}
		if err := l.addPiece(ctx, u, n, piece[:read]); err != nil {
			return err
		}
	}
	return l.do(ctx, background, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO uploads (id, owner, name, size, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			u.ID, u.Owner, u.Name, u.Size, u.Hash, u.Created.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: keep an upload: %w", err)
		}
		return nil
	})
}

func (l *Ledger) roomFor(ctx context.Context, size int64) error {
	var taken int64
	if err := l.read.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM uploads`).Scan(&taken); err != nil {
		return fmt.Errorf("ledger: uploads: %w", err)
	}
	if taken+size > maxUploads {
		return fmt.Errorf("ledger: %w", ErrUploadsFull)
	}
	return nil
}

func (l *Ledger) addPiece(ctx context.Context, u Upload, n int, content []byte) error {
	return l.do(ctx, background, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO upload_pieces (upload_id, n, content, created_at) VALUES ($1, $2, $3, $4)`,
			u.ID, n, content, u.Created.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: keep a piece of an upload: %w", err)
		}
		return nil
	})
}

// Upload finds an upload of this owner that is still kept. The error wraps ErrNotFound
// where there is none.
func (l *Ledger) Upload(ctx context.Context, id, owner string, now time.Time) (Upload, error) {
	u := Upload{ID: id, Owner: owner}
	var created int64
	err := l.read.QueryRowContext(ctx, `SELECT name, size, hash, created_at FROM uploads WHERE id = $1 AND owner = $2 AND created_at > $3`,
		id, owner, now.Add(-UploadsFor).UnixMilli()).Scan(&u.Name, &u.Size, &u.Hash, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return u, fmt.Errorf("ledger: upload: %w", ErrNotFound)
	}
	if err != nil {
		return u, fmt.Errorf("ledger: upload: %w", err)
	}
	u.Created = time.UnixMilli(created).UTC()
	return u, nil
}

// ReadUpload writes the content of an upload, piece by piece. The error wraps
// ErrNotFound where it is not there as a whole any more.
func (l *Ledger) ReadUpload(ctx context.Context, u Upload, to io.Writer) error {
	var written int64
	for n := 0; written < u.Size; n++ {
		var piece []byte
		err := l.read.QueryRowContext(ctx, `SELECT content FROM upload_pieces WHERE upload_id = $1 AND n = $2`, u.ID, n).Scan(&piece)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("ledger: upload: %w", ErrNotFound)
		}
		if err != nil {
			return fmt.Errorf("ledger: read an upload: %w", err)
		}
		if _, err := to.Write(piece); err != nil {
			return err
		}
		written += int64(len(piece))
	}
	return nil
}

// dropUploads removes the uploads from before a time: first what makes them visible,
// then a few of their pieces at a time.
func (l *Ledger) dropUploads(ctx context.Context, before time.Time) error {
	err := l.do(ctx, background, func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM uploads WHERE created_at < $1`, before.UnixMilli()); err != nil {
			return fmt.Errorf("ledger: drop uploads: %w", err)
		}
		return nil
	})
	for gone := 1; err == nil && gone > 0; {
		err = l.do(ctx, background, func(ctx context.Context, t *tx) (err error) {
			gone, err = t.dropPieces(ctx, before)
			return err
		})
	}
	return err
}

// dropPieces removes some pieces of uploads from before a time, and says how many.
func (t *tx) dropPieces(ctx context.Context, before time.Time) (int, error) {
	rows, err := t.QueryContext(ctx, `SELECT upload_id, n FROM upload_pieces WHERE created_at < $1 ORDER BY created_at LIMIT 16`, before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("ledger: old uploads: %w", err)
	}
	defer rows.Close()
	type piece struct {
		upload string
		n      int
	}
	var old []piece
	for rows.Next() {
		var p piece
		if err := rows.Scan(&p.upload, &p.n); err != nil {
			return 0, fmt.Errorf("ledger: old uploads: %w", err)
		}
		old = append(old, p)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("ledger: old uploads: %w", err)
	}
	for _, p := range old {
		if _, err := t.ExecContext(ctx, `DELETE FROM upload_pieces WHERE upload_id = $1 AND n = $2`, p.upload, p.n); err != nil {
			return 0, fmt.Errorf("ledger: drop a piece of an upload: %w", err)
		}
	}
	return len(old), nil
}
