package faults

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"carillon/campaign"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// seriesPeople is how many people get the series, in the short version and in
// the long one.
const seriesPeople, seriesPeopleLong = 4000, 20_000

// series are three messages, each behind the delivery of the one before.
const series = `name: series
channel: main
steps:
  - {template: first, language: en, category: utility, body: ["{{Full Name}}"]}
  - {after: delivered, patience: 15s, template: second, language: en, category: utility, body: ["{{Full Name}}"]}
  - {after: delivered, patience: 15s, template: third, language: en, category: utility, body: ["{{Full Name}}"]}
`

var seriesTemplates = []string{"first", "second", "third"}

// TestSeries sends a series to people some of whom write STOP in the middle of
// it, while receipts come late, twice, in any order or never, and while the
// process that sends is killed twice.
func TestSeries(t *testing.T) {
	program, postgres := programtest.Program(t), postgrestest.Start(t)
	for _, engine := range []string{engineSQLite, enginePostgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			tr := trial{fault: fault{name: "series", ends: someUnknown}, engine: engine, size: short, program: program}
			if engine == enginePostgres {
				tr.database = postgres.Database(t)
				tr.fault.houses = []string{"web", "scheduler", "worker"}
			}
			n := seriesPeople
			if *long {
				tr.size, n = longer, seriesPeopleLong
			}
			begun := time.Now()
			s, provider := tr.setSeries(t)
			c, err := cli.Launch(t.Context(), s.client, cli.LaunchRequest{Campaign: s.write("campaign.yaml", series), Contacts: s.mixedPeople(n)})
			if err != nil {
				t.Fatal(err)
			}
			s.id = c.ID
			for range 2 {
				s.underWay(n / 2)
				s.strike(s.newest(s.worker()))
				s.open(s.worker())
			}
			s.finish()
			s.judgeSeries(n, provider)
			t.Logf("%d people, %d messages accepted, %d stops, %s", n, s.accepted(), len(s.truth().Inbound), time.Since(begun).Round(time.Second))
		})
	}
}

// setSeries starts everything, with a provider in this process.
func (tr trial) setSeries(t *testing.T) (*stage, *simulator.Simulator) {
	t.Helper()
	s := &stage{T: t, trial: tr, folder: t.TempDir()}
	s.disk = s.folder
	s.redis = startRedis(t, false)
	if tr.engine == engineSQLite {
		s.database = "sqlite:" + s.folder + "/carillon.db"
	}
	s.front = startFront(t)
	provider := simulator.New(simulator.Options{
		Webhook: s.front.URL + "/webhooks/main", AppSecret: appSecret, AccessToken: access, Latency: 10 * time.Millisecond, Seed: 11,
		Faults: simulator.Faults{
			Throttle: 0.001, Timeout408: 0.01, Unavailable: 0.01, Undeliverable: 0.01, FailLater408: 0.01, LostAnswer: 0.005,
			Stop: 0.01, StopTwin: 0.01, HiddenNumber: 0.3,
		},
		Receipts: simulator.ReceiptOptions{
			Delay: 50 * time.Millisecond, Jitter: 500 * time.Millisecond, Read: 0.3,
			Duplicate: 0.1, Reorder: 0.2, Lost: 0.01, Early: 0.1, ReadWithoutDelivered: 0.1, DeliveredWithoutSent: 0.1,
		},
	})
	server := httptest.NewServer(provider)
	t.Cleanup(func() {
		provider.Close()
		server.Close()
	})
	s.url = server.URL
	s.write("carillon.yaml", fmt.Sprintf(config, s.database, s.redis.relay.Addr(), token)+channel("main", dialectOf(s.kind()), s.url, 0, "hold"))
	for _, role := range tr.fault.roles() {
		s.open(role)
	}
	var err error
	if s.client, err = cli.NewClient(s.front.URL, token); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	return s, provider
}

// mixedPeople is a list of n people, half of whom have numbers that WhatsApp
// knows in two forms.
func (s *stage) mixedPeople(n int) string {
	var text strings.Builder
	text.WriteString("Full Name,Phone\n")
	for i := range n {
		prefix := "+4915123"
		if i%2 == 1 {
			prefix = "+55119612"
		}
		fmt.Fprintf(&text, "Ana %d,%s%06d\n", i, prefix[:len(prefix)-i%2], 100_000+i)
	}
	return s.write("contacts.csv", text.String())
}

// judgeSeries holds the report against the provider's truth, the claims against
// the stops, and looks for an end without an explanation.
func (s *stage) judgeSeries(n int, provider *simulator.Simulator) {
	s.Helper()
	// A receipt that was there before its attempt was known is matched within a
	// second; until then its message looks lost.
	var truth simulator.Truth
	var records []simulator.Record
	var unknown int
	var audit simulator.Audit
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(100 * time.Millisecond) {
		truth, records = provider.Truth(), s.report(seriesTemplates)
		unknown = settleUnknown(records, truth)
		audit = truth.Audit(slices.Values(records), seriesTemplates, 0)
		if audit.Lost == 0 || time.Now().After(deadline) {
			break
		}
	}
	if want := n * len(seriesTemplates); len(records) != want {
		s.Errorf("%d lines in the report, want %d", len(records), want)
	}
	s.explained()
	if !audit.OK() || audit.Stopped == 0 {
		s.Errorf("the audit found something, or nobody wrote STOP:\n%s", audit)
	}
	claims := s.claims()
	for _, said := range truth.Inbound {
		acknowledged := truth.Started.Add(said.Answered).UnixMilli()
		for _, claimed := range claims[said.Person] {
			if said.Answered > 0 && claimed > acknowledged {
				s.Errorf("a message to %s was claimed %d ms after their STOP was acknowledged", said.Person, claimed-acknowledged)
			}
		}
	}
	s.Logf("%d unknown\n%s", unknown, audit)
}

// explained finds messages that did not go out, or failed, without a word why.
func (s *stage) explained() {
	s.Helper()
	var text strings.Builder
	if err := s.client.Report(s.Context(), s.id, &text); err != nil {
		s.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	status, reason := slices.Index(lines[0], "status"), slices.Index(lines[0], "reason")
	for _, line := range lines[1:] {
		switch line[status] {
		case campaign.Failed.String(), campaign.Skipped.String(), campaign.Unknown.String(), campaign.Undelivered.String():
			if line[reason] == "" {
				s.Errorf("no reason is given in the line %q of the report", line)
			}
		case campaign.Waiting.String(), campaign.Pending.String(), campaign.Posting.String():
			s.Errorf("the line %q of the report is no end", line)
		}
	}
}

// claims are the times of all claims, in milliseconds, by the number they were
// for.
func (s *stage) claims() map[string][]int64 {
	s.Helper()
	driver, source := "pgx", s.database
	if s.engine == engineSQLite {
		driver, source = "sqlite", strings.TrimPrefix(s.database, "sqlite:")
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(s.Context(), `
		SELECT r.phone, a.claimed_at FROM attempts a JOIN recipients r ON r.id = (a.message_id >> 4)`)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	all := map[string][]int64{}
	for rows.Next() {
		var phone string
		var at int64
		if err := rows.Scan(&phone, &at); err != nil {
			s.Fatal(err)
		}
		all[phone] = append(all[phone], at)
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return all
}
