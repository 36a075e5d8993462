package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sethvargo/go-retry"

	"carillon/api"
)

// launchRetries is how often an upload is repeated that a lost connection cut
// off. The key that goes along keeps the campaign from being made twice.
const launchRetries = 4

// Upload is what to launch.
type Upload struct {
	Campaign, Contacts File
	// Media are the files that its messages have, under the names that the campaign
	// or its list has.
	Media []File
	// Kept is the id of a list that was uploaded before, in the place of Contacts.
	Kept string
	// KeptMedia are the ids of files that were uploaded before, which messages have under
	// their names.
	KeptMedia []string
	// Draft leaves the campaign as it comes in: nothing starts it.
	Draft bool
	// Key keeps the campaign from being made twice; if empty, it is one of the
	// launch's own.
	Key string
	// At is the time to start at; the zero time means at once.
	At time.Time
	// Late is by how much At may be missed at most; 0 means by however much.
	Late time.Duration
}

// File is a part of an upload. It is read anew each time it is sent.
type File struct {
	// Name is shown in errors. The server knows a file of Upload.Media by it, and does
	// not look at those of the others.
	Name string
	Open func() (io.ReadCloser, error)
}

// Path is a file that stands on the disk.
func Path(path string) File {
	return File{filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Text is a file that stands in memory alone.
func Text(name string, text []byte) File {
	return File{name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}

// Launch uploads a campaign with its list, which is read as it is sent, and
// starts it. An upload that a lost connection cut off is sent again, with a key
// that keeps the campaign from being made twice. What is wrong with the files is an
// *api.Problem of the kinds api.BadCampaign and api.BadContacts.
func (c *Client) Launch(ctx context.Context, up Upload) (Campaign, error) {
	key := cmp.Or(up.Key, rand.Text())
	var launched Campaign
	repeat := retry.WithMaxRetries(launchRetries, retry.NewExponential(c.Pause))
	first := true
	err := retry.Do(ctx, repeat, func(ctx context.Context) error {
		err := c.create(ctx, up, key, &launched)
		if errors.Is(err, ErrLost) || !first && stillImporting(err) {
			err = retry.RetryableError(err)
		}
		first = false
		return err
	})
	if ctx.Err() != nil {
		return Campaign{}, errors.New("interrupted before the server confirmed the campaign; `carillon list` shows whether it was made")
	}
	return launched, err
}

// stillImporting reports whether the server works on the request that was cut
// off.
func stillImporting(err error) bool {
	var refused *api.Problem
	return errors.As(err, &refused) && refused.Status == http.StatusConflict
}

func (c *Client) create(ctx context.Context, up Upload, key string, launched *Campaign) error {
	return c.sendParts(ctx, "/api/campaigns?"+up.query().Encode(), key, map[string]File{"campaign": up.Campaign, "contacts": up.Contacts}, launched, up.Media...)
}

// query says what becomes of the campaign.
func (up Upload) query() url.Values {
	query := url.Values{}
	setIf(query, "upload", up.Kept)
	query["media"] = up.KeptMedia
	switch {
	case up.Draft:
	case up.At.IsZero():
		query.Set("start", "true")
	default:
		query.Set("at", up.At.Format(time.RFC3339))
		if up.Late > 0 {
			query.Set("late", up.Late.String())
		}
	}
	return query
}

// sendParts sends files as the parts of a form, and those that messages have as parts
// media. Parts without content are left out.
func (c *Client) sendParts(ctx context.Context, path, key string, parts map[string]File, result any, media ...File) error {
	body, content := io.Pipe()
	form := multipart.NewWriter(content)
	written := make(chan struct{})
	go func() {
		defer close(written)
		content.CloseWithError(writeForm(form, parts, media))
	}()
	defer func() {
		_ = body.Close() // the writer ends, whether or not all was wanted
		<-written
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return c.upload(request, result)
}

func writeForm(form *multipart.Writer, parts map[string]File, media []File) error {
	for _, field := range slices.Sorted(maps.Keys(parts)) { // the campaign first
		if parts[field].Open == nil {
			continue
		}
		if err := parts[field].write(form, field); err != nil {
			return err
		}
	}
	for _, file := range media {
		if err := file.write(form, "media"); err != nil {
			return err
		}
	}
	return form.Close()
}

func (f File) write(form *multipart.Writer, field string) error {
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // it was only read
	part, err := form.CreateFormFile(field, f.Name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, content); err != nil {
		return fmt.Errorf("send %s: %w", f.Name, err)
	}
	return nil
}
