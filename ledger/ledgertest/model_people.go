package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

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
	// tookBack is when they have taken wishes back.
	tookBack []takeBack
}

// takeBack takes back what was wished before it, in one scope or (empty) in all.
type takeBack struct {
	scope  campaign.SuppressionScope
	source ledger.Source
	at     time.Time
}

// stop is a wish not to be written to.
type stop struct {
	source ledger.Source
	at     time.Time
}

// answer is a reply, to a message if that was told.
type answer struct {
	to    campaign.MessageID
	reply campaign.Reply
}

func (m *machine) personOf(key string) *person {
	if m.persons[key] == nil {
		m.persons[key] = &person{keys: []string{key}, stops: map[campaign.SuppressionScope]stop{}, misses: map[campaign.MessageID]bool{}}
	}
	return m.persons[key]
}

// link notes that two keys are one person's.
func (m *machine) link(a, b string) {
	switch {
	case m.erased[a] && m.erased[b]:
		return
	case m.erased[a]:
		m.personOf(b).stop(campaign.ScopeAll, ledger.SourceOperator, m.bench.now)
		return
	case m.erased[b]:
		m.personOf(a).stop(campaign.ScopeAll, ledger.SourceOperator, m.bench.now)
		return
	}
	one, other := m.personOf(a), m.personOf(b)
	if one == other {
		return
	}
	for scope, s := range other.stops {
		one.stop(scope, s.source, s.at)
	}
	for id := range other.misses {
		one.misses[id] = true
	}
	one.tookBack = append(one.tookBack, other.tookBack...)
	one.said, one.alive = append(one.said, other.said...), one.alive || other.alive
	for _, key := range other.keys {
		one.keys, m.persons[key] = append(one.keys, key), one
	}
}

// stop notes a wish; the weightier of two remains, and of equals the later.
func (p *person) stop(scope campaign.SuppressionScope, source ledger.Source, at time.Time) {
	known, ok := p.stops[scope]
	if !ok || source < known.source || source == known.source && at.After(known.at) {
		p.stops[scope] = stop{source, at}
	}
}

// knows reports whether a wish is old news.
func (p *person) knows(h ledger.Heard) bool {
	return slices.ContainsFunc(p.tookBack, func(s takeBack) bool {
		return (s.scope == "" || s.scope == h.Stop) && s.source <= h.Source && s.at.After(h.At)
	})
}

