package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// RunShared tests an engine that serves several processes: two ledgers of one
// database, with everything that concerns a few people happening in both at
// once. No call may fail, no attempt be granted twice, nobody be written to who
// has said no, and in the end the counts must be those of the rows.
func RunShared(t *testing.T, fresh Fresh) {
	url := fresh(t)
	ledgers := []*ledger.Ledger{opened(t, url), opened(t, url)}
	traces := newTraces(t, url)
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		lives++
		c := newCrowd(t, ledgers[0], lives)
		var all sync.WaitGroup
		for n := range 3 * len(ledgers) {
			script := rapid.SliceOfN(rapid.Custom(drawDeed), 3, 10).Draw(rt, "script")
			all.Go(func() {
				for _, d := range script {
					if err := c.do(t.Context(), ledgers[n%len(ledgers)], d); err != nil {
						c.fail(fmt.Errorf("%+v: %w", d, err))
					}
				}
			})
		}
		all.Wait()
		c.judge(rt, ledgers, traces)
	})
}

// deed is something that one process does.
type deed struct {
	What     string
	Campaign int
	Row      int // of the list, from 0
	Step     int
	Yes      bool // whatever else has to be decided
}

func drawDeed(rt *rapid.T) deed {
	return deed{
		What: rapid.SampledFrom([]string{
			"send", "send", "send", "send", "report", "report", "poll", "poll", "reply", "reply", "stop", "move", "sweep", "retry", "forget",
		}).Draw(rt, "what"),
		Campaign: rapid.IntRange(0, 1).Draw(rt, "campaign"),
		Row:      rapid.IntRange(0, 2).Draw(rt, "row"),
		Step:     rapid.IntRange(0, 3).Draw(rt, "step"),
		Yes:      rapid.Bool().Draw(rt, "yes"),
	}
}

// crowd is two campaigns with the same three people, and what has been done
// with them.
type crowd struct {
	life      int
	keys      []string
	campaigns []campaign.ID
	ticks     atomic.Int64
	mute      [3]atomic.Bool // who has said no, or was erased
	erased    [3]atomic.Bool

	sync.Mutex
	granted map[campaign.Task]bool
	errs    []error
}

func newCrowd(t *testing.T, l *ledger.Ledger, life int) *crowd {
	c := &crowd{life: life, granted: map[campaign.Task]bool{}}
	var rows []campaign.Row
	for n := range len(c.mute) {
		c.keys = append(c.keys, fmt.Sprintf("+4479%07d%d", life, n))
		rows = append(rows, row(n+1, c.keys[n]))
	}
	b := &bench{T: t, Ledger: l, now: start}
	for range 2 {
		id := b.imported(asks(), rows)
		b.act(id, campaign.Start)
		c.campaigns = append(c.campaigns, id)
	}
	return c
}

func (c *crowd) fail(err error) {
	c.Lock()
	defer c.Unlock()
	c.errs = append(c.errs, err)
}

// hold leaves what is unknown as it is.
func hold(string) ledger.UnknownPolicy { return ledger.UnknownPolicy{After: time.Minute} }

// now runs on by some minutes whenever somebody looks.
func (c *crowd) now() time.Time { return start.Add(time.Duration(c.ticks.Add(1)) * 5 * time.Minute) }

func (c *crowd) do(ctx context.Context, l *ledger.Ledger, d deed) (err error) {
	id := c.campaigns[d.Campaign]
	m := id.Recipient(d.Row + 1).Message(d.Step)
	now := c.now()
	heard := ledger.InboundEvent{
		ID: fmt.Sprintf("heard %d", c.ticks.Load()), Channel: "main", Peers: []string{"main"}, Person: c.keys[d.Row], At: now, Message: true, Opens: true, Source: ledger.SourcePerson,
	}
	switch d.What {
	case "send":
		return c.send(ctx, l, m, d, now)
	case "report":
		status := campaign.Delivered
		if d.Yes {
			status = campaign.Failed
		}
		r := ledger.Receipt{
			Channel: "main", Peers: []string{"main"}, Keys: []string{c.keys[d.Row], c.userID(d.Row)},
			Message: m, Attempt: 1, ProviderID: c.providerID(d, m, 1), Status: status, At: now, Failure: campaign.Failure{Reason: "late", Retry: true},
		}
		if d.Step%2 == 0 { // it goes by the provider's id, or by whom it is for
			r.Message, r.Attempt = 0, 0
		}
		_, err = l.Receive(ctx, []ledger.Receipt{r}, now)
		return err
	case "poll":
		return c.poll(ctx, l, d, now)
	case "reply":
		heard.Answers, heard.Reply = true, campaign.Reply{Text: map[bool]string{true: "yes please", false: "no please"}[d.Yes]}
		_, err = l.Hear(ctx, []ledger.InboundEvent{heard}, now)
		return err
	case "stop":
		heard.OptOut = campaign.ScopeAll
		if d.Yes { // by the user ID, which may not be known yet
			heard.Person = c.userID(d.Row)
		}
		fates, err := l.Hear(ctx, []ledger.InboundEvent{heard}, now)
		if err == nil && fates[0] == ledger.FateOnRecord {
			c.mute[d.Row].Store(true)
		}
		return err
	case "move":
		heard.Also = []string{c.keys[d.Step%len(c.keys)]}
		_, err = l.Hear(ctx, []ledger.InboundEvent{heard}, now)
		return err
	case "sweep":
		_, err = l.Sweep(ctx, now, hold)
		return err
	case "retry":
		_, err = l.Retry(ctx, id, []campaign.Status{campaign.Failed}, "tester", now)
		return err
	}
	if _, err = l.Forget(ctx, c.keys[d.Row], now); err == nil {
		c.mute[d.Row].Store(true)
		c.erased[d.Row].Store(true)
	}
	return err
}

