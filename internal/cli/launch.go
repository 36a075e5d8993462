package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/sethvargo/go-retry"
)

// launchRetries is how often an upload is repeated that a lost connection cut
// off. The key that goes along keeps the campaign from being made twice.
const launchRetries = 4

// LaunchRequest is what to launch.
type LaunchRequest struct {
	// Campaign and Contacts are paths of files.
	Campaign, Contacts string
	// At is the time to start at; the zero time means at once.
	At time.Time
	// Late is by how much At may be missed at most; 0 means by however much.
	Late time.Duration
}

// Launch uploads a campaign with its list, which is read as it is sent, and
// starts it. A file that cannot be read is a *UsageError.
func (c *Client) Launch(ctx context.Context, l LaunchRequest) (Campaign, error) {
	for _, path := range []string{l.Campaign, l.Contacts} {
		if err := readable(path); err != nil {
			return Campaign{}, err
		}
	}
	return c.launch(ctx, l, []part{fileOf("campaign", l.Campaign), fileOf("contacts", l.Contacts)})
}

// part is a file of an upload. It is read anew each time it is sent.
type part struct {
	field, name string
	open        func() (io.ReadCloser, error)
}

// fileOf is a part that stands on the disk.
func fileOf(field, path string) part {
	return part{field, filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }}
}

// textOf is a part that stands in memory alone.
func textOf(field, name string, text []byte) part {
	return part{field, name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}

func (c *Client) launch(ctx context.Context, l LaunchRequest, parts []part) (Campaign, error) {
	key := rand.Text()
	var launched Campaign
	repeat := retry.WithMaxRetries(launchRetries, retry.NewExponential(c.pause))
	first := true
	err := retry.Do(ctx, repeat, func(ctx context.Context) error {
		err := c.create(ctx, l, parts, key, &launched)
		if errors.Is(err, errLost) || !first && stillImporting(err) {
			err = retry.RetryableError(err)
		}
		first = false
		return err
	})
	if ctx.Err() != nil {
		return Campaign{}, errors.New("interrupted before the server confirmed the campaign; `carillon list` shows whether there is one")
	}
	return launched, err
}

// stillImporting reports whether the server works on the request that was cut
// off.
func stillImporting(err error) bool {
	var refused *Problem
	return errors.As(err, &refused) && refused.Status == http.StatusConflict
}

// readable makes a *UsageError of a path that is no file one can read.
func readable(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return Usagef("%w; name a file that is there and may be read", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if about, err := file.Stat(); err == nil && about.IsDir() {
		return Usagef("%s is a folder; name a file", path)
	}
	return nil
}

func (c *Client) create(ctx context.Context, l LaunchRequest, parts []part, key string, launched *Campaign) error {
	query := url.Values{"start": {"true"}}
	if !l.At.IsZero() {
		query = url.Values{"at": {l.At.Format(time.RFC3339)}}
		if l.Late > 0 {
			query.Set("late", l.Late.String())
		}
	}
	body, content := io.Pipe()
	form := multipart.NewWriter(content)
	written := make(chan struct{})
	go func() {
		defer close(written)
		content.CloseWithError(writeForm(form, parts))
	}()
	defer func() {
		_ = body.Close() // the writer ends, whether or not all was wanted
		<-written
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/campaigns?"+query.Encode(), body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Idempotency-Key", key)
	return c.upload(request, launched)
}

func writeForm(form *multipart.Writer, parts []part) error {
	for _, p := range parts {
		if err := p.write(form); err != nil {
			return err
		}
	}
	return form.Close()
}

func (p part) write(form *multipart.Writer) error {
	content, err := p.open()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // it was only read
	part, err := form.CreateFormFile(p.field, p.name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, content); err != nil {
		return fmt.Errorf("send %s: %w", p.name, err)
	}
	return nil
}