// start takes back what was wished up to a time.
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
// the message then bears its words. It reports whether it was.
func (m *machine) failed(f *flight, failure campaign.Failure) bool {
	if failure.Reason == "" || !strings.HasSuffix(m.line(f.message).Detail, failure.Detail) {
		return false
	}
	m.pastOf(f.message).permanent = !failure.Retry
	m.holdPatience(f.message, failure)
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

// takeEarly looks whether it is known now that failures which were told before
// are about an attempt. Of one that a better receipt followed at once there is
// nothing left but what it said of the person.
func (m *machine) takeEarly(f *flight) {
	f.early = slices.DeleteFunc(f.early, func(failure campaign.Failure) bool {
		if m.failed(f, failure) {
			return true
		}
		key := m.keyOf(f.message)
		taken := slices.ContainsFunc(m.suppressions(key), func(s ledger.Suppression) bool {
			return s.Scope == failure.Suppress && s.Source == ledger.SourceProvider && s.Since.Equal(m.bench.now)
		})
		if taken {
			m.personOf(key).stop(failure.Suppress, ledger.SourceProvider, m.bench.now)
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

// hear draws something that a person lets us know.
func (m *machine) hear(rt *rapid.T) {
	key := m.drawKey(rt)
	h := ledger.Heard{
		ID: fmt.Sprintf("heard %s %d", m.people[0][0][4:], len(m.heard)), Channel: "main", Person: key, Message: true,
		At: m.bench.now.Add(-rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(rt, "late")), Source: ledger.SourcePerson,
		Answers: rapid.IntRange(0, 3).Draw(rt, "answers") > 0,
		Reply:   campaign.Reply{Text: rapid.SampledFrom([]string{"yes", "no", "hm"}).Draw(rt, "text"), Pressed: rapid.Bool().Draw(rt, "pressed")},
	}
	if rapid.IntRange(0, 4).Draw(rt, "nameless") == 0 {
		h.ID = ""
	}
	switch rapid.SampledFrom([]string{"", "", "", "stop", "stop", "start", "moved", "menu"}).Draw(rt, "wish") {
	case "stop":
		h.Stop = rapid.SampledFrom([]campaign.SuppressionScope{campaign.ScopeAll, campaign.ScopeMarketing, campaign.ScopeCampaign}).Draw(rt, "scope")
	case "start":
		h.Start = true
	case "moved":
		h.Formerly = rapid.SampledFrom(m.twins(key)).Draw(rt, "formerly")
	case "menu": // a choice in the app, which is no message
		h.ID, h.Message, h.Answers, h.Source = "", false, false, ledger.SourceProvider
		if h.Start = rapid.Bool().Draw(rt, "again"); h.Start {
			h.Restores = campaign.ScopeMarketing
		} else {
			h.Stop = campaign.ScopeMarketing
		}
	}
	if h.Message && rapid.Bool().Draw(rt, "with a reference") {
		m.refer(rt, &h)
	}
	m.tell(h)
	m.heard = append(m.heard, h)
}

// refer lets what is heard answer one of the messages that the person had. The
// provider may then hide who it is.
func (m *machine) refer(rt *rapid.T, h *ledger.Heard) {
	var had []*flight
	for _, f := range m.flights {
		if f.accepted && m.personOf(m.keyOf(f.message)) == m.personOf(h.Person) && !m.rows[f.message.Recipient()].erased {
			had = append(had, f)
		}
	}
	if len(had) == 0 {
		return
	}
	f := rapid.SampledFrom(had).Draw(rt, "answered")
	h.ReplyTo = m.providerID(f)
	if h.Formerly == "" && rapid.IntRange(0, 4).Draw(rt, "hidden") == 0 {
		h.Person = ""
	}
}

// hearAgain repeats a webhook, however old.
func (m *machine) hearAgain(rt *rapid.T) {
	if len(m.heard) == 0 {
		rt.Skip("nothing was heard")
	}
	m.tell(rapid.SampledFrom(m.heard).Draw(rt, "again"))
}

// tell hands it to the ledger, and notes what has to follow.
func (m *machine) tell(h ledger.Heard) {
	m.must(m.bench.Hear(m.bench.Context(), []ledger.Heard{h}, m.bench.now))
	to := m.answered(h)
	if h.Person == "" {
		if to == 0 || m.rows[to.Recipient()].erased {
			return
		}
		h.Person = m.keyOf(to)
	}
	if m.erased[h.Person] {
		return
	}
	if h.Formerly != "" {
		m.link(h.Formerly, h.Person)
	}
	p := m.personOf(h.Person)
	if h.Message {
		p.wrote()
	}
	if h.Start {
		p.start(h.Restores, h.Source, h.At)
	}
	if h.Answers && !h.Start {
		p.said = append(p.said, answer{to, h.Reply})
	}
	if h.Stop != "" && !p.knows(h) {
		if scope := m.stopped(h, p, to); scope != "" {
			p.stop(scope, h.Source, h.At)
		}
	}
	m.holdWishes(p)
}

// answered is the message that is referred to, 0 for none. Of one who was erased
// nobody knows.
func (m *machine) answered(h ledger.Heard) campaign.MessageID {
	for _, f := range m.flights {
		if h.ReplyTo != "" && f.accepted && m.providerID(f) == h.ReplyTo && !m.rows[f.message.Recipient()].erased {
			return f.message
		}
	}
	return 0
}

// stopped is the scope of a wish, empty where it changes nothing. One about the
// campaign that is answered, where the ledger has guessed which, is looked up.
func (m *machine) stopped(h ledger.Heard, p *person, to campaign.MessageID) campaign.SuppressionScope {
	switch {
	case h.Stop != campaign.ScopeCampaign:
		return h.Stop
	case to != 0:
		return ledger.CampaignScope(to.Campaign())
	case !h.Answers:
		return campaign.ScopeAll
	}
	for _, s := range m.suppressions(h.Person) {
		if s.Source == h.Source && s.Since.Equal(h.At) && p.stops[s.Scope] != (stop{s.Source, h.At}) && s.Scope != campaign.ScopeMarketing {
			return s.Scope
		}
	}
	return ""
}

// suppressions are those of one key.
func (m *machine) suppressions(key string) []ledger.Suppression {
	list, err := m.bench.Suppressions(m.bench.Context(), ledger.Suppression{Person: key}, modelCampaigns+2)
	m.must(err)
	return slices.DeleteFunc(list, func(s ledger.Suppression) bool { return s.Person != key })
}

func (m *machine) drawScope(rt *rapid.T) campaign.SuppressionScope {
	return rapid.SampledFrom([]campaign.SuppressionScope{
		campaign.ScopeAll, campaign.ScopeMarketing, ledger.CampaignScope(m.campaigns[0]),
	}).Draw(rt, "scope")
}

func (m *machine) suppress(rt *rapid.T) {
	key, scope := m.drawKey(rt), m.drawScope(rt)
	if m.erased[key] {
		rt.Skip("an operator who writes the number down again")
	}
	m.must(m.bench.Suppress(m.bench.Context(), []ledger.Suppression{{Person: key, Scope: scope, Reason: "by letter"}}, m.bench.now))
	m.personOf(key).stop(scope, ledger.SourceOperator, m.bench.now)
	m.holdWishes(m.personOf(key))
}

// unsuppress lifts what was wished. One who was erased is somebody new then.
func (m *machine) unsuppress(rt *rapid.T) {
	key, scope := m.drawKey(rt), m.drawScope(rt)
	_, err := m.bench.Unsuppress(m.bench.Context(), key, scope)
	m.must(err)
	delete(m.personOf(key).stops, scope)
	if scope == campaign.ScopeAll {
		delete(m.erased, key)
	}
}

func (m *machine) forget(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "not yet") {
		rt.Skip("a life without anybody is no life")
	}
	key := m.drawKey(rt)
	_, err := m.bench.Forget(m.bench.Context(), key, m.bench.now)
	m.must(err)
	keys := m.personOf(key).keys
	for _, key := range keys {
		m.erased[key] = true
		delete(m.persons, key)
		for _, row := range m.rows {
			row.erased = row.erased || row.key == key
		}
	}
	m.holdForgotten("early_receipts")
}
