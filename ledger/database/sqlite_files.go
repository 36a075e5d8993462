package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// private is the mode of everything the ledger makes: it holds people's
// numbers, so the umask does not decide who reads it.
const private fs.FileMode = 0o600

// makeFile makes the ledger's file where there is none. SQLite would make it
// readable by everybody; its -wal, -shm and -journal take the mode of this one.
func makeFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // whatever is wrong with it shows when it is opened
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, private)
	if err != nil {
		return fmt.Errorf("ledger %s: %w; check the folder's permissions", path, err)
	}
	return errors.Join(file.Chmod(private), file.Close()) // a umask may have taken the owner's rights away
}

// Exposed returns the database's files that their mode opens to other users of
// the machine, -wal and -shm included. A ledger of an older version may have
// some. PostgreSQL looks after its own.
func (db *DB) Exposed() []string {
	if db.file == "" {
		return nil
	}
	path := db.file
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // SQLite puts the others beside it
	}
	const others fs.FileMode = 0o077
	var exposed []string
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if about, err := os.Stat(path + suffix); err == nil && about.Mode()&others != 0 {
			exposed = append(exposed, path+suffix)
		}
	}
	return exposed
}
