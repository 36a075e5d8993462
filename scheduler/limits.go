package scheduler

import (
	"context"
	"slices"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// Pair limits the messages from one number to one recipient.
type Pair struct {
	// Every is the time after which another message is allowed.
	Every time.Duration
	// Burst is how many may be saved up; 0 means no limit.
	Burst int
}

// next is when another message may go to a recipient who was written to at some
// times, known from two whole bursts ago. What lies before is taken for as much
// as the limit allows.
func (p Pair) next(times []time.Time, now time.Time) time.Time {
	full := time.Duration(p.Burst) * p.Every
	arrival := now.Add(-full) // the theoretical arrival time of the generic cell rate algorithm
	for _, at := range slices.SortedFunc(slices.Values(times), time.Time.Compare) {
		if arrival.Before(at) {
			arrival = at
		}
		arrival = arrival.Add(p.Every)
	}
	return arrival.Add(p.Every - full)
}

// memory is how far back next looks.
func (p Pair) memory() time.Duration { return 2 * time.Duration(p.Burst) * p.Every }

// promises are messages in a queue that are not claimed yet, and for whom they
// are. The ledger does not know of them.
type promises map[campaign.MessageID]string

// settle drops those of a campaign that are not in the queue any more.
func (p promises) settle(id campaign.ID, queued map[campaign.MessageID]feed) {
	for message := range p {
		if _, still := queued[message]; message.Campaign() == id && !still {
			delete(p, message)
		}
	}
}

// persons counts the promises of each person.
func (p promises) persons() map[string]int {
	count := make(map[string]int, len(p))
	for _, person := range p {
		count[person]++
	}
	return count
}

// portfolio is the daily limit that some channels share.
type portfolio struct {
	name string

	// mu is held from the question of how many were reached to the promises that
	// follow from it: channels are fed side by side.
	mu sync.Mutex
	// promised are the first messages of a day to a person, by the channel in
	// whose queue they are: one campaign may be in several.
	promised map[string]promises
}

// persons counts the promises of each person in all queues.
func (p *portfolio) persons() map[string]int {
	count := map[string]int{}
	for _, promised := range p.promised {
		for person, n := range promised.persons() {
			count[person] += n
		}
	}
	return count
}

// settle drops the promises of a campaign that are not in a channel's queue any
// more.
func (p *portfolio) settle(channel string, id campaign.ID, queued map[campaign.MessageID]feed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.promised[channel].settle(id, queued)
}

// forget drops all promises of a channel.
func (p *portfolio) forget(channel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.promised[channel] = promises{}
}

// pairs is the pair limit of one channel.
type pairs struct {
	Pair
	promised promises
	active   map[campaign.ID]int // where the channel stands in campaigns that may have written to a person lately
	steps    int                 // of all of these
	looked   time.Time
}

// activeFor is how long it is believed which campaigns are active. One that
// begins meanwhile is the one that is being fed.
const activeFor = 5 * time.Second

// holding says whether a message is held back, and how.
type holding int8

const (
	free      holding = iota
	putOff            // it is due later
	leftAlone         // it is due, and there is no room for it
)

func count(held map[campaign.MessageID]holding, how holding) int {
	n := 0
	for _, h := range held {
		if h == how {
			n++
		}
	}
	return n
}

// limit finds out which of the candidates must wait: messages to people who
// have had enough for the moment, which it puts off, and those that go beyond
// the portfolio's limit for the day, which it leaves as they are. It notes the
// others as promised, of which settle has to be told.
func (f *feeder) limit(ctx context.Context, c ledger.Campaign, candidates []ledger.Feedable, now time.Time) (held map[campaign.MessageID]holding, err error) {
	held = map[campaign.MessageID]holding{}
	if len(candidates) == 0 {
		return held, nil
	}
	pairMatters, err := f.pairMatters(ctx, c, now)
	daily := f.limits().DailyRecipients
	if f.portfolio == nil {
		daily = 0
	}
	if err != nil || !pairMatters && daily == 0 {
		return held, err
	}
	ids := make([]campaign.MessageID, len(candidates))
	for i, m := range candidates {
		ids[i] = m.ID
	}
	persons, err := f.ledger.Persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = persons[id]
	}
	if pairMatters {
		if err := f.limitPairs(ctx, ids, names, held, now); err != nil {
			return nil, err
		}
	}
	if daily > 0 {
		if err := f.limitDay(ctx, daily, ids, names, held, now); err != nil {
			return nil, err
		}
	}
	return held, nil
}

