package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"carillon/client"
)

// ReportFile writes a campaign's report into a file that its owner alone may
// read, whatever the umask and whatever the mode of a file that was there. The
// file appears when the report is whole; whatever goes wrong before leaves what
// was there. A symbolic link is replaced, and what it led to stays as it is: in
// a folder that others may write to, somebody else may have laid it.
func ReportFile(ctx context.Context, c *client.Client, id, path string) (err error) {
	if about, err := os.Stat(path); err == nil && !about.Mode().IsRegular() {
		return Usagef("%s is not a file; leave the name out to write to standard output", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return Usagef("%w; name a file in a writable folder", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(file.Chmod(0o600), c.Report(ctx, id, file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
