package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// Importer makes the campaigns of slots.
type Importer interface {
	// Import fetches a schedule's list as it is for a slot and imports it, with
	// slot.Key() as the idempotency key, as a campaign that is not started. Where
	// the key has been used it returns the campaign that was made with it, or an
	// error that wraps *ledger.ExistsError while that one is still being imported.
	// The error wraps ErrHopeless where a person has to change something first.
	Import(ctx context.Context, of ledger.Schedule, slot campaign.Slot) (campaign.ID, error)
}

// ErrHopeless marks a failure that trying again does not mend.
var ErrHopeless = errors.New("another try would not help")

// How slots are fired; all of it ours.
const (
	// mostFiring is how many slots one process fires at once: each reads a list.
	mostFiring = 4
	// holdSlot is how long a slot stays with a process that gives no sign of life;
	// longer than an import's key stays with one (30 s), so that the next one finds
	// it free.
	holdSlot = 45 * time.Second
	// keepSlot leaves room for some signs of life to fail.
	keepSlot = 10 * time.Second
	// mostTries is how often a slot is tried that fails, with 1, 2, 4 and 8 minutes
	// in between.
	mostTries  = 5
	firstPause = time.Minute
	// mostBegun is how often it is begun at all, for one that kills whoever tries.
	mostBegun = 20
	// importPause is how long to wait for another's import of the same slot.
	importPause = 10 * time.Second
	// lastWord is how long a process that stops takes to say what became of a slot.
	lastWord = 5 * time.Second
)

// firing are the slots that this process has in hand.
type firing struct {
	mu    sync.Mutex
	under map[string]bool // by their keys
	group sync.WaitGroup
}

// start does a slot's work in a goroutine of its own, unless it is under way or
// too many others are.
func (f *firing) start(key string, work func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.under[key] || len(f.under) >= mostFiring {
		return
	}
	f.under[key] = true
	f.group.Go(func() {
		defer func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.under, key)
		}()
		work()
	})
}

// has reports whether a slot is under way here.
func (f *firing) has(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.under[key]
}

// cron does what the schedules want by now. The slots themselves are not bound to
// the term of leader: whoever has one in hand has it by the slot's own row.
func (s *Scheduler) cron(ctx context.Context, term ledger.Term, now time.Time) error {
	fenced := ledger.Fenced(ctx, term)
	all, err := s.Ledger.Schedules(ctx)
	if err != nil {
		return err
	}
	planned := s.planSlots(fenced, all, now)
	open, err := s.Ledger.OpenSlots(ctx)
	if err != nil {
		return errors.Join(planned, err)
	}
	s.countSlots(open)
	schedules := map[string]ledger.Schedule{}
	for _, of := range all {
		schedules[of.Name] = of
	}
	errs := []error{planned}
	for i, slot := range open {
		if slot.Sending != "" || slot.Until.After(now) || s.firing.has(slot.Key()) {
			continue
		}
		of, there := schedules[slot.Schedule]
		if errors.Is(of.Unusable, ledger.ErrUndefined) {
			continue // it is for whoever has its configuration
		}
		earlier := ofOne(open[:i], slot.Schedule)
		switch why, wait := heldUp(slot, of, there, earlier); {
		case wait:
		case why != "":
			errs = append(errs, s.passOver(fenced, slot.Slot, why))
		default:
			s.firing.start(slot.Key(), func() { s.fire(ctx, of, slot.Slot) })
		}
	}
	return errors.Join(errs...)
}

// ofOne are the last of some slots, in so far as they are of one schedule.
func ofOne(open []ledger.OpenSlot, schedule string) []ledger.OpenSlot {
	first := len(open)
	for first > 0 && open[first-1].Schedule == schedule {
		first--
	}
	return open[first:]
}

// mostQueued is how many slots of a schedule wait for the one before them: as
// many as are caught up, and others besides; ours.
const mostQueued = 2 * mostMissed

// heldUp says why a slot is not fired at all, or that it has to wait for those
// before it. One that was in hand when its holder died is neither: there may be
// a campaign of it.
func heldUp(slot ledger.OpenSlot, of ledger.Schedule, there bool, earlier []ledger.OpenSlot) (why string, wait bool) {
	switch {
	case slot.State == campaign.SlotRunning:
		return "", false
	case !there:
		return "the schedule was removed before its campaign was made", false
	case of.Paused && slot.By == "":
		return "the schedule was paused before its campaign was made; to make it anyway, run the schedule now", false
	case len(earlier) == 0 || of.Overlap == campaign.OverlapParallel:
		return "", false
	case !of.Queues(slot.Slot):
		return fmt.Sprintf("overlap is skip, and %s; run the schedule once that is over, or set overlap to queue or parallel", earlier[0]), false
	case len(earlier) >= mostQueued:
		return fmt.Sprintf("%d slots were ahead of it in the queue, and %s", len(earlier), earlier[0]), false
	}
	return "", true
}

// passOver settles a slot that nobody has begun.
func (s *Scheduler) passOver(ctx context.Context, slot campaign.Slot, why string) error {
	slot.State, slot.Detail = campaign.SlotSkipped, why
	done, err := s.Ledger.SettleSlot(ctx, slot, time.Time{})
	if done {
		s.slots.WithLabelValues(string(slot.State)).Inc()
		s.Log.Warn("a slot was skipped", "schedule", slot.Schedule, "slot", slot.At, "detail", why)
	}
	return err
}

