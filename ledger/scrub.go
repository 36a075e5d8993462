package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// leaveRemnants notes that the database's files may still hold secrets which
// were just overwritten or deleted. The note goes when Scrub has seen to it, so a
// process that dies in between leaves it to the next one.
func (t *tx) leaveRemnants(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ('remnants', '') ON CONFLICT (name) DO NOTHING`)
	if err != nil {
		return fmt.Errorf("ledger: note what is left of secrets: %w", err)
	}
	return nil
}

// Scrub has the database forget secrets that it has overwritten or deleted: both
// engines leave them in their files until they need the room. It does nothing
// where there are none. A SQLite file that takes more than a moment is rewritten
// only if the caller is patient. The error says what to do.
func (l *Ledger) Scrub(ctx context.Context, patient bool) error {
	var owed int
	if err := l.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM secrets WHERE name = 'remnants'`).Scan(&owed); err != nil || owed == 0 {
		return err
	}
	rewrite := l.rewriteSchedules
	if l.file != "" {
		rewrite = func(ctx context.Context) error { return l.rewriteFile(ctx, patient) }
	}
	if err := rewrite(ctx); err != nil {
		return err
	}
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `DELETE FROM secrets WHERE name = 'remnants'`)
		return err
	})
}

// undisturbed is how long a table or a file may be in somebody else's use before
// it is left as it is.
const undisturbed = 3 * time.Second

func (l *Ledger) rewriteSchedules(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, undisturbed)
	defer cancel()
	const statement = `VACUUM (FULL) schedules`
	if _, err := l.write.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("the table cannot be rewritten now (%w); it is tried again at the next start, or run carillon migrate", err)
	}
	return nil
}

// rewriteFile writes the file anew, without what was deleted from it or
// overwritten in it.
func (l *Ledger) rewriteFile(ctx context.Context, patient bool) (err error) {
	const by = "stop carillon and run: carillon migrate"
	about, err := os.Stat(l.file)
	if err != nil {
		return err
	}
	if about.Size() > checkedWhole && !patient {
		return fmt.Errorf("the file is too large to be rewritten on the way; %s", by)
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("%s?_pragma=busy_timeout(%d)", sqliteDSN(l.file), undisturbed.Milliseconds()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("the file cannot be rewritten now (%w); %s", err, by)
	}
	var busy, pages, moved int
	err = db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	if err != nil || busy != 0 {
		return errors.Join(fmt.Errorf("another program reads the file, which cannot be rewritten meanwhile; end that one, and then %s", by), err)
	}
	return nil
}
