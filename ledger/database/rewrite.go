package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// undisturbed is how long a table or a file may be in somebody else's use before
// it is left as it is.
const undisturbed = 3 * time.Second

// Rewrite has the database forget what was overwritten in a table or deleted
// from it: both engines leave it in their files until they need the room. A
// SQLite file is rewritten as a whole, and one that takes more than a moment only
// if the caller is patient. The error says what to do.
func (db *DB) Rewrite(ctx context.Context, table string, patient bool) error {
	if db.file != "" {
		return db.rewriteFile(ctx, patient)
	}
	ctx, cancel := context.WithTimeout(ctx, undisturbed)
	defer cancel()
	if _, err := db.write.ExecContext(ctx, `VACUUM (FULL) `+table); err != nil {
		return fmt.Errorf("the table cannot be rewritten now (%w); it is tried again at the next start, or when you run carillon migrate", err)
	}
	return nil
}

// rewriteFile writes the file anew, without what was deleted from it or
// overwritten in it.
func (db *DB) rewriteFile(ctx context.Context, patient bool) (err error) {
	const by = "stop carillon and run: carillon migrate"
	about, err := os.Stat(db.file)
	if err != nil {
		return err
	}
	if about.Size() > checkedWhole && !patient {
		return fmt.Errorf("the file is too large to be rewritten now; %s", by)
	}
	conn, err := sql.Open("sqlite", fmt.Sprintf("%s?_pragma=busy_timeout(%d)", sqliteDSN(db.file), undisturbed.Milliseconds()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetMaxOpenConns(1)
	if _, err := conn.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("the file cannot be rewritten now (%w); %s", err, by)
	}
	var busy, pages, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	if err != nil || busy != 0 {
		return errors.Join(fmt.Errorf("another program is reading the file, so it cannot be rewritten; stop that program, then %s", by), err)
	}
	return nil
}
