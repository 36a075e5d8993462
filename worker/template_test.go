package worker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

func TestAThrottledTemplateMakesAHandfulOfRequests(t *testing.T) {
	t.Parallel()
	bubble(t, "three hours", func(t *testing.T) {
		const people = 500
		slow, other := campaign.TemplateName{Name: "slow", Language: "en"}, campaign.TemplateName{Name: "other", Language: "en"}
		s := newThrottledStand(200, []campaign.Step{{Template: "slow", Language: "en"}, {Template: "other", Language: "en"}}, "Ana Souza")
		s.provider.set(slow, true)
		s.offer(t, 0, people, 50, time.Second, time.Minute)
		first, _ := s.provider.sent(slow)
		if first > 40 { // what was under way when the first answer came
			t.Errorf("%d requests before it was known, want what leaves in a tenth of a second", first)
		}
		s.offer(t, 1, people, 50, time.Second, time.Minute)
		if posts, _ := s.provider.sent(other); posts != people {
			t.Errorf("%d requests of another template, want %d", posts, people)
		}
		s.offer(t, 0, people, 50, 30*time.Second, 3*time.Hour)
		if posts, together := s.provider.sent(slow); posts-first > 4 || posts == first {
			t.Errorf("%d requests in three hours, at most %d at once; want one an hour", posts-first, together)
		}
		s.provider.set(slow, false)
		s.offer(t, 0, people, 50, 30*time.Second, time.Hour+10*time.Minute)
		if n := len(s.accepted(0)); n != people {
			t.Errorf("%d were accepted once it was over, want %d", n, people)
		}
		if text := s.log.String(); strings.Contains(text, "Souza") || strings.Count(text, "the template is sent at full speed again") != 1 {
			t.Errorf("the log has\n%s", text)
		}
	})
}

// TestAThrottledTemplateStartsSlowly counts what is under way at once after the
// wait: one, then one more for each that was accepted.
func TestAThrottledTemplateStartsSlowly(t *testing.T) {
	t.Parallel()
	name := campaign.TemplateName{Name: "slow", Language: "en"}
	var all templates
	now := time.Unix(0, 0)
	all.refused(name, now.Add(time.Hour), now)
	now = now.Add(time.Hour)
	for want := 1; want <= ledger.MostProbes; want++ {
		var flying []*send
		for range 2 * ledger.MostProbes {
			s := &send{left: now}
			s.template.Name, s.template.Language = name.Name, name.Language
			if wait, _ := all.admit(s, name, now); wait == 0 {
				flying = append(flying, s)
			}
		}
		if len(flying) != want {
			t.Fatalf("%d under way at once, want %d", len(flying), want)
		}
		if probe, last := all.accepted(flying[0], now); !probe || last != (want == ledger.MostProbes) {
			t.Fatalf("of %d one was accepted: a probe %t, the last %t", want, probe, last)
		}
		for _, s := range flying {
			all.leave(s)
		}
	}
	if wait, _ := all.admit(&send{}, name, now); wait != 0 {
		t.Errorf("it is still slowed, for %s", wait)
	}
}

// TestWhatPassesASlowedTemplate draws what happens to a template, and holds it
// against the rule: while it waits nothing leaves, and afterwards never more at
// once than have been accepted, and one.
func TestWhatPassesASlowedTemplate(t *testing.T) {
	t.Parallel()
	name := campaign.TemplateName{Name: "slow", Language: "en"}
	rapid.Check(t, func(t *rapid.T) {
		all, now := &templates{}, time.Unix(0, 0)
		var until time.Time // of the newest refusal
		slowed, accepted := false, 0
		var flying, admitted []*send
		take := func(from *[]*send, what string) *send {
			if len(*from) == 0 {
				t.Skip("nothing is " + what)
			}
			n := rapid.IntRange(0, len(*from)-1).Draw(t, what)
			s := (*from)[n]
			*from = append((*from)[:n:n], (*from)[n+1:]...)
			return s
		}
		t.Repeat(map[string]func(*rapid.T){
			"admit": func(*rapid.T) {
				s := &send{template: campaign.Template{Name: name.Name, Language: name.Language}}
				if wait, _ := all.admit(s, name, now); wait == 0 {
					admitted = append(admitted, s)
				}
			},
			"leave": func(t *rapid.T) {
				s := take(&admitted, "admitted")
				if again, passes := all.passes(s, now); !passes {
					if !again.After(now) {
						t.Fatalf("held back until %s, and it is %s", again, now)
					}
					all.leave(s)
					return
				}
				s.left = now
				flying = append(flying, s)
				since := 0
				for _, f := range flying {
					if slowed && !f.left.Before(until) {
						since++
					}
				}
				if slowed && (now.Before(until) || since > accepted+1) {
					t.Fatalf("%d are under way, %d were accepted, %s before the wait is over", since, accepted, until.Sub(now))
				}
			},
			"give up": func(t *rapid.T) { all.leave(take(&admitted, "admitted")) },
			"accepted": func(t *rapid.T) {
				s := take(&flying, "under way")
				if probe, last := all.accepted(s, now); probe {
					if accepted++; s.left.Before(until) || !slowed {
						t.Fatal("it left before the wait was over, and counts")
					}
					slowed = !last
				}
				all.leave(s)
			},
			"refused": func(t *rapid.T) {
				s := take(&flying, "under way")
				until, slowed, accepted = now.Add(time.Minute), true, 0
				all.refused(name, until, now)
				all.known(name)
				all.leave(s)
			},
			"lost": func(t *rapid.T) { all.leave(take(&flying, "under way")) },
			"time": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute}).Draw(t, "passes"))
			},
		})
		for _, s := range append(flying, admitted...) {
			all.leave(s)
		}
		now = now.Add(time.Minute)
		s := &send{template: campaign.Template{Name: name.Name, Language: name.Language}}
		if wait, _ := all.admit(s, name, now); wait != 0 {
			t.Fatalf("nothing is under way, and the next waits %s", wait)
		}
	})
}

