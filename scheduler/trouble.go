package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// trouble logs what goes wrong in work that is tried again and again: each
// trouble once, and that it is over.
type trouble struct {
	log  *slog.Logger
	mu   sync.Mutex
	last map[string]string // by what was tried
}

func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: log, last: map[string]string{}}
}

// report takes the outcome of one try.
func (t *trouble) report(what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case text == t.last[what]:
		return
	case err != nil:
		t.log.Error("scheduler: "+what+" failed, trying again", "error", err)
	default:
		t.log.Info("scheduler: " + what + " works again")
	}
	t.last[what] = text
}
