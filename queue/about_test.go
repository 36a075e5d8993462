package queue

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAbout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options  []string
		persists bool
	}{
		"nothing is kept": {nil, false},
		"appended":        {[]string{"--appendonly", "yes"}, true},
		"saved":           {[]string{"--save", "3600 1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := startServer(t, test.options...)
			q, err := Open(t.Context(), "redis://"+address, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = q.Close() }()
			about, err := q.About(t.Context())
			if err != nil || about.Persists != test.persists || strings.Count(about.Version, ".") < 2 || about.Ahead.Abs() > time.Second {
				t.Errorf("got %+v, %v", about, err)
			}
		})
	}
}
