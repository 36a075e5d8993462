package scheduler

import (
	"cmp"
	"context"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// pollParts of the window are the most polls that are in the queue at once: one
// part. It is two seconds of the rate, so polls alone keep the number busy, and a
// campaign that starts finds no more before it. While sends wait, a queue that is
// between half full and full makes it about a quarter of what leaves.
const pollParts = 5

// pollKey is the attempt that is asked about.
type pollKey struct {
	message campaign.MessageID
	attempt int
}

// polled is a poll that was put into the queue.
type polled struct {
	due      time.Time
	n        int
	sequence int64 // as feed.sequence
	at       time.Time
}

// duePolls is the beginning of the list of a channel's polls that are due, cut off
// at limit.
type duePolls struct {
	polls []ledger.Poll
	limit int
}

func (d duePolls) none() bool { return len(d.polls) == 0 }

// behind reports whether a poll may stand behind the end of the list.
func (d duePolls) behind(key pollKey, due time.Time) bool {
	if d.none() || len(d.polls) < d.limit {
		return false
	}
	last := d.polls[len(d.polls)-1]
	return cmp.Or(due.Compare(last.Due), cmp.Compare(key.message, last.Message), cmp.Compare(key.attempt, last.Attempt)) > 0
}

// duePolls asks for nothing where the channel tells by itself.
func (f *feeder) duePolls(ctx context.Context, now time.Time) (d duePolls, err error) {
	if !f.channel.Polled {
		return d, nil
	}
	d.limit = f.mostPolls() + len(f.polls)
	d.polls, err = f.ledger.DuePolls(ctx, f.name, d.limit, now)
	return d, err
}

func (f *feeder) mostPolls() int { return f.window() / pollParts }

// feedPolls puts polls that are due into the queue, whether or not their campaigns
// still run.
func (f *feeder) feedPolls(ctx context.Context, due duePolls, now time.Time) error {
	after, tasks := f.choosePolls(due, now)
	f.polls = after
	if err := f.enqueue(ctx, campaign.PollType, tasks); err != nil {
		for _, task := range tasks { // whatever got through is found as a conflict
			delete(after, pollKey{task.Message, task.Attempt})
		}
		return err
	}
	return nil
}

// choosePolls decides which polls are put into the queue: the oldest that are not
// there yet, as far as there is room, and those whose tasks have got lost. It
// returns what is in the queue after that, and the tasks to put there.
func (f *feeder) choosePolls(due duePolls, now time.Time) (after map[pollKey]polled, tasks []campaign.Task) {
	after = make(map[pollKey]polled, len(f.polls))
	put := func(key pollKey, due time.Time) {
		n := f.polls[key].n + 1
		after[key] = polled{due: due, n: n, sequence: f.lost.next(), at: now}
		tasks = append(tasks, campaign.Task{Message: key.message, Attempt: key.attempt, Feed: n})
	}
	var missing, orphans []ledger.Poll
	for _, p := range due.polls {
		key := pollKey{p.Message, p.Attempt}
		known, ok := f.polls[key]
		if !ok || !known.due.Equal(p.Due) {
			missing = append(missing, p)
			continue
		}
		after[key] = known
		if f.orphaned(known, now) {
			orphans = append(orphans, p)
		}
	}
	for key, known := range f.polls {
		if _, still := after[key]; still {
			continue
		}
		if due.behind(key, known.due) {
			after[key] = known
			continue
		}
		f.lost.taken(known.sequence, now)
	}
	room := max(0, f.mostPolls()-len(after))
	for _, p := range append(missing[:min(room, len(missing))], orphans...) {
		put(pollKey{p.Message, p.Attempt}, p.Due)
	}
	return after, tasks
}

// orphaned reports whether the task of a poll that is still due has got lost. A
// poll is due until it is answered, so it gets the time that a task may take.
func (f *feeder) orphaned(p polled, now time.Time) bool {
	return f.lost.is(p.sequence, now) && now.Sub(p.at) >= f.channel.TaskTimeout
}