// pairMatters reports whether anybody could have had as many messages from this
// number as the limit's burst: one for each step of what was active lately.
func (f *feeder) pairMatters(ctx context.Context, c ledger.Campaign, now time.Time) (bool, error) {
	p := &f.pairs
	if p.Burst == 0 {
		return false, nil
	}
	if now.Sub(p.looked) >= activeFor {
		campaigns, err := f.ledger.ActiveSince(ctx, now.Add(-p.memory()))
		if err != nil {
			return false, err
		}
		p.looked, p.active, p.steps = now, map[campaign.ID]int{}, 0
		for _, other := range campaigns {
			p.add(other, f.name)
		}
	}
	p.add(c, f.name)
	return p.steps > p.Burst, nil
}

// add notes a campaign that a channel may send, once.
func (p *pairs) add(c ledger.Campaign, channel string) {
	position := c.Definition.Position(channel)
	if _, known := p.active[c.ID]; known || position < 0 {
		return
	}
	p.active[c.ID] = position
	p.steps += len(c.Definition.Steps)
}

// reasonPair is what a message waits for that was put off.
const reasonPair = "the recipient has had the most messages allowed in this time"

// limitPairs puts off those whose person, named beside them, has had enough.
func (f *feeder) limitPairs(ctx context.Context, ids []campaign.MessageID, persons []string, held map[campaign.MessageID]holding, now time.Time) error {
	p := &f.pairs
	sent, err := f.ledger.Attempted(ctx, p.active, persons, now.Add(-p.memory()))
	if err != nil {
		return err
	}
	for person, n := range p.promised.persons() {
		sent[person] = append(sent[person], slices.Repeat([]time.Time{now}, n)...)
	}
	later := map[campaign.MessageID]time.Time{}
	for i, id := range ids {
		person := persons[i]
		if next := p.next(sent[person], now); next.After(now) {
			later[id], held[id] = next, putOff
			continue
		}
		sent[person] = append(sent[person], now)
		p.promised[id] = person
	}
	if len(later) == 0 {
		return nil
	}
	return f.ledger.Postpone(ctx, later, reasonPair, now)
}

// limitDay lets through whoever was reached within a day already, and as many
// others as there is room for: limit is how many there may be in all.
func (f *feeder) limitDay(ctx context.Context, limit int, ids []campaign.MessageID, persons []string, held map[campaign.MessageID]holding, now time.Time) error {
	p := f.portfolio
	p.mu.Lock()
	defer p.mu.Unlock()
	reached, err := f.ledger.ReachedAmong(ctx, p.name, persons, now)
	if err != nil {
		return err
	}
	used, err := f.ledger.Reached(ctx, p.name, now)
	if err != nil {
		return err
	}
	own, promised := p.promised[f.name], p.persons()
	room := limit - used.People - len(promised)
	for i, id := range ids {
		person := persons[i]
		switch {
		case held[id] != free || reached[person]:
		case promised[person] > 0:
			own[id] = person
		case room > 0:
			room--
			own[id], promised[person] = person, 1
		default:
			held[id] = leftAlone
		}
	}
	return nil
}

// settle tells the limits what of a campaign is in the queue.
func (f *feeder) settle(id campaign.ID, queued map[campaign.MessageID]feed) {
	f.pairs.promised.settle(id, queued)
	if f.portfolio != nil {
		f.portfolio.settle(f.name, id, queued)
	}
}
