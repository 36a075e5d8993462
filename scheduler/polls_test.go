package scheduler

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
)

// asked is a ledger with messages to ask about, beside those to send.
type asked struct {
	backlog
	polls []ledger.Poll // in the order in which they are due
	looks int
}

func (a *asked) DuePolls(_ context.Context, channel string, limit int, now time.Time) ([]ledger.Poll, error) {
	a.looks++
	n := 0
	for n < min(limit, len(a.polls)) && !a.polls[n].Due.After(now) {
		n++
	}
	return slices.Clone(a.polls[:n]), nil
}

// moves takes the poll of a message out of those that are due.
func (a *asked) moves(id campaign.MessageID) {
	a.polls = slices.DeleteFunc(a.polls, func(p ledger.Poll) bool { return p.Message == id })
}

// line is a feeder of a real queue, with a ledger behind it.
type line struct {
	*place
	*feeder
	asked *asked
	now   time.Time
}

// newLine is that of a channel with 10 messages a second: 100 tasks are its window.
func newLine(t *testing.T, polled bool) *line {
	p, a := newPlace(t), &asked{}
	a.due = map[campaign.MessageID]time.Time{}
	channel := Channel{Polled: polled, TaskTimeout: time.Minute}
	limits := func() campaign.Limits { return campaign.Limits{Rate: 10} }
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "fed"})
	return &line{p, newFeeder("main", channel, limits, nil, newCaps(), a, p.client, counter), a, time.Unix(1_760_000_000, 0)}
}

// dues has n messages asked about, each a millisecond after the other.
func (l *line) dues(n int) {
	for i := range n {
		l.asked.polls = append(l.asked.polls, ledger.Poll{
			Message: campaign.ID(9).Recipient(len(l.asked.polls) + 1).Message(0), Attempt: 1, Due: l.now.Add(time.Duration(i-n) * time.Millisecond),
		})
	}
}

func (l *line) feedOn(running ...ledger.Campaign) {
	l.Helper()
	l.must(l.feed(l.Context(), running, l.now))
}

// pending are the tasks that wait in the queue.
func (l *line) pending() []string {
	l.Helper()
	ids, err := l.place.client.LRange(l.Context(), "asynq:{send:main}:pending", 0, -1).Result()
	l.must(err)
	slices.Sort(ids)
	return ids
}

// takes has a worker take the oldest task of the queue.
func (l *line) takes() (id string) {
	l.Helper()
	id, err := l.place.client.RPop(l.Context(), "asynq:{send:main}:pending").Result()
	l.must(err)
	l.must(l.place.client.Del(l.Context(), "asynq:{send:main}:t:"+id).Err())
	return id
}

func TestPollsAreFedWithoutACampaign(t *testing.T) {
	l := newLine(t, true)
	l.dues(2)
	l.feedOn()
	first, second := "poll."+l.asked.polls[0].Message.Reference(1)+".1", "poll."+l.asked.polls[1].Message.Reference(1)+".1"
	if diff := cmp.Diff([]string{first, second}, l.pending()); diff != "" {
		t.Error(diff)
	}
	l.must(l.place.client.SAdd(l.Context(), queuesKey, "send:main").Err()) // for asynq to look it up
	info, err := asynq.NewInspectorFromRedisClient(l.place.client).GetTaskInfo("send:main", first)
	l.must(err)
	task, err := campaign.ParseTask(info.Payload)
	l.must(err)
	if info.Type != campaign.PollType || task.Message != l.asked.polls[0].Message || info.Timeout != time.Minute {
		t.Errorf("the queue has %s %+v within %s", info.Type, task, info.Timeout)
	}
	l.feedOn()
	if n := len(l.pending()); n != 2 {
		t.Errorf("%d tasks after they were looked at once more", n)
	}
	l.server.FlushAll()
	l.feedOn()
	if diff := cmp.Diff([]string{first, second}, l.pending()); diff != "" {
		t.Errorf("after the queue was emptied: %s", diff)
	}
}

