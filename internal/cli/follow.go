package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"carillon/campaign"
	"carillon/client"
)

// Terminal reports whether out is one.
func Terminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Follow shows a campaign's progress on out until it has ended, and returns it
// as it is then. It fails where the campaign was cancelled. Where the context
// ends first, the campaign goes on, and the error says so.
func Follow(ctx context.Context, c *client.Client, launched client.Campaign, out io.Writer) (client.Campaign, error) {
	progress := NewProgress(out, SnapshotOf(launched.Campaign).Total, Terminal(out))
	last := launched
	ended, err := c.Watch(ctx, launched.ID, func(now client.Campaign) {
		if now.State == campaign.Paused && last.State != campaign.Paused {
			progress.Note("paused: " + now.Reason + "; `carillon resume " + now.ID + "` goes on")
		}
		noteQueue(progress, queueTrouble(last.Campaign), queueTrouble(now.Campaign))
		last = now
		progress.Update(SnapshotOf(now.Campaign))
	})
	if err == nil {
		progress.Update(SnapshotOf(ended.Campaign))
	}
	progress.Done()
	switch {
	case ctx.Err() != nil:
		return last, fmt.Errorf("waiting was interrupted; campaign %s goes on; `carillon status %[1]s` shows it, `carillon cancel %[1]s` ends it", launched.ID)
	case err != nil:
		return last, fmt.Errorf("campaign %s was launched, but cannot be watched: %w", launched.ID, err)
	case ended.State == campaign.Cancelled:
		return ended, fmt.Errorf("campaign %s was %s", ended.ID, orElse(ended.Reason, string(ended.State)))
	}
	return ended, nil
}

// noteQueue says what is new of the queues' trouble, and that it is over.
func noteQueue(progress *Progress, before, now []string) {
	for _, line := range now {
		if !slices.Contains(before, line) {
			progress.Note("the queue " + line)
		}
	}
	if len(before) > 0 && len(now) == 0 {
		progress.Note("the queue accepts tasks again")
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
