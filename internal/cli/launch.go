package cli

import (
	"context"
	"os"
	"time"

	"carillon/client"
)

// LaunchRequest is what to launch.
type LaunchRequest struct {
	// Campaign and Contacts are paths of files.
	Campaign, Contacts string
	// Media is the folder of the files that the list names; empty for that of the
	// campaign's file.
	Media string
	// At is the time to start at; the zero time means at once.
	At time.Time
	// Late is by how much At may be missed at most; 0 means by however much.
	Late time.Duration
}

// Launch uploads a campaign with its list and starts it. A file that cannot be read
// is a *UsageError.
func Launch(ctx context.Context, c *client.Client, l LaunchRequest) (client.Campaign, error) {
	for _, path := range []string{l.Campaign, l.Contacts} {
		if err := readable(path); err != nil {
			return client.Campaign{}, err
		}
	}
	up := client.Upload{Campaign: client.Path(l.Campaign), Contacts: client.Path(l.Contacts), At: l.At, Late: l.Late}
	// A campaign that this version cannot read is for the server to read.
	if def, err := readCampaign(l.Campaign); err == nil {
		source, done, err := openMedia(l.Campaign, l.Media, def)
		if err != nil {
			return client.Campaign{}, err
		}
		defer done()
		if up.Media, err = usedMedia(ctx, def, l.Contacts, source); err != nil {
			return client.Campaign{}, err
		}
	}
	return c.Launch(ctx, up)
}

// readable makes a *UsageError of a path that is no file one can read.
func readable(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return Usagef("%w; name a file that exists and is readable", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if about, err := file.Stat(); err == nil && about.IsDir() {
		return Usagef("%s is a folder; name a file", path)
	}
	return nil
}
