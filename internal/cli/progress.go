package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
)

// plainEvery is the shortest time between two lines of progress where there is
// no terminal: often enough to see life, seldom enough for a log.
const plainEvery = 3 * time.Second

// Snapshot is how far a campaign has come.
type Snapshot struct {
	// Sent counts the messages a provider took, whatever became of them.
	Sent int64
	// Delivered counts those that reached the device, and Failed those that
	// will not.
	Delivered, Failed int64
	// Total is how many messages there are to send; it may change.
	Total int64
	// Rate is in messages a second, 0 where it is not known.
	Rate float64
}

func (s Snapshot) String() string {
	text := fmt.Sprintf("sent %d/%d  delivered %d  failed %d", s.Sent, s.Total, s.Delivered, s.Failed)
	if s.Rate > 0 {
		text += "  " + admission.RateText(s.Rate)
	}
	return text
}

// Progress shows snapshots as they come: a bar on a terminal, a line every few
// seconds elsewhere. It is used by one goroutine at a time.
type Progress struct {
	out io.Writer
	// bar is nil where there is no terminal.
	bar *progressbar.ProgressBar

	last    Snapshot
	shown   string
	shownAt time.Time
}

// NewProgress begins to show progress on out, which is a terminal or not.
// total may be 0 where it is not known yet.
func NewProgress(out io.Writer, total int64, terminal bool) *Progress {
	p := &Progress{out: out, last: Snapshot{Total: total}}
	if terminal {
		p.bar = progressbar.NewOptions64(max(total, 1),
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetWidth(24),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetDescription(p.last.String()))
	}
	return p
}

// Update shows s.
func (p *Progress) Update(s Snapshot) {
	p.last = s
	if p.bar != nil {
		p.bar.ChangeMax64(max(s.Total, 1))
		_ = p.bar.Set64(min(s.Sent, max(s.Total, 1))) // it fails when there is no terminal to write to
		p.bar.Describe(s.String())
		return
	}
	if time.Since(p.shownAt) >= plainEvery {
		p.line()
	}
}

// line writes the last snapshot, unless it is there to be read already.
func (p *Progress) line() {
	text := p.last.String()
	if text == p.shown {
		return
	}
	p.shown, p.shownAt = text, time.Now()
	fmt.Fprintln(p.out, text)
}

// Note writes a line of text above the progress.
func (p *Progress) Note(text string) {
	if p.bar != nil {
		_ = p.bar.Clear() // as in Update
	}
	fmt.Fprintln(p.out, text)
}

// Done leaves the last snapshot to be read and ends the line. Nothing is shown
// after it.
func (p *Progress) Done() {
	if p.bar == nil {
		p.line()
		return
	}
	_ = p.bar.Exit()
	fmt.Fprintln(p.out)
}

// SnapshotOf is how far a campaign has come.
func SnapshotOf(c api.Campaign) Snapshot {
	sum := func(statuses ...campaign.Status) (n int64) {
		for _, s := range statuses {
			n += c.Counts[s]
		}
		return n
	}
	arrived := sum(campaign.Delivered, campaign.Read)
	lost := sum(campaign.Failed, campaign.Undelivered)
	s := Snapshot{
		Sent:      sum(campaign.Accepted, campaign.Held, campaign.Sent) + arrived + lost,
		Delivered: arrived,
		Failed:    lost,
		Rate:      c.Rate,
	}
	s.Total = s.Sent + sum(campaign.Waiting, campaign.Pending, campaign.Posting, campaign.Unknown)
	return s
}
