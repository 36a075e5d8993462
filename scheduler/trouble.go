package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// sayAgain is how long a trouble that goes on in other words is not said again.
const sayAgain = time.Minute

// trouble logs what goes wrong in work that is tried again and again: each
// trouble once, and that it is over.
type trouble struct {
	log  *slog.Logger
	now  func() time.Time
	mu   sync.Mutex
	last map[string]said // by what was tried
}

// said is what the log was told of a trouble that is not over.
type said struct {
	text string
	at   time.Time
}

func newTrouble(log *slog.Logger, now func() time.Time) *trouble {
	return &trouble{log: log, now: now, last: map[string]said{}}
}

// report takes the outcome of one try.
func (t *trouble) report(what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.last[what]
	if err == nil {
		if known {
			t.log.Info("scheduler: " + what + " works again")
			delete(t.last, what)
		}
		return
	}
	if now := t.now(); !known || err.Error() != last.text && now.Sub(last.at) >= sayAgain {
		t.log.Error("scheduler: "+what+" failed and is tried again", "error", err)
		t.last[what] = said{err.Error(), now}
	}
}
