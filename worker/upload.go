package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

const (
	// uploadLease is how long an upload is left to a worker that says nothing. It
	// says something every third of it.
	uploadLease = 15 * time.Second
	// mostUploads is how many files a worker uploads at once.
	mostUploads = 4
	// uploadRest is how long a file waits at least whose upload has paused its
	// campaign.
	uploadRest = 5 * time.Second
)

// upload stores a file at the provider and records what it is called there. Who
// has the lease does so; the others find the result in the ledger. Of an uploader
// that was killed the lease ends.
func (w *Worker) upload(key fileKey, file ledger.Attachment) {
	taken, err := w.ledger.TakeUpload(w.stopping, file.Hash, w.channel.Name, w.files.holder, uploadLease, w.now())
	if err != nil {
		w.log.Warn("cannot begin an upload and tries again", "file", key.name, "campaign", key.campaign, "error", err)
	}
	if err != nil || !taken {
		return
	}
	ctx, cancel := context.WithCancel(w.stopping)
	defer cancel()
	go w.holdUpload(ctx, cancel, file.Hash)
	id, until, err := w.store(ctx, file)
	overtaken := ctx.Err() != nil
	cancel()
	bounded, done := context.WithTimeout(context.WithoutCancel(ctx), settlePatience)
	defer done()
	switch {
	case err == nil:
		w.uploaded(bounded, key, file, id, until)
	case overtaken:
		err = w.ledger.LeaveUpload(bounded, file.Hash, w.channel.Name, w.files.holder)
		if err != nil && !errors.Is(err, ledger.ErrClosed) {
			w.log.Warn("cannot give an upload back; its lease ends by itself", "file", key.name, "error", err)
		}
	default:
		w.uploadFailed(bounded, key, file, err)
	}
}

// holdUpload keeps the lease until the context ends, and ends it where the lease is
// lost.
func (w *Worker) holdUpload(ctx context.Context, lost context.CancelFunc, hash string) {
	ticker := time.NewTicker(uploadLease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		held, err := w.ledger.HoldUpload(ctx, hash, w.channel.Name, w.files.holder, uploadLease)
		if err == nil && !held {
			lost()
			return
		}
	}
}

// contentError: what a file holds could not be read.
type contentError struct{ error }

func (e contentError) Unwrap() error { return e.error }

// stored notes why reading failed, which a transport does not tell apart from
// trouble with the network.
type stored struct {
	io.Reader
	failed error
}

func (c *stored) Read(into []byte) (int, error) {
	n, err := c.Reader.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	return n, err
}

// store uploads the file.
func (w *Worker) store(ctx context.Context, file ledger.Attachment) (id string, until time.Time, err error) {
	if file.Type == "" { // nothing is known of it but its name
		return "", until, contentError{ledger.ErrNotFound}
	}
	read := &stored{Reader: w.ledger.MediaContent(ctx, file.Hash)}
	id, until, err = w.channel.Media.Upload(ctx, whatsapp.Upload{
		Name: path.Base(file.Name), Type: file.Type, Size: file.Size, Content: read,
	})
	if err != nil && read.failed != nil {
		err = contentError{read.failed}
	}
	return id, until, err
}

func (w *Worker) uploaded(ctx context.Context, key fileKey, file ledger.Attachment, id string, until time.Time) {
	held, err := w.ledger.Uploaded(ctx, file.Hash, w.channel.Name, w.files.holder, id, until, w.now())
	switch {
	case err != nil:
		w.log.Error("cannot record an upload, so the file is uploaded again", "file", key.name, "campaign", key.campaign, "error", err)
	case held:
		w.log.Info("a file was uploaded", "file", key.name, "campaign", key.campaign, "bytes", file.Size)
	}
}

// uploadFailed records the failure. Passing trouble is tried again, later and later;
// for other a person has to act, so the campaign pauses.
func (w *Worker) uploadFailed(ctx context.Context, key fileKey, file ledger.Attachment, err error) {
	reason, passing, wait := w.judgeUpload(file, err)
	if !passing {
		wait = uploadRest
	}
	held, recorded := w.ledger.UploadFailed(ctx, file.Hash, w.channel.Name, w.files.holder, reason, w.now().Add(wait))
	switch {
	case recorded != nil:
		w.log.Error("cannot record why an upload failed, so it is tried again", "file", key.name, "error", recorded)
	case held && passing:
		w.log.Warn("an upload failed and is tried again", "file", key.name, "campaign", key.campaign, "tries", file.Tries+1, "wait", wait, "error", err)
	}
	if held && !passing {
		w.pauseBecause(ctx, key.campaign, reason, reason)
	}
}

// judgeUpload says what a failed upload means, whether it passes by itself, and how
// long to wait.
func (w *Worker) judgeUpload(file ledger.Attachment, err error) (reason string, passing bool, wait time.Duration) {
	wait = campaign.Backoff(file.Tries + 1)
	told := fmt.Sprintf("the file %q cannot be uploaded through channel %q: ", file.Name, w.channel.Name)
	var refusal *whatsapp.Error
	var unread contentError
	switch {
	case errors.As(err, &unread) && errors.Is(err, ledger.ErrNotFound):
		return told + "the ledger does not keep it any more; launch the campaign again with a list of the rows that are left", false, wait
	case errors.As(err, &unread), !errors.As(err, &refusal):
		return told + err.Error(), true, wait
	}
	w.metrics.failed(w.channel.Name, refusal.Reason)
	told += whatsapp.Excerpt(refusal.Error())
	switch refusal.Class {
	case whatsapp.Pause:
		return told + "; " + refusal.Hint, false, wait
	case whatsapp.BadRequest, whatsapp.Drop:
		return told + "; resume to try it again, or launch the campaign again with another file", false, wait
	}
	return told, true, max(wait, refusal.Wait)
}
