package ledgertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// person is what has been told of somebody, under whichever of the keys that
// are known to be theirs.
type person struct {
	keys   []string
	stops  map[campaign.SuppressionScope]stop
	said   []answer
	misses map[campaign.MessageID]bool // that reached nobody, since they last wrote
	alive  bool                        // something has reached them
	// tookBack is when they have opted in.
	tookBack []takeBack
}

// takeBack takes back opt-outs made before it, in one scope or (empty) in all.
type takeBack struct {
	scope  campaign.SuppressionScope
	source ledger.Source
	at     time.Time
}

// stop is an opt-out.
type stop struct {
	source ledger.Source
	at     time.Time
}

// answer is a reply, to a message if that was told. One that is a start, too,
// answers those who ask for that very word.
type answer struct {
	to    campaign.MessageID
	reply campaign.Reply
	start bool
}

// opens reports whether the answer is one that a step waits for.
func (a answer) opens(when *campaign.When) bool {
	if a.start {
		return when.Names(a.reply)
	}
	return when.Suits(a.reply)
}

func (m *machine) personOf(key string) *person {
	if m.persons[key] == nil {
		m.persons[key] = &person{keys: []string{key}, stops: map[campaign.SuppressionScope]stop{}, misses: map[campaign.MessageID]bool{}}
	}
	return m.persons[key]
}

// link notes that two keys are one person's.
func (m *machine) link(a, b string) {
	if m.erased[a] != "" {
		a, b = b, a
	}
	switch {
	case m.erased[a] != "":
		return
	case m.erased[b] != "":
		if !campaign.IsNumber(a) || !campaign.IsNumber(b) {
			m.learn(a, m.erased[b])
		}
		m.personOf(a).stop(campaign.ScopeAll, ledger.SourceOperator, m.bench.now)
		return
	}
	one, other := m.personOf(a), m.personOf(b)
	if one == other {
		return
	}
	one.tookBack = append(one.tookBack, other.tookBack...)
	for _, stops := range []map[campaign.SuppressionScope]stop{one.stops, other.stops} {
		maps.DeleteFunc(stops, func(scope campaign.SuppressionScope, s stop) bool { // taken back under the other key
			return one.knows(ledger.InboundEvent{OptOut: scope, Source: s.source, At: s.at})
		})
	}
	for scope, s := range other.stops {
		one.stop(scope, s.source, s.at)
	}
	for id := range other.misses {
		one.misses[id] = true
	}
	one.said, one.alive = append(one.said, other.said...), one.alive || other.alive
	for _, key := range other.keys {
		one.keys, m.persons[key] = append(one.keys, key), one
	}
}

// stop notes an opt-out. Of two the weightier source remains; what the person said, to
// us or in the app, counts from the last time.
func (p *person) stop(scope campaign.SuppressionScope, source ledger.Source, at time.Time) {
	known, ok := p.stops[scope]
	said := func(s ledger.Source) bool { return s == ledger.SourcePerson || s == ledger.SourceProvider }
	switch {
	case ok && said(source) && said(known.source):
		if at.Before(known.at) {
			at = known.at
		}
		p.stops[scope] = stop{min(source, known.source), at}
	case !ok || source < known.source:
		p.stops[scope] = stop{source, at}
	}
}

// knows reports whether an opt-out is old news.
func (p *person) knows(h ledger.InboundEvent) bool {
	return slices.ContainsFunc(p.tookBack, func(s takeBack) bool {
		return (s.scope == "" || s.scope == h.OptOut) && s.source <= h.Source && s.at.After(h.At)
	})
}

// start takes back opt-outs made up to a time.
func (p *person) start(scope campaign.SuppressionScope, source ledger.Source, at time.Time) {
	p.tookBack = append(p.tookBack, takeBack{scope, source, at})
	for known, s := range p.stops {
		if (scope == "" || scope == known) && s.source >= source && !s.at.After(at) {
			delete(p.stops, known)
		}
	}
}

