package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// learnEvery is how often the ledger is asked which templates are slowed:
	// another process may have met it, or a receipt told of it.
	learnEvery = time.Second
	// shortly is how long a task waits in the queue for a slowed template. For a
	// longer wait it ends: the scheduler has put its message off.
	shortly = 5 * time.Second
)

var errSlowed = errors.New("the template is slowed down")

// templates keeps a channel from sending what the provider has slowed down. A
// template that it refuses as throttled waits for as long as was asked for. Then
// one message goes first, the probe, and with each that is accepted one more may
// be under way at once, until the template counts as slowed no longer. Where one
// of them is refused it waits again.
//
// The ledger knows of it, too, so that other processes do not find it out each by
// themselves, and the scheduler puts off what would only come back.
type templates struct {
	mu     sync.Mutex
	slowed map[campaign.TemplateName]*slowed
	asking sync.Mutex // is held while the ledger is asked
	asked  time.Time
}

// slowed is one template that the provider has slowed down.
type slowed struct {
	name     campaign.TemplateName
	until    time.Time
	allowed  int // may be under way at once from then on
	flying   int // are
	changed  time.Time
	recorded bool // the ledger knows of it
}

// wait is how long nothing of the template is let through; 0 when it wants a
// probe.
func (t *slowed) wait(now time.Time) time.Duration {
	switch {
	case now.Before(t.until):
		return t.until.Sub(now)
	case t.flying >= t.allowed:
		return besideProbe
	}
	return 0
}

// admit lets a send of a template through, or says how long it has to wait, and
// whether the ledger knows why.
func (t *templates) admit(s *send, name campaign.TemplateName, now time.Time) (wait time.Duration, recorded bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.slowed[name]
	if found == nil || s.probes == found {
		return 0, false
	}
	if wait = found.wait(now); wait == 0 {
		found.flying++
		s.probes = found
	}
	return wait, found.recorded
}

// passes reports whether a send that was admitted may still leave, and else when
// its template may be sent again.
func (t *templates) passes(s *send, now time.Time) (again time.Time, passes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.slowed[s.templateName()]
	switch {
	case found == nil:
		return time.Time{}, true
	case now.Before(found.until):
		return found.until, false
	}
	return now.Add(besideProbe), s.probes == found
}

// leave ends a send.
func (t *templates) leave(s *send) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.probes != nil {
		s.probes.flying--
		s.probes = nil
	}
}

// refused notes that a template has to wait. It reports whether that is news.
func (t *templates) refused(name campaign.TemplateName, until, now time.Time) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.slowed[name]
	if found == nil {
		found = t.add(name)
	}
	news = !now.Before(found.until)
	if until.After(found.until) {
		found.until = until
	}
	found.allowed, found.changed, found.recorded = 1, now, false
	return news
}

func (t *templates) add(name campaign.TemplateName) *slowed {
	if t.slowed == nil {
		t.slowed = map[campaign.TemplateName]*slowed{}
	}
	t.slowed[name] = &slowed{name: name, allowed: 1}
	return t.slowed[name]
}

// accepted notes that a send was accepted. It reports whether that was a probe of
// its template as that stands now, and whether it was the last that is needed.
func (t *templates) accepted(s *send, now time.Time) (probe, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := s.probes
	if found == nil || t.slowed[found.name] != found || s.left.Before(found.until) {
		return false, false
	}
	found.changed = now
	if found.allowed++; found.allowed > ledger.MostProbes {
		delete(t.slowed, found.name)
		return true, true
	}
	return true, false
}

// known notes that the ledger knows of a template that has to wait.
func (t *templates) known(name campaign.TemplateName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.slowed[name]; found != nil {
		found.recorded = true
	}
}

// learn takes over what the ledger knew of a channel's templates at a time.
// Whatever has changed here since is newer.
func (t *templates) learn(all []ledger.Slowed, channel string, asked time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	on := map[campaign.TemplateName]bool{}
	for _, row := range all {
		if row.Channel != channel {
			continue
		}
		on[row.Template] = true
		found := t.slowed[row.Template]
		if found == nil {
			found = t.add(row.Template)
		}
		switch {
		case row.Until.After(found.until):
			found.until, found.allowed, found.recorded = row.Until, row.Allowed, true
		case found.recorded:
			found.allowed = max(found.allowed, row.Allowed)
		}
	}
	for name, found := range t.slowed {
		if !on[name] && found.recorded && found.changed.Before(asked) {
			delete(t.slowed, name)
		}
	}
}

// learnTemplates asks the ledger from time to time which templates are slowed.
// Before it has answered for the first time nothing is sent.
func (w *Worker) learnTemplates(ctx context.Context) error {
	t := &w.templates
	t.mu.Lock()
	first, due := t.asked.IsZero(), w.now().Sub(t.asked) >= learnEvery
	t.mu.Unlock()
	if !due {
		return nil
	}
	if first {
		t.asking.Lock()
	} else if !t.asking.TryLock() {
		return nil
	}
	defer t.asking.Unlock()
	asked := w.now()
	all, err := w.ledger.Slowed(ctx)
	if err != nil {
		if first {
			return err
		}
		return nil //nolint:nilerr // what is known goes on to hold; the claim says more of a ledger that is away
	}
	t.learn(all, w.channel.Name, asked)
	t.mu.Lock()
	t.asked = asked
	t.mu.Unlock()
	return nil
}

// holdTemplate ends a send whose template is slowed, where that is known before
// its row is. What a free-form step sends is known once it is claimed.
func (w *Worker) holdTemplate(s *send) error {
	name := s.campaign.names[s.task.Message.Step()]
	if name.Language == "" || s.rule().FreeForm() {
		return nil
	}
	wait, recorded := w.templates.admit(s, name, w.now())
	switch {
	case wait == 0:
		return nil
	case wait > shortly && recorded:
		return errDone
	}
	return &backError{after: min(wait, shortly), why: errSlowed}
}

// passTemplate reports whether a message that was claimed may be sent with its
// template now, and else when.
func (w *Worker) passTemplate(s *send) (again time.Time, passes bool) {
	if wait, _ := w.templates.admit(s, s.templateName(), w.now()); wait > 0 {
		return w.now().Add(wait), false
	}
	return w.templates.passes(s, w.now())
}

// watchTemplate notes what the end of a request says of its template, before it is
// on disk: what is under way may still be held back.
func (w *Worker) watchTemplate(s *send, settlement *ledger.Settlement) {
	now := w.now()
	switch {
	case settlement.Failure.Slows && settlement.Outcome == ledger.OutcomeRefused:
		until := now.Add(settlement.Failure.Rest())
		if w.templates.refused(s.templateName(), until, now) {
			w.log.Warn("the provider throttles a template, so its messages wait", "template", s.templateName().String(),
				"until", until.UTC().Format(time.RFC3339), "error", s.masked(), "hint", s.refusal.Hint)
		}
	case s.refusal == nil:
		probe, last := w.templates.accepted(s, now)
		if probe {
			settlement.Probe = ledger.Probe{Template: s.templateName(), Channels: w.account(), Left: s.left}
		}
		if last {
			w.log.Info("the template is sent at full speed again", "template", s.templateName().String())
		}
	}
}

// account are the channels that share their templates with this one, and it.
func (w *Worker) account() []string {
	if len(w.channel.Account) == 0 {
		return []string{w.channel.Name}
	}
	return w.channel.Account
}

// templateName is what the message's template is known by.
func (s *send) templateName() campaign.TemplateName {
	return campaign.TemplateName{Name: s.template.Name, Language: s.template.Language}
}