// fire takes a slot in hand, makes and starts its campaign, and writes down what
// became of it.
func (s *Scheduler) fire(ctx context.Context, of ledger.Schedule, slot campaign.Slot) {
	what := "slot " + slot.Key()
	slot, taken, err := s.Ledger.TakeSlot(ctx, slot, s.Now().Add(holdSlot), s.Now())
	if err != nil || !taken {
		s.trouble.report(what, err)
		return
	}
	work, stop := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { s.keep(work, slot, stop) })
	made, err := s.makeAndStart(work, of, slot)
	stop()
	keeping.Wait()

	slot, until := s.outcome(ctx, slot, made, err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	settled, err := s.Ledger.SettleSlot(ctx, slot, until) // else the next holder finds the campaign by its key
	if settled && until.IsZero() {
		s.slots.WithLabelValues(string(slot.State)).Inc()
	}
	s.trouble.report(what, err)
}

// keep gives signs of life for a slot in hand, and stops the work on it once
// somebody else has it.
func (s *Scheduler) keep(ctx context.Context, slot campaign.Slot, stop func()) {
	ticker := time.NewTicker(keepSlot)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if kept, err := s.Ledger.KeepSlot(ctx, slot, s.Now().Add(holdSlot)); err == nil && !kept {
			stop()
			return
		}
	}
}

// makeAndStart makes the slot's campaign, unless it is there already, and starts it. A
// campaign that comes with an error is there, and perhaps not started.
func (s *Scheduler) makeAndStart(ctx context.Context, of ledger.Schedule, slot campaign.Slot) (ledger.Campaign, error) {
	id, err := s.Ledger.Keyed(ctx, slot.Key())
	switch {
	case err == nil:
	case !errors.Is(err, ledger.ErrNotFound):
		return ledger.Campaign{}, err
	case of.Name == "":
		return ledger.Campaign{}, fmt.Errorf("the schedule was removed while its list was being read: %w", ErrHopeless)
	case slot.Tries > mostBegun:
		return ledger.Campaign{}, fmt.Errorf("it was started %d times and never ended; check the logs of those times, then run it now: %w", mostBegun, ErrHopeless)
	default:
		if id, err = s.Importer.Import(ctx, of, slot); err != nil {
			return ledger.Campaign{}, err
		}
	}
	made, err := s.Ledger.Campaign(ctx, id)
	if err != nil {
		return ledger.Campaign{ID: id}, err
	}
	by := "the schedule " + slot.Schedule
	if slot.By != "" {
		by += " for " + slot.By
	}
	_, err = s.Ledger.Act(ctx, id, campaign.Start, by, s.Now())
	if errors.Is(err, ledger.ErrState) { // it has started, and went on, or somebody has cancelled it
		err = nil
	}
	s.Wake()
	return made, err
}

// outcome is a slot as it stands after a try, and when it may be tried again.
func (s *Scheduler) outcome(ctx context.Context, slot campaign.Slot, made ledger.Campaign, err error) (campaign.Slot, time.Time) {
	log := s.Log.With("schedule", slot.Schedule, "slot", slot.At, "try", slot.Tries)
	again := func(state campaign.SlotState, pause time.Duration, detail string) (campaign.Slot, time.Time) {
		until := s.Now().Add(pause)
		slot.State, slot.Detail = state, fmt.Sprintf("%s; tried again at %s", detail, until.UTC().Format(time.RFC3339))
		return slot, until
	}
	var exists *ledger.ExistsError
	switch {
	case err == nil:
		slot.Campaign = made.ID
		if slot.State, slot.Detail = sentTo(made); slot.State == campaign.SlotFailed {
			log.Error("no row of a slot's list can be sent to", "campaign", made.ID, "detail", slot.Detail)
			break
		}
		log.Info("schedule fired", "campaign", made.ID, "detail", slot.Detail)
	case made.ID != 0:
		log.Warn("the campaign of a slot could not be started yet", "campaign", made.ID, "error", err)
		return again(campaign.SlotRunning, importPause, fmt.Sprintf("campaign %s was made but could not be started", made.ID))
	case ctx.Err() != nil:
		return again(campaign.SlotRunning, 0, "the process that ran it stopped")
	case errors.As(err, &exists):
		return again(campaign.SlotRunning, importPause, "another import of the same slot is still running")
	case errors.Is(err, ErrHopeless), slot.Tries >= mostTries:
		slot.State, slot.Detail = campaign.SlotFailed, fmt.Sprintf("try %d: %s", slot.Tries, oneLine(err))
		log.Error("a slot failed", "error", err)
	default:
		log.Warn("a slot failed and is tried again", "error", err)
		return again(campaign.SlotDue, firstPause<<(slot.Tries-1), fmt.Sprintf("try %d of %d: %s", slot.Tries, mostTries, oneLine(err)))
	}
	return slot, time.Time{}
}

// sentTo says of a slot's campaign how many rows of its list are sent to. It
// looks at nothing that changes after the import, so whoever takes the slot over
// says the same.
func sentTo(made ledger.Campaign) (campaign.SlotState, string) {
	rows, rejected := int64(0), made.Counts[campaign.Rejected]
	for _, n := range made.Verdicts {
		rows += n
	}
	var says string
	switch {
	case rows == 0:
		says = "its list has no rows"
	case rejected == rows:
		return campaign.SlotFailed, fmt.Sprintf("campaign %s was made, but none of the %d rows of its list can be sent to (%s); "+
			"`carillon report %s` says why; correct the list or the campaign's file, and run the schedule now",
			made.ID, rows, campaign.CountVerdicts(made.Verdicts), made.ID)
	case rejected > 0:
		says = fmt.Sprintf("messages go to %d of %d rows (%s)", rows-rejected, rows, campaign.CountVerdicts(made.Verdicts))
	default:
		says = fmt.Sprintf("messages go to %d of %d rows", rows, rows)
	}
	return campaign.SlotDone, fmt.Sprintf("campaign %s was made and started; %s", made.ID, says)
}

// oneLine is the text of several errors for the history.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
