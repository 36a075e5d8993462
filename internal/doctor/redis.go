package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"carillon/queue"
	"carillon/whatsapp"
)

// oldest is the version of Redis that has all commands that the queue needs (6.2:
// LMOVE, which asynq uses).
var oldest = [2]int{6, 2}

// redis looks at the queue's Redis: whether it takes tasks, and how it is set.
func (d *doctor) redis(ctx context.Context) []whatsapp.Finding {
	var e whatsapp.Examination
	if d.config.Redis == queue.Embedded {
		e.Add("redis", "is inside the program; after a restart the ledger makes its tasks again")
		return e.Findings
	}
	q, err := queue.Open(ctx, d.config.Redis, d.log)
	if err != nil {
		e.Fault("redis", err.Error(), "nothing is sent until it answers")
		return e.Findings
	}
	defer func() { _ = q.Close() }()
	refusals := queue.NewHealth(q.Client(), slices.Collect(maps.Keys(d.config.Channels)), d.log).Refusals()
	alike := map[string][]string{}
	for _, channel := range slices.Sorted(maps.Keys(refusals)) {
		why := refusals[channel].Reason
		alike[why] = append(alike[why], channel)
	}
	for _, why := range slices.Sorted(maps.Keys(alike)) {
		e.Fault("redis", "accepts no tasks for "+strings.Join(alike[why], ", ")+": "+why, refusals[alike[why][0]].Hint)
	}
	about, err := q.About(ctx)
	if err == nil {
		d.judgeRedis(&e, about, len(alike) == 0)
	}
	for _, warning := range q.Warnings(ctx) {
		found, todo, _ := strings.Cut(warning, "; ")
		e.Doubt("redis", found, todo)
	}
	return e.Findings
}

// judgeRedis says what a Redis tells of itself.
func (d *doctor) judgeRedis(e *whatsapp.Examination, about queue.About, takes bool) {
	kept := "keeps nothing on disk, which is fine: the ledger makes the tasks again"
	if about.Persists {
		kept = "keeps the queue on disk, which it need not: the ledger makes the tasks again"
	}
	if takes {
		e.Add("redis", "accepts tasks; it "+kept)
	}
	var version [2]int
	if _, err := fmt.Sscanf(about.Version, "%d.%d", &version[0], &version[1]); err == nil {
		if slices.Compare(version[:], oldest[:]) < 0 {
			e.Fault("redis version", about.Version+" lacks commands that the queue needs", "update it to 6.2 or newer")
		} else {
			e.Add("redis version", about.Version)
		}
	}
	compareClock(e, "Redis'", about.Ahead, false)
}
