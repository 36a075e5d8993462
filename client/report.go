package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
		return fmt.Errorf("the report is incomplete: %w", c.unreachable(err))
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
