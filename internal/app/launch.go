package app

import (
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
	key := rand.Text()
	var launched Campaign
	repeat := retry.WithMaxRetries(launchRetries, retry.NewExponential(c.pause))
	first := true
	err := retry.Do(ctx, repeat, func(ctx context.Context) error {
		err := c.create(ctx, l, key, &launched)
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
		return usagef("%w; name a file that is there and may be read", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if about, err := file.Stat(); err == nil && about.IsDir() {
		return usagef("%s is a folder; name a file", path)
	}
	return nil
}

func (c *Client) create(ctx context.Context, l LaunchRequest, key string, launched *Campaign) error {
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
		content.CloseWithError(writeForm(form, l))
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

func writeForm(form *multipart.Writer, l LaunchRequest) error {
	for _, part := range []struct{ field, path string }{{"campaign", l.Campaign}, {"contacts", l.Contacts}} {
		if err := writePart(form, part.field, part.path); err != nil {
			return err
		}
	}
	return form.Close()
}

func writePart(form *multipart.Writer, field, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	part, err := form.CreateFormFile(field, filepath.Base(path))
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, file); err != nil {
		return fmt.Errorf("send %s: %w", path, err)
	}
	return nil
}
