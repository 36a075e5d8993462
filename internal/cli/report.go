package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// Report writes a campaign's report, a CSV with a line per recipient and step,
// to out as it comes.
func (c *Client) Report(ctx context.Context, id string, out io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+campaignPath(id)+"/report.csv", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := c.send(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	to := &sink{out: out}
	if _, err := io.Copy(to, answer.Body); err != nil {
		if to.err != nil {
			return fmt.Errorf("write the report: %w", to.err)
		}
		return fmt.Errorf("the report is not whole: %w", c.unreachable(err))
	}
	return nil
}

// sink remembers that it was the writer who failed, not the reader.
type sink struct {
	out io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.err = err
	return n, err
}

// ReportFile writes a campaign's report into a file that its owner alone may
// read, whatever the umask and whatever the mode of a file that was there. The
// file appears when the report is whole; whatever goes wrong before leaves what
// was there. A symbolic link is replaced, and what it led to stays as it is: in
// a folder that others may write to, somebody else may have laid it.
func (c *Client) ReportFile(ctx context.Context, id, path string) (err error) {
	if about, err := os.Stat(path); err == nil && !about.Mode().IsRegular() {
		return Usagef("%s is no file; write to standard output by leaving the file's name out", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return Usagef("%w; name a file in a folder that may be written to", err)
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
