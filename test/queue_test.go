package test

import (
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"carillon/internal/postgrestest"
	"carillon/queue"
	"carillon/simulator"
)

// notForTasks are the commands that no task needs on its way: those of
// connecting, of asking, of what asynq's pages show, and of this test.
var notForTasks = []string{"hello", "client", "ping", "info", "config", "sadd", "setex", "expire", "subscribe", "zremrangebyscore"}

// TestTheProbeTriesWhatIsUsed sends a campaign, some of it by retries, and then
// denies each command that was used: whoever asks whether the queue takes tasks
// has to hear of it.
func TestTheProbeTriesWhatIsUsed(t *testing.T) {
	address := startRedis(t)
	admin := connect(t, address)
	h := startHouse(t, setup{
		redis: address, ledger: postgrestest.Start(t).Database(t), rate: 100,
		simulator: simulator.Options{Faults: simulator.Faults{Throttle: 0.03}},
	})
	c := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, 100))
	h.finish(t, c.ID)
	stats, err := admin.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^cmdstat_([a-z]+)`).FindAllStringSubmatch(stats, -1) {
		used[found[1]] = true
	}
	for _, name := range notForTasks {
		delete(used, name)
	}
	if !used["rpoplpush"] || !used["hmget"] {
		t.Fatalf("the campaign has used %v", slices.Sorted(maps.Keys(used)))
	}

	other := startRedis(t)
	admin = connect(t, other)
	q, err := queue.Open(t.Context(), other, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	permit := func(rule string) {
		t.Helper()
		if err := admin.Do(t.Context(), "ACL", "SETUSER", "default", rule).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		permit("-" + name)
		refused := queue.NewHealth(q.Client(), []string{"main"}, slog.New(slog.DiscardHandler)).Refusals()["main"]
		if refused == nil || !strings.Contains(refused.Reason, "lacks permissions") {
			t.Errorf("without %s the queue is said to take tasks, or not to for another reason: %v", name, refused)
		}
		permit("+" + name)
	}
}

func connect(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