// forbids reports whether a message must not be sent to the person.
func (p *person) forbids(id campaign.MessageID, category campaign.Category) bool {
	for scope := range p.stops {
		switch scope {
		case campaign.ScopeAll, ledger.CampaignScope(id.Campaign()):
			return true
		case campaign.ScopeMarketing:
			if category == "" || category == campaign.Marketing {
				return true
			}
		}
	}
	return false
}

// detailOf tells one failure from all others.
func detailOf(n int) string { return fmt.Sprintf("Look at failure %d.", n) }

// failed notes what a failure says of the person, where it was taken for true:
// the message then bears its words, unless it was skipped at once. It reports
// whether it was.
func (m *machine) failed(f *flight, failure campaign.Failure) bool {
	if failure.Reason == "" {
		return false
	}
	switch {
	case strings.HasSuffix(m.line(f.message).Detail, failure.Detail):
		m.holdPatience(f.message, failure)
	case !m.skippedFor(f, failure):
		return false
	}
	m.pastOf(f.message).permanent = !failure.Retry
	if m.rows[f.message.Recipient()].erased {
		return true
	}
	p := m.personOf(m.keyOf(f.message))
	if failure.Suppress != "" {
		p.stop(failure.Suppress, ledger.SourceProvider, m.bench.now)
	}
	if failure.Unreachable {
		p.misses[f.message] = true
		if !p.alive && m.missesOf(p, m.keyOf(f.message)) >= ledger.SilencesBelieved {
			p.stop(campaign.ScopeAll, ledger.SourceSilence, m.bench.now)
		}
	}
	return true
}

// skippedFor reports whether a failure was taken for true and then, for what it
// says of the person, had the message skipped at once: as where another key of
// theirs is learnt in the same breath.
func (m *machine) skippedFor(f *flight, failure campaign.Failure) bool {
	return m.line(f.message).Status == campaign.Skipped && m.suppressedNow(f, failure)
}

// suppressedNow reports whether what a failure says of the person has just been
// recorded.
func (m *machine) suppressedNow(f *flight, failure campaign.Failure) bool {
	return !m.rows[f.message.Recipient()].erased && slices.ContainsFunc(m.suppressions(m.keyOf(f.message)), func(s ledger.Suppression) bool {
		return s.Scope == failure.Suppress && s.Source == ledger.SourceProvider && s.Since.Equal(m.bench.now)
	})
}

// takeEarly looks whether it is known now that failures which were told before
// are about an attempt. Of one that a better receipt followed at once there is
// nothing left but what it said of the person.
func (m *machine) takeEarly(f *flight) {
	f.early = slices.DeleteFunc(f.early, func(failure campaign.Failure) bool {
		if m.failed(f, failure) {
			return true
		}
		taken := m.suppressedNow(f, failure)
		if taken {
			m.personOf(m.keyOf(f.message)).stop(failure.Suppress, ledger.SourceProvider, m.bench.now)
		}
		return taken
	})
}

// holdPatience ends this life where a refusal that was taken for true has ended a
// message too soon, or did not. Its words stand in the report.
func (m *machine) holdPatience(id campaign.MessageID, failure campaign.Failure) {
	p, line := m.pastOf(id), m.line(id)
	p.refused = append(p.refused, refused{failure, m.bench.now})
	if again := line.Status == campaign.Pending; again != (failure.Retry && p.patient()) {
		m.rt.Fatalf("row %d, step %d is %s after %+v", line.Row(), line.Step, line.Status, p.refused)
	}
	if words := failure.Words(); line.Detail != words && !m.rows[id.Recipient()].erased {
		m.rt.Fatalf("row %d, step %d says %q, want %q", line.Row(), line.Step, line.Detail, words)
	}
}

// missesOf counts the messages that reached nobody under one key.
func (m *machine) missesOf(p *person, key string) (n int) {
	for id := range p.misses {
		if m.keyOf(id) == key {
			n++
		}
	}
	return n
}

// wrote notes a sign of life.
func (p *person) wrote() {
	clear(p.misses)
	for scope, s := range p.stops {
		if s.source == ledger.SourceSilence {
			delete(p.stops, scope)
		}
	}
}
