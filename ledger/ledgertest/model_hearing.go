package ledgertest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// hear draws something that a person lets us know.
func (m *machine) hear(rt *rapid.T) {
	key := m.drawKey(rt)
	h := ledger.InboundEvent{
		ID: fmt.Sprintf("heard %s %d", m.people[0][0][4:], len(m.heard)), Channel: "main", Person: key, Message: true, Opens: true,
		At: m.bench.now.Add(-rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(rt, "late")), Source: ledger.SourcePerson,
		Answers: rapid.IntRange(0, 3).Draw(rt, "answers") > 0,
		Reply:   campaign.Reply{Text: rapid.SampledFrom([]string{"yes", "no", "hm"}).Draw(rt, "text"), Pressed: rapid.Bool().Draw(rt, "pressed")},
	}
	switch rapid.IntRange(0, 4).Draw(rt, "identifier") {
	case 0:
		h.ID = ""
	case 1: // it edits something, which may be somebody else's
		if len(m.heard) > 0 {
			h.ID, h.Edit, h.Opens = rapid.SampledFrom(m.heard).Draw(rt, "edited").ID, true, false
		}
	}
	switch rapid.SampledFrom([]string{"", "", "", "stop", "stop", "start", "moved", "menu"}).Draw(rt, "optOut") {
	case "stop":
		h.OptOut = rapid.SampledFrom([]campaign.SuppressionScope{campaign.ScopeAll, campaign.ScopeMarketing, campaign.ScopeCampaign}).Draw(rt, "scope")
	case "start":
		h.OptIn = true
	case "moved":
		h.Also = []string{rapid.SampledFrom(m.twins(key)).Draw(rt, "formerly")}
	case "menu": // a choice in the app, which is no message
		h.ID, h.Message, h.Opens, h.Answers, h.Source = "", false, false, false, ledger.SourceProvider
		if h.OptIn = rapid.Bool().Draw(rt, "again"); h.OptIn {
			h.Restores = campaign.ScopeMarketing
		} else {
			h.OptOut = campaign.ScopeMarketing
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
func (m *machine) refer(rt *rapid.T, h *ledger.InboundEvent) {
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
func (m *machine) tell(h ledger.InboundEvent) {
	h.Peers = []string{"main"}
	fates, err := m.bench.Hear(m.bench.Context(), []ledger.InboundEvent{h}, m.bench.now)
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
	case h.OptOut != "" && h.OptOut != campaign.ScopeCampaign && p.knows(h):
		fate(ledger.FateTakenBack)
	case h.OptOut == campaign.ScopeCampaign: // it may be one or the other
	case slices.ContainsFunc(p.keys, campaign.IsNumber):
		fate(ledger.FateOnRecord)
	default:
		fate(ledger.FateWaiting)
	}
	if h.Message {
		p.wrote()
	}
	if h.OptIn {
		p.start(h.Restores, h.Source, h.At)
	}
	if h.Answers {
		said := answer{to, h.Reply, h.OptIn}
		if h.Edit { // it answers what the message answered that it edits
			said.to = 0
		}
		p.said = append(p.said, said)
	}
	if h.OptOut != "" && !p.knows(h) {
		if scope := m.stopped(h, p, to); scope != "" {
			p.stop(scope, h.Source, h.At)
		}
	}
	m.holdOptOuts(p)
}

// answered is the message that is referred to, 0 for none. Of one who was erased
// nobody knows.
func (m *machine) answered(h ledger.InboundEvent) campaign.MessageID {
	for _, f := range m.flights {
		if h.ReplyTo != "" && f.accepted && m.providerID(f) == h.ReplyTo && !m.rows[f.message.Recipient()].erased {
			return f.message
		}
	}
	return 0
}

// stopped is the scope of an opt-out, empty where it changes nothing. One about the
// campaign that is answered, where the ledger has guessed which, is looked up.
func (m *machine) stopped(h ledger.InboundEvent, p *person, to campaign.MessageID) campaign.SuppressionScope {
	switch {
	case h.OptOut != campaign.ScopeCampaign:
		return h.OptOut
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
	m.holdOptOuts(m.personOf(key))
}

// unsuppress lifts the suppressions. One who was erased is somebody new then.
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
				m.holdOptOuts(m.personOf(key))
			}
		}
	}
	m.holdOptOuts(m.personOf(key))
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
