package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// world is who there is, and what is to be sent to them.
type world struct {
	people      [][]string // of each the keys: the first is in every list, numbers come first
	campaigns   []campaign.ID
	definitions map[campaign.ID]*campaign.Definition
	rows        map[campaign.RecipientID]*listed
}

// listed is a row of a list that takes part.
type listed struct {
	key, zone string
	erased    bool
}

// modelCampaigns is how many campaigns a life has at most.
const modelCampaigns = 3

// newWorld has people of its own, for lives share a ledger. The second may not
// get marketing: those numbers are of the United States.
func newWorld(life int) *world {
	w := &world{definitions: map[campaign.ID]*campaign.Definition{}, rows: map[campaign.RecipientID]*listed{}}
	for _, prefix := range []string{"+447", "+1202"} {
		var keys []string
		for n := range 3 {
			keys = append(keys, fmt.Sprintf("%s%06d%d", prefix, life, n))
		}
		for n := range 2 { // user IDs, which no list has
			keys = append(keys, fmt.Sprintf("GB.%d%s%06d", n, prefix[1:], life))
		}
		w.people = append(w.people, keys)
	}
	return w
}

// twins are the other keys of the one who has a key.
func (w *world) twins(key string) (others []string) {
	for _, keys := range w.people {
		if slices.Contains(keys, key) {
			for _, k := range keys {
				if k != key {
					others = append(others, k)
				}
			}
		}
	}
	return others
}

func (w *world) drawKey(rt *rapid.T) string {
	person := rapid.IntRange(0, len(w.people)-1).Draw(rt, "person")
	return rapid.SampledFrom(w.people[person]).Draw(rt, "key")
}

// keyOf is the key under which a message's recipient stands in the list.
func (w *world) keyOf(id campaign.MessageID) string { return w.rows[id.Recipient()].key }

// providerID tells of the number, as WhatsApp's do.
func (w *world) providerID(f *flight) string {
	return "wamid." + f.message.Reference(f.n) + "." + w.keyOf(f.message)
}

// list starts one more campaign. The first person stands in some lists under
// two keys, and once more in a row that is rejected.
func (m *machine) list(rt *rapid.T) {
	if len(m.campaigns) == modelCampaigns {
		rt.Skip("enough campaigns")
	}
	d := drawDefinition(rt)
	keys := []string{m.people[0][0], m.people[1][0]}
	if rapid.Bool().Draw(rt, "twice in the list") {
		keys = append(keys, m.people[0][1], m.people[0][1])
	}
	in, err := m.bench.BeginIntake(m.bench.Context(), ledger.NewCampaign{Definition: d, Columns: []string{"Name", "Phone"}}, m.bench.now)
	m.must(err)
	var rows []campaign.Row
	for i, key := range keys {
		rows = append(rows, inZone(i+1, key, rapid.SampledFrom([]string{"Europe/London", "America/New_York", "Europe/London,America/New_York"}).Draw(rt, "zone")))
		if i < 3 {
			m.rows[in.ID().Recipient(i+1)] = &listed{key: key, zone: rows[i].Zone, erased: m.erased[key] != ""}
		}
	}
	m.must(in.Add(m.bench.Context(), rows, m.bench.now))
	m.must(in.Reveal(m.bench.Context()))
	_, err = m.bench.Act(m.bench.Context(), in.ID(), campaign.Start, by("tester"), m.bench.now)
	m.must(err)
	m.campaigns = append(m.campaigns, in.ID())
	m.definitions[in.ID()] = d
}

func drawDefinition(rt *rapid.T) *campaign.Definition {
	d := steps(rapid.IntRange(1, 4).Draw(rt, "steps"))
	if rapid.IntRange(0, 3).Draw(rt, "hours") == 0 {
		awake(d)
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		s.Category = rapid.SampledFrom([]campaign.Category{campaign.Utility, campaign.Utility, campaign.Marketing, ""}).Draw(rt, "category")
		if i > 0 {
			drawRule(rt, s)
		}
	}
	return d
}

func drawRule(rt *rapid.T, s *campaign.Step) {
	s.After = rapid.SampledFrom([]campaign.After{
		campaign.AfterSent, campaign.AfterDelivered, campaign.AfterRead, campaign.AfterReply, campaign.AfterReply, campaign.AfterReply,
	}).Draw(rt, "after")
	s.Otherwise = rapid.SampledFrom([]campaign.Otherwise{campaign.Stop, campaign.Skip, campaign.Send}).Draw(rt, "otherwise")
	s.Patience = campaign.Duration(rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(rt, "patience"))
	s.Wait = campaign.Duration(rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Minute}).Draw(rt, "wait"))
	if s.After == campaign.AfterReply {
		s.When = rapid.SampledFrom([]*campaign.When{
			nil, {Button: campaign.Texts{"yes"}}, {Text: campaign.Texts{"yes"}}, {Text: campaign.Texts{"no"}}, {Any: true},
		}).Draw(rt, "when")
	}
}
