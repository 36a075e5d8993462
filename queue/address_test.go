package queue

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// TestRedisUser: servers with access lists know several users.
func TestRedisUser(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireUserAuth("carillon", "hidden")
	open := func(credentials string) error {
		q, err := Open(t.Context(), "redis://"+credentials+"@"+server.Addr(), slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		return q.Close()
	}
	if err := open("carillon:hidden"); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"somebody:hidden", ":hidden"} {
		if err := open(wrong); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// Every user of the machine reaches the port of the embedded one.
func TestTheEmbeddedRedisWantsItsPassword(t *testing.T) {
	q, err := Open(t.Context(), Embedded, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}()
	stranger := redis.NewClient(&redis.Options{Addr: q.embedded.server.Addr()})
	defer stranger.Close()
	if err := stranger.Keys(t.Context(), "*").Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("a stranger is answered with %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]settings{
		"redis://host:1/2":                {kind: "redis", hosts: []string{"host:1"}, database: 2},
		"redis://:secret@host:1":          {kind: "redis", hosts: []string{"host:1"}, password: "secret"},
		"rediss://u:p@host:1":             {kind: "rediss", hosts: []string{"host:1"}, user: "u", password: "p"},
		"redis-socket://u:p@/run/r.sock":  {kind: socket, hosts: []string{"/run/r.sock"}, user: "u", password: "p"},
		"redis-socket:///run/r.sock?db=3": {kind: socket, hosts: []string{"/run/r.sock"}, database: 3},
		"redis-cluster://one:1,two:2/":    {kind: nodes, hosts: []string{"one:1", "two:2"}},
		"redis-cluster://u:a%40b@one:1":   {kind: nodes, hosts: []string{"one:1"}, user: "u", password: "a@b"},
		"redis-sentinel://u:p%2Fq@one:1,two:2?master=m": {
			kind: sentinels, hosts: []string{"one:1", "two:2"}, user: "u", password: "p/q", master: "m",
		},
	} {
		got, err := parse(address)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{})); diff != "" || err != nil {
			t.Errorf("%s: %v %s", address, err, diff)
		}
	}
	for _, wrong := range []string{"host:1", "amqp://u:hidden@host:1", "redis://u:hidden@host:1/x", "redis-cluster://u:hid%zzden@host:1"} {
		if _, err := parse(wrong); err == nil || strings.Contains(err.Error(), "hid") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