func TestAPollThatIsDueAgainIsFedAgain(t *testing.T) {
	l := newLine(t, true)
	l.dues(1)
	l.feedOn()
	l.takes()
	l.now = l.now.Add(time.Second)
	l.feedOn()
	if n := len(l.pending()); n != 0 {
		t.Fatalf("%d tasks while a worker asks", n)
	}
	l.asked.polls[0].Due = l.now.Add(15 * time.Second)
	l.feedOn()
	l.now = l.now.Add(15 * time.Second)
	l.feedOn()
	if n := len(l.pending()); n != 1 {
		t.Errorf("%d tasks when it is due again", n)
	}
}

func TestALostPollIsFedAgain(t *testing.T) {
	l := newLine(t, true)
	l.dues(1)
	l.feedOn()
	before := l.takes() // by a worker that dies
	for _, wait := range []time.Duration{time.Second, lostAfter, time.Minute - lostAfter} {
		if n := len(l.pending()); n != 0 {
			t.Fatalf("%d tasks while a worker may be asking", n)
		}
		l.now = l.now.Add(wait)
		l.feedOn()
	}
	if after := l.pending(); len(after) != 1 || after[0] == before || !strings.HasSuffix(after[0], ".2") {
		t.Errorf("the queue holds %v", after)
	}
}

func TestAChannelThatIsNotPolledAsksForNoPolls(t *testing.T) {
	l := newLine(t, false)
	l.dues(3)
	l.feedOn()
	if l.asked.looks != 0 || len(l.polls) != 0 {
		t.Errorf("looked %d times, remembers %d", l.asked.looks, len(l.polls))
	}
	if l.window() != smallestWindow {
		t.Errorf("its window is %d", l.window())
	}
}

// TestPollsAndSendsShareTheRate takes a task from the queue ten times a second,
// while there is more than enough of both. Neither may starve.
func TestPollsAndSendsShareTheRate(t *testing.T) {
	l := newLine(t, true)
	const many = 2000
	c := ledger.Campaign{ID: 1, State: campaign.Running, Definition: &campaign.Definition{Channel: "main", Steps: make([]campaign.Step, 1)}}
	for row := range many {
		l.asked.due[c.ID.Recipient(row+1).Message(0)] = time.Time{}
	}
	l.dues(many)
	polls, sends := 0, 0
	for range 1000 {
		l.feedOn(c)
		if n := len(l.polls); n > 20 {
			t.Fatalf("%d polls in the queue, a fifth of the window is 20", n)
		}
		id, isPoll := strings.CutPrefix(l.takes(), "poll.")
		task, err := campaign.ParseTask([]byte(id))
		l.must(err)
		if isPoll {
			polls++
			l.asked.moves(task.Message)
		} else {
			sends++
			delete(l.asked.due, task.Message)
		}
		l.now = l.now.Add(100 * time.Millisecond)
	}
	seen := l.view.get()
	if seen.window != l.window() || seen.queued < l.window()/4 || seen.queued > l.window() || seen.fresh.IsZero() {
		t.Errorf("of a window of %d, it shows %+v", l.window(), seen)
	}
	if polls < 150 || polls > 350 {
		t.Errorf("%d polls and %d sends, want about a quarter of polls", polls, sends)
	}
}

// TestPollsAloneKeepTheNumberBusy: nothing is to be sent, so every departure is
// that of a poll.
func TestPollsAloneKeepTheNumberBusy(t *testing.T) {
	l := newLine(t, true)
	l.dues(500)
	for range 300 {
		l.feedOn()
		id, _ := strings.CutPrefix(l.takes(), "poll.")
		task, err := campaign.ParseTask([]byte(id))
		l.must(err)
		l.asked.moves(task.Message)
		l.now = l.now.Add(100 * time.Millisecond)
	}
	if n := len(l.polls); n > 20 {
		t.Errorf("%d polls are remembered", n)
	}
}