func TestOnlyTheLanguageThatIsThrottledWaits(t *testing.T) {
	t.Parallel()
	bubble(t, "the list has it", func(t *testing.T) {
		s := newThrottledStand(200, []campaign.Step{{Template: "slow", Language: "{{Language}}"}}, "Ana", "en")
		s.provider.set(campaign.TemplateName{Name: "slow", Language: "en"}, true)
		s.offer(t, 0, 100, 20, time.Second, 10*time.Second)
		if n := len(s.accepted(0)); n != 50 {
			t.Errorf("%d were accepted, want the 50 in the other language", n)
		}
		if posts, _ := s.provider.sent(campaign.TemplateName{Name: "slow", Language: "en"}); posts > 20 {
			t.Errorf("%d requests, want those that were under way at first", posts)
		}
		var given int
		for _, settled := range s.record.settled {
			if settled.Outcome != ledger.OutcomeReleased {
				continue
			}
			given++
			if wait := settled.Due.Sub(settled.At); wait < 59*time.Minute || !strings.Contains(settled.Why, "slowed down until") {
				t.Fatalf("given back for %s, because %q", wait, settled.Why)
			}
		}
		if given == 0 {
			t.Error("no claim was given back")
		}
	})
}

func TestWhatTheLedgerKnowsOfTemplates(t *testing.T) {
	t.Parallel()
	name := campaign.TemplateName{Name: "hello", Language: "en"}
	row := func(channel string, until time.Time) ledger.Slowed {
		return ledger.Slowed{Channel: channel, Template: name, Until: until, Allowed: 1}
	}
	bubble(t, "is heeded before anything is sent", func(t *testing.T) {
		s := newThrottledStand(0, []campaign.Step{{Template: "hello", Language: "en"}}, "Ana")
		s.record.slowed = []ledger.Slowed{row("main", time.Now().Add(time.Hour)), row("other", time.Now().Add(time.Hour))}
		s.record.asks = []error{errors.New("away")}
		task := campaign.Task{Message: campaign.ID(7).Recipient(1).Message(0), Attempt: 1}
		run := func() error { return s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload())) }
		if err := run(); isFailure(err) || retryDelay(0, err, nil) != retryLedger {
			t.Errorf("while the ledger is away: %v", err)
		}
		if err := run(); err != nil || s.record.claimed != 0 {
			t.Errorf("slowed for an hour: %v, %d claims", err, s.record.claimed)
		}
		s.record.slowed = []ledger.Slowed{row("main", time.Now().Add(4*time.Second))}
		time.Sleep(time.Hour - 3*time.Second)
		if err := run(); !errors.Is(err, errSlowed) || isFailure(err) || retryDelay(0, err, nil) != 3*time.Second {
			t.Errorf("slowed for three seconds more: %v", err)
		}
		s.record.slowed = nil
		time.Sleep(learnEvery)
		if err := run(); err != nil || s.record.claimed != 1 {
			t.Errorf("slowed no longer: %v, %d claims", err, s.record.claimed)
		}
	})
	bubble(t, "is older than what was refused since", func(t *testing.T) {
		var all templates
		asked := time.Now()
		time.Sleep(time.Millisecond)
		all.refused(name, time.Now().Add(time.Hour), time.Now())
		all.known(name)
		all.learn(nil, "main", asked)
		if wait, _ := all.admit(&send{}, name, time.Now()); wait != time.Hour {
			t.Errorf("it waits %s, want an hour", wait)
		}
	})
	bubble(t, "counts no probe that another process has seen refused", func(t *testing.T) {
		var all templates
		all.refused(name, time.Now(), time.Now())
		s := &send{left: time.Now()}
		all.admit(s, name, time.Now())
		all.learn([]ledger.Slowed{row("main", time.Now().Add(time.Hour))}, "main", time.Now())
		if probe, _ := all.accepted(s, time.Now()); probe {
			t.Error("it counts")
		}
	})
}

func TestATemplateThatIsSlowedBeforeTheDeparture(t *testing.T) {
	t.Parallel()
	bubble(t, "of what was claimed", func(t *testing.T) {
		s := newStand(1)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		until := time.Now().Add(time.Hour)
		time.AfterFunc(beforeItLeaves, func() { s.templates.refused(campaign.TemplateName{Name: "hello", Language: "en"}, until, time.Now()) })
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted, ledger.OutcomeReleased)
		if got := s.record.settled[1]; !got.Due.Equal(until) || got.Why != campaign.ReasonSlowed(until) {
			t.Errorf("given back until %s, because %q", got.Due, got.Why)
		}
	})
}
