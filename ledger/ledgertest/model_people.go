package ledgertest

import (
	"fmt"
	"maps"
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
			return one.knows(ledger.Heard{Stop: scope, Source: s.source, At: s.at})
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

// stop notes a wish. Of two the weightier source remains; what the person said, to
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

// hear draws something that a person lets us know.
func (m *machine) hear(rt *rapid.T) {
	key := m.drawKey(rt)
	h := ledger.Heard{
		ID: fmt.Sprintf("heard %s %d", m.people[0][0][4:], len(m.heard)), Channel: "main", Person: key, Message: true,
		At: m.bench.now.Add(-rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(rt, "late")), Source: ledger.SourcePerson,
		Answers: rapid.IntRange(0, 3).Draw(rt, "answers") > 0,
		Reply:   campaign.Reply{Text: rapid.SampledFrom([]string{"yes", "no", "hm"}).Draw(rt, "text"), Pressed: rapid.Bool().Draw(rt, "pressed")},
	}
	switch rapid.IntRange(0, 4).Draw(rt, "identifier") {
	case 0:
		h.ID = ""
	case 1: // it edits something, which may be somebody else's
		if len(m.heard) > 0 {
			h.ID, h.Edit = rapid.SampledFrom(m.heard).Draw(rt, "edited").ID, true
		}
	}
	switch rapid.SampledFrom([]string{"", "", "", "stop", "stop", "start", "moved", "menu"}).Draw(rt, "wish") {
	case "stop":
		h.Stop = rapid.SampledFrom([]campaign.SuppressionScope{campaign.ScopeAll, campaign.ScopeMarketing, campaign.ScopeCampaign}).Draw(rt, "scope")
	case "start":
		h.Start = true
	case "moved":
		h.Also = []string{rapid.SampledFrom(m.twins(key)).Draw(rt, "formerly")}
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
	if h.Also == nil && rapid.IntRange(0, 4).Draw(rt, "hidden") == 0 {
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
	h.Peers = []string{"main"}
	fates, err := m.bench.Hear(m.bench.Context(), []ledger.Heard{h}, m.bench.now)
	m.must(err)
	fate := func(want ledger.Fate) {
		if fates[0] != want {
			m.rt.Fatalf("%+v is said to be %s, and is %s", h, fates[0], want)
		}
	}
	to := m.answered(h)
	if h.Person == "" {
		if to == 0 || m.rows[to.Recipient()].erased {
			fate(ledger.FateNobody)
			return
		}
		h.Person = m.keyOf(to)
	}
	if m.erased[h.Person] != "" {
		for _, other := range h.Also {
			m.link(other, h.Person)
		}
		fate(ledger.FateErased)
		return
	}
	for _, other := range h.Also {
		m.link(other, h.Person)
	}
	if to != 0 && !m.rows[to.Recipient()].erased {
		m.link(m.keyOf(to), h.Person)
	}
	p := m.personOf(h.Person)
	switch {
	case h.Stop != "" && h.Stop != campaign.ScopeCampaign && p.knows(h):
		fate(ledger.FateTakenBack)
	case h.Stop == campaign.ScopeCampaign: // it may be one or the other
	case slices.ContainsFunc(p.keys, campaign.IsNumber):
		fate(ledger.FateOnRecord)
	default:
		fate(ledger.FateWaiting)
	}
	if h.Message {
		p.wrote()
	}
	if h.Start {
		p.start(h.Restores, h.Source, h.At)
	}
	if h.Answers {
		said := answer{to, h.Reply, h.Start}
		if h.Edit { // it answers what the message answered that it edits
			said.to = 0
		}
		p.said = append(p.said, said)
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
	if m.erased[key] != "" {
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
	if kin := m.erased[key]; scope == campaign.ScopeAll && kin != "" {
		for key := range m.erased {
			if m.erased[key] == kin {
				delete(m.erased, key)
			}
		}
		for key := range m.learnt {
			if m.learnt[key] == kin {
				delete(m.learnt, key)
				delete(m.personOf(key).stops, scope)
				m.holdWishes(m.personOf(key))
			}
		}
	}
	m.holdWishes(m.personOf(key))
}

func (m *machine) forget(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "not yet") {
		rt.Skip("a life without anybody is no life")
	}
	key := m.drawKey(rt)
	_, err := m.bench.Forget(m.bench.Context(), key, m.bench.now)
	m.must(err)
	m.erase(key, key)
	m.holdForgotten("early_receipts")
}

// erase has a person go, with all keys that are known to be theirs.
func (m *machine) erase(key, kin string) {
	if m.erased[key] != "" {
		return
	}
	for _, key := range m.personOf(key).keys {
		m.erased[key] = kin
		delete(m.learnt, key)
		delete(m.persons, key)
		for _, row := range m.rows {
			row.erased = row.erased || row.key == key
		}
	}
}

// learn notes a key that turns out to be that of one who was erased.
func (m *machine) learn(key, kin string) {
	if m.learnt[key] == "" {
		m.learnt[key] = kin
	}
}

// eraseLearnt has those go, too.
func (m *machine) eraseLearnt() {
	for _, key := range slices.Sorted(maps.Keys(m.learnt)) {
		m.erase(key, m.learnt[key])
	}
	clear(m.learnt)
}

// met notes keys that were told of whoever an attempt was for.
func (m *machine) met(f *flight, keys []string) {
	row := m.rows[f.message.Recipient()]
	if !row.erased {
		m.breath(append([]string{row.key}, keys...))
		return
	}
	for _, key := range keys {
		if kin := m.erased[row.key]; kin != "" && !campaign.IsNumber(key) && m.erased[key] == "" {
			m.learn(key, kin)
			m.personOf(key).stop(campaign.ScopeAll, ledger.SourceOperator, m.bench.now)
		}
	}
	m.breath(keys)
}

// breath links keys that were told in one breath.
func (m *machine) breath(keys []string) {
	for _, key := range keys {
		m.link(keys[0], key)
	}
}
