package app

import (
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/queue"
	"carillon/ratelimit"
)

// gathered is the values of a registry's gauges and counters, and the numbers
// of its histograms, as "name{label}".
func gathered(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, pair := range metric.GetLabel() {
				labels = append(labels, pair.GetValue())
			}
			name := strings.TrimPrefix(family.GetName(), "carillon_") + "{" + strings.Join(labels, ",") + "}"
			found[name] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return found
}

func TestChannelsShowTheirRatesAndQueues(t *testing.T) {
	t.Parallel()
	slowed := ratelimit.NewLocal(80, time.Now)
	slowed.Throttled(time.Now(), time.Hour)
	registry := prometheus.NewRegistry()
	registry.MustRegister(newChannelMetrics([]string{"free", "main"},
		map[string]ratelimit.Limiter{"free": ratelimit.NewLocal(0, time.Now), "main": slowed},
		func() map[string]string { return map[string]string{"main": "Redis is full"} }))
	want := map[string]float64{
		"rate_configured_per_second{main}": 80, "rate_allowed_per_second{main}": 40, "queue_refuses{main}": 1,
		"rate_configured_per_second{free}": math.Inf(1), "rate_allowed_per_second{free}": math.Inf(1), "queue_refuses{free}": 0,
	}
	if diff := cmp.Diff(want, gathered(t, registry)); diff != "" {
		t.Error(diff)
	}
}

// A process that does not send shows its queues alone: its limiters are idle.
func TestRatesAreThoseOfWorkers(t *testing.T) {
	t.Parallel()
	for _, roles := range []Roles{{Worker: true}, {Web: true, Scheduler: true}} {
		a := &App{roles: roles, registry: prometheus.NewRegistry(), health: queue.NewHealth(nil, nil, slog.New(slog.DiscardHandler))}
		a.watchChannels([]string{"main"}, map[string]ratelimit.Limiter{"main": ratelimit.NewLocal(80, time.Now)})
		_, shown := gathered(t, a.registry)["rate_allowed_per_second{main}"]
		if shown != roles.Worker {
			t.Errorf("%+v: the rate is shown: %t", roles, shown)
		}
	}
}

// observed is a process with a ledger that is counted.
func observed(t *testing.T) *App {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "carillon.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &App{ledger: l, registry: prometheus.NewRegistry(), log: slog.New(slog.DiscardHandler)}
	a.observeLedger()
	return a
}

func TestTheLedgersCommitsAreCounted(t *testing.T) {
	t.Parallel()
	a := observed(t)
	l := a.ledger
	if before := gathered(t, a.registry); before["ledger_commit_jobs{urgent}"] != 0 || len(before) != 6+len(ledger.Ways()) {
		t.Errorf("before anything happens: %v", before)
	}
	if err := l.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.PauseSchedule(t.Context(), "none"); !errors.Is(err, ledger.ErrNotFound) {
		t.Fatal(err)
	}
	after := gathered(t, a.registry)
	for name, want := range map[string]float64{
		"ledger_commit_jobs{urgent}": 1, "ledger_commit_seconds{urgent}": 1, "ledger_commit_jobs{background}": 0,
		"ledger_commits_failed_total{urgent}": 1,
	} {
		if after[name] != want {
			t.Errorf("%s is %v, want %v", name, after[name], want)
		}
	}
}

// A message whose answer was lost is given up by a person.
func TestDecidedMessagesAreCounted(t *testing.T) {
	t.Parallel()
	a := observed(t)
	l, now := a.ledger, time.Now()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	in, err := l.BeginIntake(t.Context(), ledger.NewCampaign{Definition: &campaign.Definition{
		Name: "one", Channel: "main", Steps: []campaign.Step{{Template: "hello", Language: "en", Category: campaign.Utility}},
	}}, now)
	check(err)
	check(in.Add(t.Context(), []campaign.Row{{Number: 1, Phone: "+447700900000", Person: "+447700900000", Verdict: campaign.OK, Values: []string{}}}, now))
	check(in.Reveal(t.Context()))
	_, err = l.Act(t.Context(), in.ID(), campaign.Start, "tester", now)
	check(err)
	id := in.ID().Recipient(1).Message(0)
	_, err = l.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute))
	check(err)
	check(l.Settle(t.Context(), ledger.Settlement{Message: id, Attempt: 1, Outcome: ledger.OutcomeUnknown, At: now, UnknownAfter: time.Hour}))
	_, err = l.Resolve(t.Context(), in.ID(), ledger.Drop, "tester", now)
	check(err)
	for way, want := range map[ledger.Way]float64{ledger.ByPersonDrop: 1, ledger.ByReceipt: 0} {
		if got := gathered(t, a.registry)["unknown_decided_total{"+string(way)+"}"]; got != want {
			t.Errorf("%s: %v, want %v", way, got, want)
		}
	}
}
