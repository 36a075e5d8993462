package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// endedFor is how much longer than its cookie could be worth anything it is
// remembered that a session has ended (ours: more than the clocks of two processes
// differ).
const endedFor = 24 * time.Hour

// EndSession has a session of a browser end for every process, for good. Its cookie
// expires at ends. To end one again changes nothing.
func (l *Ledger) EndSession(ctx context.Context, id string, ends time.Time) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO ended_sessions (hash, ends) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
			sessionHash(id), ends.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: end a session: %w", err)
		}
		return nil
	})
}

// SessionEnded reports whether a session has ended before its cookie expires.
func (l *Ledger) SessionEnded(ctx context.Context, id string) (ended bool, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM ended_sessions WHERE hash = $1)`, sessionHash(id)).Scan(&ended)
	if err != nil {
		return false, fmt.Errorf("ledger: look for a session: %w", err)
	}
	return ended, nil
}

// sessionHash is what stands for a session, so that nobody who reads the ledger
// learns its id.
func sessionHash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
