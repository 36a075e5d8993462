package admission

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
)

// Approval is what is known of the templates of a campaign.
type Approval struct {
	// Lists are those of the campaign's channels, fallback channels included.
	Lists []campaign.TemplateList
	// Notes say what could not be checked, or against what is old alone.
	Notes []string
}

// Text is what a recipient reads of a rendered template, empty where its own text is
// not known. Of several channels' templates it is that of the first that has it.
func (a *Approval) Text(t campaign.Template) string {
	for i := range a.Lists {
		if found := a.Lists[i].Find(campaign.TemplateName{Name: t.Name, Language: t.Language}); found != nil {
			return found.Text(t.Components)
		}
	}
	return ""
}

// Approve holds each step of a campaign against the templates of each channel that it
// may go out from. The error joins *campaign.Mistake where that does not fit. Where
// nothing is known nothing is refused.
func (d Door) Approve(ctx context.Context, def *campaign.Definition, now time.Time) (Approval, error) {
	var approval Approval
	if d.Templates == nil {
		return approval, nil
	}
	for _, channel := range def.AllChannels() {
		list, err := d.Templates(ctx, channel)
		if err != nil {
			return approval, fmt.Errorf("templates of channel %s: %w", channel, err)
		}
		approval.Lists = append(approval.Lists, list)
	}
	return approval, approval.judge(def, now)
}

// ApproveBy is Approve by lists that are known already.
func ApproveBy(lists []campaign.TemplateList, def *campaign.Definition, now time.Time) (Approval, error) {
	approval := Approval{Lists: lists}
	return approval, approval.judge(def, now)
}

// judge notes what is not known, and tells each mistake once, with the channels that
// it is about.
func (a *Approval) judge(def *campaign.Definition, now time.Time) error {
	var wrong []*campaign.Mistake
	channels := map[campaign.Mistake][]string{}
	for i := range a.Lists {
		list := &a.Lists[i]
		if note := list.Note(now); note != "" {
			a.Notes = append(a.Notes, note)
		}
		for step := range def.Steps {
			for _, m := range list.Check(&def.Steps[step]) {
				m.Path = fmt.Sprintf("steps[%d].%s", step, m.Path)
				if channels[*m] == nil {
					wrong = append(wrong, m)
				}
				channels[*m] = append(channels[*m], strconv.Quote(list.Channel))
			}
		}
	}
	all := make([]error, len(wrong))
	for i, m := range wrong {
		of := channels[*m]
		all[i] = &campaign.Mistake{Path: m.Path, Message: fmt.Sprintf("%s (channel %s)", m.Message, strings.Join(of, ", "))}
	}
	return errors.Join(all...)
}
