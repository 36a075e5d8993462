package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// fileFor is how long it is believed what the ledger says of a file: another
	// process may have uploaded it, or met that the provider has forgotten it.
	fileFor = time.Second
	// uploadAgain is how long a message waits whose file is not there yet.
	uploadAgain = time.Second
	// mostKnown bounds the memory of files; a list may name one for each row.
	mostKnown = 1000
)

var errUploading = errors.New("its file is not uploaded yet")

// reasonUploading is why a message waits.
const reasonUploading = "its file is being uploaded"

// files are what a worker knows of its channel's files, and the uploads that it has
// under way.
type files struct {
	mu     sync.Mutex
	known  map[fileKey]knownFile
	flying map[string]bool // by hash
	holder string          // names this worker in the ledger
	group  sync.WaitGroup
}

// fileKey is a file as a campaign calls it.
type fileKey struct {
	campaign campaign.ID
	name     string
}

type knownFile struct {
	ledger.Attachment
	asked time.Time
}

// loadFiles sees to it that the files are there which a step has for all rows. As
// long as one is not, the task goes back to the queue.
func (w *Worker) loadFiles(ctx context.Context, s *send) error {
	step := s.task.Message.Step()
	if step >= len(s.campaign.fixed) {
		return nil // the claim refuses what there is not
	}
	_, ready, err := w.fileIDs(ctx, s, s.campaign.fixed[step])
	switch {
	case err != nil:
		return &backError{after: retryLedger, why: err}
	case !ready:
		return &backError{after: uploadAgain, why: errUploading}
	}
	return nil
}

// renderWithFiles renders a claimed message. Where one of its files is not there
// yet, the claim is given back, and errDone returned.
func (w *Worker) renderWithFiles(ctx context.Context, s *send) error {
	step := s.task.Message.Step()
	var names []string
	if step < len(s.campaign.fixed) {
		names = s.campaign.renderer.Files(step, s.claimed.Cells)
	}
	ids, ready, err := w.fileIDs(ctx, s, names)
	if err == nil && !ready || err != nil && !errors.Is(err, ledger.ErrNotFound) {
		s.departure.Cancel()
		return w.releaseUntil(ctx, s, w.now().Add(uploadAgain), reasonUploading)
	}
	if err == nil {
		err = s.render(ids)
	}
	if err != nil {
		s.departure.Cancel()
		return w.unrenderable(ctx, s, err)
	}
	return nil
}

// fileIDs are what the provider calls these files. Where one is not there, or is to
// be renewed, its upload is begun.
func (w *Worker) fileIDs(ctx context.Context, s *send, names []string) (ids map[string]string, ready bool, err error) {
	if len(names) == 0 {
		return nil, true, nil
	}
	ids = make(map[string]string, len(names)) // nil would show the names
	ready = true
	if w.channel.Media == nil {
		reason := fmt.Sprintf("the provider of channel %q keeps no files; launch the campaign again with a link in place of the file, or from another channel", w.channel.Name)
		w.pauseBecause(ctx, s.task.Message.Campaign(), reason, reason)
		return nil, false, nil
	}
	for _, name := range names {
		key := fileKey{s.task.Message.Campaign(), name}
		file, err := w.file(ctx, key)
		if err != nil {
			return nil, false, err
		}
		now := w.now()
		usable := file.Usable(now)
		if !usable || !now.Before(file.Renew) {
			w.beginUpload(key, file)
		}
		ids[name], ready = file.ID, ready && usable
	}
	return ids, ready, nil
}

// file is a file as the ledger had it a moment ago.
func (w *Worker) file(ctx context.Context, key fileKey) (ledger.Attachment, error) {
	now := w.now()
	w.files.mu.Lock()
	known, found := w.files.known[key]
	w.files.mu.Unlock()
	if found && now.Sub(known.asked) < fileFor {
		return known.Attachment, nil
	}
	file, err := w.ledger.Attachment(ctx, key.campaign, key.name, w.channel.Name)
	if err != nil {
		return file, err
	}
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	if len(w.files.known) >= mostKnown {
		clear(w.files.known)
	}
	w.files.known[key] = knownFile{file, now}
	return file, nil
}

// forget has the ledger asked about a campaign's files before the next message.
func (f *files) forget(id campaign.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.known {
		if key.campaign == id {
			delete(f.known, key)
		}
	}
}

// renews reports whether a refusal is perhaps about an upload that the provider has
// forgotten: it then says nothing of the campaign yet.
func (w *Worker) renews(s *send) bool {
	if s.refusal == nil || !s.refusal.Media || s.task.Attempt > 1 {
		return false
	}
	takes, _ := s.campaign.renderer.TakesFiles(s.task.Message.Step())
	return takes
}

// fixedFiles are the files that each step has for all rows.
func fixedFiles(r *campaign.Renderer, steps int) [][]string {
	fixed := make([][]string, steps)
	for step := range fixed {
		fixed[step] = r.FixedFiles(step)
	}
	return fixed
}

// beginUpload uploads a file beside the sends, where nobody is at it.
func (w *Worker) beginUpload(key fileKey, file ledger.Attachment) {
	if file.Busy || w.now().Before(file.Due) || w.stopping.Err() != nil {
		return
	}
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	if w.files.flying[file.Hash] || len(w.files.flying) >= mostUploads {
		return
	}
	w.files.flying[file.Hash] = true
	w.files.group.Go(func() {
		w.upload(key, file)
		w.files.mu.Lock()
		defer w.files.mu.Unlock()
		delete(w.files.flying, file.Hash)
		delete(w.files.known, key)
	})
}
