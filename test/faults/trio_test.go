package faults

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// numbers are the three of a trio, by channel. The queues of these three lie on
// three shards of a cluster.
var numbers = map[string]string{"main": "106540352242922", "north": "206540352242922", "south": "306540352242922"}

// trioRate is the rate of each, in messages a second.
const trioRate = 40

// trio sends one campaign from three numbers.
type trio struct {
	*stage
	provider *simulator.Simulator
	template string // of the campaign
}

// startTrio starts everything but the campaign, with the queue at an address. Each
// role gets a process; none means one for all.
func startTrio(t *testing.T, engine, redis string, roles ...string) *trio {
	t.Helper()
	tr := trial{fault: fault{houses: roles, ends: allArrive}, engine: engine, size: short, program: programtest.Program(t)}
	s := &trio{stage: &stage{T: t, trial: tr, folder: t.TempDir()}}
	s.database = "sqlite:" + s.folder + "/carillon.db"
	if engine == enginePostgres {
		s.database = postgrestest.Start(t).Database(t)
	}
	s.front = startFront(t)
	s.provider = simulator.New(simulator.Options{
		Webhook: s.front.URL + "/webhooks/main", AppSecret: appSecret, AccessToken: access, Latency: latency,
	})
	server := httptest.NewServer(s.provider)
	t.Cleanup(func() {
		s.provider.Close()
		server.Close()
	})
	s.url = server.URL
	var channels strings.Builder
	for name, id := range numbers {
		fmt.Fprintf(&channels, trioChannel, name, s.url, id, access, appSecret, trioRate, timeout)
	}
	s.write("carillon.yaml", fmt.Sprintf(trioConfig, s.database, redis, token, &channels))
	for _, role := range tr.fault.roles() {
		s.open(role)
	}
	var err error
	if s.client, err = cli.NewClient(s.front.URL, token); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	return s
}

const trioConfig = `ledger: %s
redis: %s
http:
  listen: 127.0.0.1:0
  tokens: [{name: tests, token: %s, role: admin}]
channels:
%s`

const trioChannel = `  %s:
    base_url: %s
    phone_number_id: "%s"
    access_token: %s
    app_secret: %s
    rate: %d
    timeout: %s
`

// launch uploads and starts a campaign for the first so many people, with a
// template of its own.
func (s *trio) launch(template string, people int) {
	s.Helper()
	s.template, s.size.people = template, people
	definition := s.write("campaign.yaml", `name: three numbers
channels: [main, north, south]
steps:
  - {template: `+template+`, language: en, category: utility, body: ["{{Full Name}}"]}
`)
	c, err := cli.Launch(s.Context(), s.client, cli.LaunchRequest{Campaign: definition, Contacts: s.people()})
	if err != nil {
		s.Fatal(err)
	}
	s.id = c.ID
}

// accepted are the moments at which the provider took a message of a channel.
func (s *trio) accepted(channel string) []time.Time {
	truth := s.provider.Truth()
	var at []time.Time
	for _, m := range truth.Messages {
		if m.Number == numbers[channel] {
			at = append(at, truth.Started.Add(m.At))
		}
	}
	return at
}

// underWay waits until a channel has sent n messages more.
func (s *trio) underWay(channel string, n int) {
	s.Helper()
	from := len(s.accepted(channel))
	s.eventually(channel+" sends", func() bool { return len(s.accepted(channel)) >= from+n })
}

// finish waits until the campaign has ended and all receipts are in.
func (s *trio) finish() {
	s.Helper()
	s.eventually("the campaign ends", func() bool {
		c, err := s.client.Campaign(s.Context(), s.id)
		return err == nil && c.FinishedAt != nil
	})
	if err := s.provider.Drain(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// judge holds the report against the provider's truth.
func (s *trio) judge() {
	s.Helper()
	truth, records := s.provider.Truth(), s.report([]string{s.template})
	truth.Messages = slices.DeleteFunc(truth.Messages, func(m simulator.Message) bool { return m.Template != s.template })
	audit := truth.Audit(slices.Values(records), []string{s.template}, 0)
	if !audit.OK() || audit.Accepted != s.size.people {
		s.Errorf("the audit found something, or not everybody was sent to:\n%s", audit)
	}
	for _, r := range records {
		if r.Status != campaign.Delivered && r.Status != campaign.Read {
			s.Errorf("a message to %s has ended as %s", r.To, r.Status)
		}
	}
	if len(records) != s.size.people {
		s.Errorf("%d lines in the report, want %d", len(records), s.size.people)
	}
}

// fedAnew fails the test where what a number had in its queue did not go out soon
// after a moment: the first so many people of the list who had nothing until then.
func (s *trio) fedAnew(channel string, people int, from time.Time) {
	s.Helper()
	truth := s.provider.Truth()
	at := func(m simulator.Message) time.Time { return truth.Started.Add(m.At) }
	later := slices.DeleteFunc(truth.Messages, func(m simulator.Message) bool {
		return m.Number != numbers[channel] || at(m).Before(from)
	})
	slices.SortFunc(later, func(a, b simulator.Message) int { return strings.Compare(a.To, b.To) })
	var longest time.Duration
	for _, m := range later[:people] {
		longest = max(longest, at(m).Sub(from))
	}
	s.Logf("%d people who were in the queue of %s had their message within %s", people, channel, longest.Round(time.Millisecond))
	if longest > goesOnWithin {
		s.Errorf("what was in the queue of %s went out after %s", channel, longest)
	}
}

const (
	// unmoved is the longest pause of a number that has lost nothing. It sends
	// every 25 ms; the rest is for a machine that has other work to do.
	unmoved = 2 * time.Second
	// goesOnWithin is the longest pause of one that has lost its master, from the
	// moment at which there is a new one.
	goesOnWithin = 10 * time.Second
)

// pauses fails the test where a number has sent nothing for longer than a time
// between two moments, and where its messages were over before the second one:
// then it proves nothing.
func (s *trio) pauses(channel string, atMost time.Duration, from, to time.Time) {
	s.Helper()
	longest, before, when := time.Duration(0), from, from
	at := s.accepted(channel)
	for _, moment := range at {
		if moment.Before(from) || moment.After(to) {
			continue
		}
		if pause := moment.Sub(before); pause > longest {
			longest, when = pause, before
		}
		before = moment
	}
	if pause := to.Sub(before); pause > longest {
		longest, when = pause, before
	}
	s.Logf("%s paused for at most %s within %s", channel, longest.Round(time.Millisecond), to.Sub(from).Round(time.Millisecond))
	if longest > atMost {
		s.Errorf("%s sent nothing for %s, from %s on after %s", channel, longest, when.Sub(from), from.Format(time.TimeOnly))
	}
	if len(at) == 0 || at[len(at)-1].Before(to) {
		s.Errorf("%s had sent all before the time was over; give it more people", channel)
	}
}
