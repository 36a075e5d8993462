package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// The clocks of template lists (ours: a provider takes 200 to 5,000 such requests an
// hour (Meta, rate limits page), and tells of changes by webhook).
const (
	// freshFor is how old a list may be that a campaign is held against.
	freshFor = 5 * time.Minute
	// listEvery is how often a list is asked for anew, give or take a tenth.
	listEvery = time.Hour
	// listAgain is when a list is asked for again that could not be had, and staleAgain
	// when one is that has changed since.
	listAgain  = 5 * time.Minute
	staleAgain = 15 * time.Second
	// patience is how long whoever starts a campaign waits for a provider, and how long a provider that
	// did not answer is left alone by them.
	patience = 10 * time.Second
)

// Library lists the templates of an account.
type Library interface {
	Templates(ctx context.Context) ([]campaign.Approved, error)
}

// TemplateLedger is what template lists need of the record.
type TemplateLedger interface {
	Templates(ctx context.Context, account string) (ledger.KeptTemplates, error)
	TemplateStates(ctx context.Context) ([]ledger.TemplateState, error)
	KeepTemplates(ctx context.Context, account string, templates []campaign.Approved, asked time.Time) error
	FailTemplates(ctx context.Context, account, why string, tried time.Time) error
	NoticeTemplates(ctx context.Context, account string, now time.Time) error
}

var _ TemplateLedger = (*ledger.Ledger)(nil)

// TemplateSource is where the templates of a channel are to be had.
type TemplateSource struct {
	// Account names what channels share that have the same templates.
	Account string
	// Library lists them; nil where nobody does, and then Unlisted says why.
	Library  Library
	Unlisted string
}

// Templates knows the templates of channels. The lists are in the ledger, so that
// all processes share them; any process may ask for one. Its methods may be called
// concurrently.
type Templates struct {
	ledger   TemplateLedger
	sources  map[string]TemplateSource // by channel
	accounts map[string]*account
	log      *slog.Logger
	now      func() time.Time
}

// account is asked by one at a time.
type account struct {
	name    string
	channel string // one of its channels
	library Library
	asking  chan struct{} // who asks has put one in
}

// NewTemplates makes the templates of channels, by their names.
func NewTemplates(l TemplateLedger, sources map[string]TemplateSource, log *slog.Logger, now func() time.Time) *Templates {
	t := &Templates{ledger: l, sources: sources, accounts: map[string]*account{}, log: log, now: now}
	for channel, source := range sources {
		if known := t.accounts[source.Account]; source.Library != nil && (known == nil || channel < known.channel) {
			t.accounts[source.Account] = &account{name: source.Account, channel: channel, library: source.Library, asking: make(chan struct{}, 1)}
		}
	}
	return t
}

// Of returns the templates of a channel for a campaign that is about to come in. A
// list that is not fresh is asked for first; where that fails, the list that there is
// serves, and says so. The error is the ledger's.
func (t *Templates) Of(ctx context.Context, channel string) (campaign.TemplateList, error) {
	return t.list(ctx, channel, func(now time.Time, kept *ledger.TemplateState) bool {
		left := kept.Failure != "" && now.Sub(kept.Tried) < patience
		return !left && (!kept.Kept() || kept.Stale() || now.Sub(kept.Asked) >= freshFor)
	})
}

// Refresh asks for the list of a channel anew, and returns it as Of does.
func (t *Templates) Refresh(ctx context.Context, channel string) (campaign.TemplateList, error) {
	begun := t.now()
	return t.list(ctx, channel, func(_ time.Time, kept *ledger.TemplateState) bool { return !kept.Asked.After(begun) })
}

// list returns the list of a channel, which is asked for where that is wanted.
func (t *Templates) list(ctx context.Context, channel string, wanted func(now time.Time, kept *ledger.TemplateState) bool) (campaign.TemplateList, error) {
	list := campaign.TemplateList{Channel: channel}
	source := t.sources[channel]
	of := t.accounts[source.Account]
	if of == nil {
		list.Trouble = source.Unlisted
		return list, nil
	}
	kept, err := t.ledger.Templates(ctx, of.name)
	if err != nil {
		return list, err
	}
	if wanted(t.now(), &kept.TemplateState) {
		if kept, err = t.ask(ctx, of, patience, wanted); err != nil {
			return list, err
		}
	}
	list.Templates, list.Fetched = kept.Templates, kept.Asked
	if kept.Failure != "" {
		list.Trouble = "the provider did not list its templates: " + kept.Failure
	}
	return list, nil
}

// ask has the provider list its templates, unless somebody else has just done so. It
// takes no longer than most, also where somebody else is asking all that time.
func (t *Templates) ask(ctx context.Context, of *account, most time.Duration, wanted func(time.Time, *ledger.TemplateState) bool) (ledger.KeptTemplates, error) {
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case of.asking <- struct{}{}:
		defer func() { <-of.asking }()
	case <-waiting.Done():
		kept, err := t.ledger.Templates(ctx, of.name)
		kept.Failure = cmp.Or(kept.Failure, "it is being asked, and has not answered yet")
		return kept, err
	}
	kept, err := t.ledger.Templates(ctx, of.name)
	if err != nil || !wanted(t.now(), &kept.TemplateState) {
		return kept, err
	}
	asked := t.now()
	templates, err := of.library.Templates(waiting)
	switch {
	case err == nil:
		err = t.ledger.KeepTemplates(ctx, of.name, templates, asked)
	case ctx.Err() != nil: // it is not the provider's fault
		return kept, ctx.Err()
	default:
		if kept.Failure != err.Error() { // once, however often it is repeated
			t.log.Warn("the provider did not list its templates; what was known of them before serves", "channel", of.channel, "error", err)
		}
		err = t.ledger.FailTemplates(ctx, of.name, err.Error(), asked)
	}
	if err != nil {
		return kept, err
	}
	return t.ledger.Templates(ctx, of.name)
}

// RefreshDue asks for all lists whose time has come. Only the ledger's errors are
// told, and that ctx ended.
func (t *Templates) RefreshDue(ctx context.Context) error {
	states, err := t.ledger.TemplateStates(ctx)
	if err != nil {
		return err
	}
	known := map[string]ledger.TemplateState{}
	for _, state := range states {
		known[state.Account] = state
	}
	var failed []error
	for name, of := range t.accounts {
		state := known[name]
		if due := nextListing(name, &state); due.After(t.now()) {
			continue
		}
		const most = 5 * time.Minute // a long list has many pages
		_, err := t.ask(ctx, of, most, func(now time.Time, kept *ledger.TemplateState) bool { return !nextListing(name, kept).After(now) })
		if err != nil {
			failed = append(failed, fmt.Errorf("templates of channel %s: %w", of.channel, err))
		}
	}
	return errors.Join(failed...)
}

// nextListing is when the list of an account is asked for next.
func nextListing(name string, s *ledger.TemplateState) time.Time {
	switch {
	case s.Stale():
		return later(s.Noticed, s.Tried.Add(staleAgain))
	case s.Failure != "" || !s.Kept():
		if s.Tried.IsZero() {
			return time.Time{}
		}
		return s.Tried.Add(listAgain)
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name)) // a hash takes everything
	const spread = listEvery / 5
	return s.Tried.Add(listEvery - spread/2 + time.Duration(hash.Sum32())%spread)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Notice notes that a template of a channel's account has changed, so that the list
// is soon asked for again.
func (t *Templates) Notice(ctx context.Context, channel string) error {
	of := t.accounts[t.sources[channel].Account]
	if of == nil {
		return nil
	}
	return t.ledger.NoticeTemplates(ctx, of.name, t.now())
}
