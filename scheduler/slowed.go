package scheduler

import (
	"context"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// putOffRounds is how many consecutive times a feed puts messages of slowed
	// templates off, a list's worth each time, before it is another campaign's turn.
	putOffRounds = 4
	// lookPast is how many messages of a template that is being tried out are
	// looked past for others.
	lookPast = 2000
)

// slowedOn returns the templates that are slowed on a number, nil for none.
func slowedOn(name string, all []ledger.Slowed) map[campaign.TemplateName]ledger.Slowed {
	var found map[campaign.TemplateName]ledger.Slowed
	for _, s := range all {
		if s.Channel != name {
			continue
		}
		if found == nil {
			found = map[campaign.TemplateName]ledger.Slowed{}
		}
		found[s.Template] = s
	}
	return found
}

// sendsSlowed reports whether a campaign may send a template that is slowed. A
// free-form step is fed whatever its otherwise_template: the claim decides whether
// that goes out, and the worker gives it back then.
func (f *feeder) sendsSlowed(c ledger.Campaign) bool {
	for name := range f.slowed {
		for _, step := range c.Definition.Steps {
			if !step.FreeForm() && step.MaySend(name) {
				return true
			}
		}
	}
	return false
}

// offer is what of a campaign may be fed.
type offer struct {
	messages []ledger.Feedable
	limit    int // at which messages was cut off
	// probes are those that try a slowed template out.
	probes map[campaign.MessageID]campaign.TemplateName
}

// offer returns the messages of a campaign that may go, at most so many. Those
// whose template is slowed are put off; of those whose template is being tried
// out as many are left as the ledger allows. It returns nil where there are still
// others to be put off before it is known what may go.
func (f *feeder) offer(ctx context.Context, c ledger.Campaign, limit int, now time.Time) (*offer, error) {
	slowed := f.sendsSlowed(c)
	if slowed {
		limit += lookPast
	}
	for range putOffRounds {
		messages, err := f.ledger.Feedable(ctx, c.ID, c.Definition.Position(f.name), limit, now)
		if err != nil {
			return nil, err
		}
		if !slowed {
			return &offer{messages: messages, limit: limit}, nil
		}
		names, err := f.slowedAmong(ctx, c, messages)
		if err != nil {
			return nil, err
		}
		off, err := f.putOffSlowed(ctx, c, names, now)
		if err != nil {
			return nil, err
		}
		if !off {
			return f.tryOut(c, messages, names, limit, now), nil
		}
	}
	return nil, nil
}

// slowedAmong are the templates of those messages whose template is slowed.
func (f *feeder) slowedAmong(ctx context.Context, c ledger.Campaign, messages []ledger.Feedable) (map[campaign.MessageID]campaign.TemplateName, error) {
	names := map[campaign.MessageID]campaign.TemplateName{}
	var unclear []campaign.MessageID // the list has their language
	for _, m := range messages {
		step := c.Definition.Steps[m.ID.Step()]
		if step.FreeForm() {
			continue
		}
		name, fixed := step.FixedTemplate()
		_, slowed := f.slowed[name]
		switch {
		case fixed && slowed:
			names[m.ID] = name
		case !fixed && f.sendsUnderName(step.Template):
			unclear = append(unclear, m.ID)
		}
	}
	if len(unclear) == 0 {
		return names, nil
	}
	renderer, err := c.Definition.Compile(c.Columns)
	if err != nil {
		return nil, err
	}
	cells, err := f.ledger.Cells(ctx, unclear)
	if err != nil {
		return nil, err
	}
	for _, id := range unclear {
		name := renderer.TemplateOf(id.Step(), cells[id])
		if _, slowed := f.slowed[name]; slowed {
			names[id] = name
		}
	}
	return names, nil
}

// sendsUnderName reports whether a template is slowed in some language.
func (f *feeder) sendsUnderName(template string) bool {
	for name := range f.slowed {
		if name.Name == template {
			return true
		}
	}
	return false
}

// putOffSlowed puts off those messages whose template waits, and forgets that it
// fed them: their tasks find nothing to do. It reports whether there were any.
func (f *feeder) putOffSlowed(ctx context.Context, c ledger.Campaign, names map[campaign.MessageID]campaign.TemplateName, now time.Time) (bool, error) {
	later := map[time.Time]map[campaign.MessageID]time.Time{}
	for id, name := range names {
		until := f.slowed[name].Until
		if !until.After(now) {
			continue
		}
		if later[until] == nil {
			later[until] = map[campaign.MessageID]time.Time{}
		}
		later[until][id] = until
		delete(f.fed[c.ID], id)
	}
	for until, messages := range later {
		if err := f.ledger.Postpone(ctx, messages, campaign.ReasonSlowed(until), now); err != nil {
			return true, err
		}
	}
	return len(later) > 0, nil
}

// tryOut leaves of the messages whose template is being tried out those that are
// in the queue, and as many more as may go.
func (f *feeder) tryOut(c ledger.Campaign, messages []ledger.Feedable, names map[campaign.MessageID]campaign.TemplateName, limit int, now time.Time) *offer {
	queued := f.probing(c, messages, limit, now)
	found := &offer{limit: limit, probes: map[campaign.MessageID]campaign.TemplateName{}}
	for _, m := range messages {
		name, slowed := names[m.ID]
		known, fed := f.fed[c.ID][m.ID]
		switch {
		case !slowed, fed && known.attempt == m.Attempt:
		case queued[name] < f.slowed[name].Allowed:
			queued[name]++
			found.probes[m.ID] = name
		default:
			continue
		}
		found.messages = append(found.messages, m)
	}
	if len(messages) == limit {
		found.limit = len(found.messages)
	}
	return found
}

// probing counts the messages in the queue that try templates out. One of the
// campaign that is not among its messages has been taken up, unless these were
// cut off at limit: then it may stand behind them, and for a while counts.
func (f *feeder) probing(c ledger.Campaign, messages []ledger.Feedable, limit int, now time.Time) map[campaign.TemplateName]int {
	waits := make(map[campaign.MessageID]bool, len(messages))
	for _, m := range messages {
		waits[m.ID] = true
	}
	queued := map[campaign.TemplateName]int{}
	for id, fed := range f.fed {
		for message, known := range fed {
			taken := id == c.ID && !waits[message] && (len(messages) < limit || now.Sub(known.at) >= lostAfter)
			if _, slowed := f.slowed[known.probes]; slowed && !taken {
				queued[known.probes]++
			}
		}
	}
	return queued
}

// mark notes of those that were put into the queue which try a template out.
func (o *offer) mark(fed map[campaign.MessageID]feed) {
	for id, name := range o.probes {
		if known, ok := fed[id]; ok {
			known.probes = name
			fed[id] = known
		}
	}
}