// send claims a message and settles it, as two different people or the same.
func (c *crowd) send(ctx context.Context, l *ledger.Ledger, m campaign.MessageID, d deed, now time.Time) error {
	for n := 1; n <= 3; n++ {
		mute := c.mute[d.Row].Load()
		task := campaign.Task{Message: m, Attempt: n}
		_, err := l.Claim(ctx, task, ledger.Sender{Portfolio: "portfolio"}, now, now.Add(time.Minute))
		if refused := new(ledger.RefusedError); errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return err
		}
		if mute {
			return errors.New("claimed although the person does not want it")
		}
		if err := c.grant(task); err != nil {
			return err
		}
		s := ledger.Settlement{Message: m, Attempt: n, Outcome: ledger.OutcomeAccepted, At: now, ProviderID: c.providerID(d, m, n), Poll: "main"}
		if d.Yes {
			s.Keys = []string{c.keys[(d.Row+1)%len(c.keys)]}
		}
		return l.Settle(ctx, s)
	}
	return nil
}

// poll asks about some of what there is to ask about, and is told that it arrived
// or failed, or nothing.
func (c *crowd) poll(ctx context.Context, l *ledger.Ledger, d deed, now time.Time) error {
	polls, err := l.DuePolls(ctx, "main", 3, now.Add(24*time.Hour))
	if err != nil {
		return err
	}
	for i, p := range polls {
		row, err := l.Poll(ctx, p.Message, p.Attempt)
		if errors.Is(err, ledger.ErrNotFound) {
			continue // somebody else was told the last of it, or the person was erased
		}
		if err != nil {
			return err
		}
		polled := ledger.Polled{PollRow: row, At: now}
		switch (d.Step + i) % 3 {
		case 0:
			polled.Receipt = &ledger.Receipt{Status: campaign.Delivered, At: now}
		case 1:
			polled.Receipt = &ledger.Receipt{Status: campaign.Failed, At: now, Failure: campaign.Failure{Reason: "late", Retry: true}}
		}
		if _, err := l.Polled(ctx, polled); err != nil {
			return err
		}
	}
	return nil
}

// userID is another key of the person of a row, which no list has.
func (c *crowd) userID(row int) string { return fmt.Sprintf("GB.%d.%d", c.life, row) }

// providerID tells of the number, as WhatsApp's do.
func (c *crowd) providerID(d deed, m campaign.MessageID, n int) string {
	return "wamid." + m.Reference(n) + c.keys[d.Row]
}

func (c *crowd) grant(task campaign.Task) error {
	c.Lock()
	defer c.Unlock()
	if c.granted[task] {
		return errors.New("the attempt was granted twice")
	}
	c.granted[task] = true
	return nil
}

// judge looks at what has become of all that.
func (c *crowd) judge(rt *rapid.T, ledgers []*ledger.Ledger, traces *traces) {
	ctx := context.Background()
	if err := errors.Join(c.errs...); err != nil {
		rt.Fatal(err)
	}
	for _, id := range c.campaigns {
		for _, l := range ledgers {
			if err := l.Verify(ctx, id); err != nil {
				rt.Fatal(err)
			}
		}
	}
	c.end(ctx, rt, ledgers[0])
	polls, err := ledgers[0].DuePolls(ctx, "main", 1000, start.Add(1000*24*time.Hour))
	if err != nil {
		rt.Fatal(err)
	}
	for _, p := range polls {
		if slices.Contains(c.campaigns, p.Message.Campaign()) && c.erased[p.Message.Recipient().Row()-1].Load() {
			rt.Fatalf("message %d of somebody who was erased is to be asked about", p.Message)
		}
	}
	for n, key := range c.keys {
		for _, table := range traces.of(rt, key) {
			if c.erased[n].Load() && table != "early_receipts" { // of which it is not known whose they are
				rt.Fatalf("key %d was erased and stands in %s", n, table)
			}
		}
	}
}

// end has all go well until the campaigns have finished.
func (c *crowd) end(ctx context.Context, rt *rapid.T, l *ledger.Ledger) {
	const rounds = 30 // of a day each: far more than the gates' patience
	finished := map[campaign.ID]bool{}
	for n := 1; len(finished) < len(c.campaigns); n++ {
		if n == rounds {
			rt.Fatal("a campaign does not end")
		}
		now := c.now().Add(time.Duration(n) * 24 * time.Hour)
		for _, id := range c.campaigns {
			found, err := l.Feedable(ctx, id, 0, 100, now)
			for _, f := range found {
				err = errors.Join(err, c.send(ctx, l, f.ID, deed{Row: f.ID.Recipient().Row() - 1}, now))
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		_, err := l.Sweep(ctx, now, hold)
		if err != nil {
			rt.Fatal(err)
		}
		done, err := l.Finish(ctx, c.campaigns, now)
		if err != nil {
			rt.Fatal(err)
		}
		for _, id := range done {
			finished[id] = true
		}
	}
}
