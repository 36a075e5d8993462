package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/ledger"
	"carillon/sources"
)

// listsFolder is the folder beside the configuration from which schedules that
// are added by the API may read files: there is nothing else in it.
const listsFolder = "lists"

// schedulesOf are the schedules of the configuration.
func schedulesOf(config *configs.Config) []campaign.Schedule {
	var all []campaign.Schedule
	for _, s := range config.Schedules {
		all = append(all, s.Definition())
	}
	return all
}

// nextAllowed is nextSlot for a schedule of any origin: only the configuration may
// have lists elsewhere than in the folder for them.
func nextAllowed(of ledger.Schedule, after time.Time) (time.Time, error) {
	next, err := nextSlot(of.Schedule, after)
	if of.Origin == ledger.FromConfig {
		return next, err
	}
	if _, outside := withinLists(of.Contacts); outside != nil {
		return time.Time{}, errors.Join(outside, err)
	}
	return next, err
}

// fetchList gets the list of a slot.
func fetchList(ctx context.Context, src campaign.Source, at time.Time, dir string, confined bool) (*os.File, error) {
	if confined {
		var err error
		if src, err = withinLists(src); err != nil {
			return nil, hopeless{err}
		}
		dir = filepath.Join(dir, listsFolder)
	}
	file, err := sources.Fetch(ctx, src, at, sources.Options{Dir: dir, Confined: confined})
	if errors.Is(err, sources.ErrRefused) {
		err = hopeless{err}
	}
	return file, err
}

// withinLists makes the paths of a source relative to the folder of the lists,
// where they have to be.
func withinLists(src campaign.Source) (campaign.Source, error) {
	const sqlite = "sqlite:"
	inside := func(path string) (string, error) {
		rest, found := strings.CutPrefix(filepath.ToSlash(path), listsFolder+"/")
		if !found {
			return "", fmt.Errorf("contacts: %s is not in the folder %s beside the configuration; schedules that are added while the program runs can only read files there; "+
				"write %s/…, or put the schedule into the configuration", path, listsFolder, listsFolder)
		}
		return rest, nil
	}
	var err error
	if src.File != "" {
		src.File, err = inside(src.File)
	} else if file, found := strings.CutPrefix(src.DSN, sqlite); found {
		src.DSN, err = inside(file)
		src.DSN = sqlite + src.DSN
	}
	return src, err
}
