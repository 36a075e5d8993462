package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"carillon/admission"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/internal/cli"
	"carillon/ledger"
	"carillon/scheduler"
	"carillon/sources"
)

// nextSlot is a schedule's first slot after a time. The error says, a line for
// each, what is wrong with the schedule.
func nextSlot(of campaign.Schedule, after time.Time) (time.Time, error) {
	cron, err := scheduler.ParseCron(of.Cron, of.Zone)
	if source := sources.Validate(of.Contacts); source != nil {
		err = errors.Join(err, fmt.Errorf("contacts: %w", source))
	}
	if err != nil {
		return time.Time{}, err
	}
	return cron.Next(after), nil
}

// syncSchedules tells the ledger which schedules the configuration has.
func syncSchedules(ctx context.Context, l *ledger.Ledger, wanted []campaign.Schedule, now time.Time) error {
	var all []ledger.NewSchedule
	var wrong []error
	for i, of := range wanted {
		next, err := nextSlot(of, now)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("schedules[%d] (%s): %w", i, of.Name, err))
		}
		all = append(all, ledger.NewSchedule{Schedule: of, Next: next})
	}
	if len(wrong) > 0 {
		return &cli.UsageError{Err: errors.Join(wrong...)}
	}
	return l.SyncSchedules(ctx, all, now)
}

// warnOfCampaigns tells which schedules have no campaign that can be read, long
// before their first slot fails. It may still be written until then.
func (l *importer) warnOfCampaigns(of []campaign.Schedule, log *slog.Logger) {
	for _, s := range of {
		if _, err := l.campaign(s); err != nil {
			log.Warn("a schedule's campaign cannot be read; correct it before the next slot", "schedule", s.Name, "error", err)
		}
	}
}

// importer makes the campaigns of slots: it reads the campaign's file, fetches
// the list, and imports both as an upload would be.
type importer struct {
	ledger admission.Ledger
	door   admission.Door
	// dir is the folder that relative paths count from.
	dir   string
	fetch fetch
	now   func() time.Time
}

// fetch gets the list of a slot into a temporary file, which is gone once it is
// closed. at is the slot's time in the schedule's zone; confined refuses files
// outside dir.
type fetch func(ctx context.Context, src campaign.Source, at time.Time, dir string, confined bool) (*os.File, error)

var _ scheduler.Importer = (*importer)(nil)

// Import makes the campaign of a slot, as a draft. What a person has to mend is
// scheduler.ErrHopeless.
func (l *importer) Import(ctx context.Context, of ledger.Schedule, slot campaign.Slot) (campaign.ID, error) {
	if of.Unusable != nil {
		return 0, hopeless{of.Unusable}
	}
	admitted, err := l.campaign(of.Schedule)
	if err != nil {
		return 0, err
	}
	files, done, err := l.files(of.Schedule)
	if err != nil {
		return 0, fmt.Errorf("the campaign's folder: %w", err)
	}
	defer done()
	zone, err := time.LoadLocation(of.Zone)
	if err != nil {
		return 0, hopeless{fmt.Errorf("zone: %w", err)}
	}
	file, err := l.fetch(ctx, of.Contacts, slot.At.In(zone), l.dir, of.Origin != ledger.FromConfig)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // nobody reads it any more
	imported, err := admitted.Import(ctx, l.ledger, admission.Upload{Key: slot.Key(), Files: files, By: ledger.ActorOf(slot)}, file, l.now)
	var exists *ledger.ExistsError
	var list *contacts.Error
	var mistake *campaign.Mistake
	switch {
	case errors.As(err, &exists) && !exists.Importing:
		return exists.ID, nil
	case errors.As(err, &list), errors.As(err, &mistake):
		return 0, hopeless{err}
	}
	return imported.ID, err
}

// campaign reads the schedule's campaign as it is now.
func (l *importer) campaign(of campaign.Schedule) (admitted admission.Campaign, err error) {
	text := []byte(of.Campaign)
	if of.CampaignFile != "" {
		if text, err = os.ReadFile(l.path(of)); err != nil { //nolint:gosec // the configuration names it
			return admitted, fmt.Errorf("the campaign's file: %w", err)
		}
	}
	admitted, err = l.door.Read(text)
	var unknown *admission.UnknownChannelError
	switch {
	case errors.As(err, &unknown):
		err = hopeless{fmt.Errorf("the campaign's file: channel %q is not in the configuration", unknown.Channel)}
	case err != nil:
		err = hopeless{fmt.Errorf("the campaign's file: %w", err)}
	}
	return admitted, err
}

// path is where the schedule's campaign is.
func (l *importer) path(of campaign.Schedule) string {
	if filepath.IsAbs(of.CampaignFile) {
		return of.CampaignFile
	}
	return filepath.Join(l.dir, of.CampaignFile)
}

// files are those beside the schedule's campaign. One that was added through the
// API has none.
func (l *importer) files(of campaign.Schedule) (files *admission.Files, done func(), err error) {
	if of.CampaignFile == "" {
		return admission.NewFiles(nil), func() {}, nil
	}
	root, err := os.OpenRoot(filepath.Dir(l.path(of)))
	if err != nil {
		return nil, nil, err
	}
	return admission.NewFiles(root.FS()), func() { _ = root.Close() }, nil // it was only read
}

// hopeless is an error that trying again does not mend.
type hopeless struct{ error }

func (h hopeless) Is(target error) bool { return target == scheduler.ErrHopeless }

func (h hopeless) Unwrap() error { return h.error }
