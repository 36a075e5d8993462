package faults

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
)

// TestTwoProviders sends a campaign over two providers at once, of kinds that
// have little in common: one tells what happens, the other is asked. The process
// is killed and Redis is emptied meanwhile. In another run the first provider takes
// nothing, and all falls back on the second.
func TestTwoProviders(t *testing.T) {
	program, postgres, all := programtest.Program(t), postgrestest.Start(t), &results{}
	strike := func(s *stage) {
		flushRedis(s)
		killEverySecond(s)
		flushRedis(s)
	}
	for name, takes := range map[string]string{"shared": "", "fallback": "another-token"} {
		for _, engine := range []string{engineSQLite, enginePostgres} {
			tr := trial{
				fault:  fault{name: "two providers, " + name, strike: strike, ends: someUnknown},
				engine: engine, provider: "cloud", beside: "gateway", takes: takes, size: short, program: program,
			}
			if engine == enginePostgres {
				tr.database = postgres.Database(t)
			}
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				s := tr.run(t, all)
				want := []string{"main", "second"}
				if takes != "" {
					want = []string{"second"}
				}
				if got := s.senders(); !slices.Equal(got, want) {
					t.Errorf("the report has messages sent by %v, want %v", got, want)
				}
			})
		}
	}
}

// senders are the channels of the report that have sent something.
func (s *stage) senders() []string {
	s.Helper()
	var text bytes.Buffer
	if err := s.client.Report(s.Context(), s.id, &text); err != nil {
		s.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	channel, id := slices.Index(lines[0], "channel"), slices.Index(lines[0], "message_id")
	var found []string
	for _, line := range lines[1:] {
		if line[id] != "" && !slices.Contains(found, line[channel]) {
			found = append(found, line[channel])
		}
	}
	slices.Sort(found)
	return found
}
