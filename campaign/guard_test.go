package campaign

import (
	"strings"
	"testing"
)

var usualLimits = GuardLimits{SameRefusal: 5, RefusedShare: 0.2, UnreachableShare: 0.3}

var (
	delivered    = Failure{}
	invalid      = Failure{Code: 100, Reason: "invalid_parameter", Detail: "Compare it.", Invalid: true}
	miscounted   = Failure{Code: 132000, Reason: "parameter_count", Detail: "Count them.", Invalid: true}
	nobody       = Failure{Code: 131026, Reason: "undeliverable", Detail: "Check the number.", Unreachable: true}
	busy         = Failure{Code: 130429, Reason: "number_rate_limit", Retry: true, Throttled: true}
	optedOutNews = Failure{Code: 131050, Reason: "stopped_marketing"}
)

// hearing tells a guard what became of the messages of one campaign, a new one
// each time.
type hearing struct {
	*Guard
	campaign ID
	row      int
}

func (h *hearing) hear(f Failure) string {
	h.row++
	reason, _ := h.Observe(h.campaign.Recipient(h.row).Message(0), 1, f)
	return reason
}

// until tells the failures in turn, at most so often, and returns how often it
// took until the guard spoke, and what it said.
func (h *hearing) until(most int, turn ...Failure) (n int, reason string) {
	for n = 1; n <= most; n++ {
		if reason = h.hear(turn[(n-1)%len(turn)]); reason != "" {
			return n, reason
		}
	}
	return 0, ""
}

func TestGuard(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limits GuardLimits
		turn   []Failure
		after  int // 0: never
		says   string
	}{
		"refused alike": {usualLimits, []Failure{invalid}, 5,
			"the last 5 messages were refused for the same reason: invalid_parameter (100): Compare it. Resume when the template is fixed. Cancel if the campaign or its list is wrong."},
		"refused alike, with limits between": {usualLimits, []Failure{invalid, busy}, 9, "the last 5 messages"},
		"refused in two ways in turn": {usualLimits, []Failure{invalid, miscounted}, 50,
			"50 of the last 50 messages were refused, more than 20 %; the last one: parameter_count (132000): Count them. Resume"},
		"one in four refused":          {usualLimits, []Failure{delivered, delivered, delivered, invalid}, 50, "12 of the last 50 messages"},
		"one in five refused":          {usualLimits, []Failure{delivered, delivered, delivered, delivered, invalid}, 0, ""},
		"refused four times, then not": {usualLimits, append(repeated(30, delivered), invalid, invalid, invalid, invalid), 0, ""},
		"other refusals":               {usualLimits, []Failure{optedOutNews}, 0, ""},
		"one in three not there": {usualLimits, []Failure{nobody, delivered, delivered}, 100,
			"34 of the last 100 messages reached nobody, more than 30 %; the last one: undeliverable (131026): Check the number. An old list"},
		"one in four not there":              {usualLimits, []Failure{nobody, delivered, delivered, delivered}, 0, ""},
		"throttled alone":                    {usualLimits, []Failure{busy}, 0, ""},
		"all thresholds off":                 {GuardLimits{}, []Failure{invalid}, 0, ""},
		"only the share is left":             {GuardLimits{RefusedShare: 0.2}, []Failure{invalid}, 50, "50 of the last 50 messages"},
		"a share of one can never be passed": {GuardLimits{RefusedShare: 1, UnreachableShare: 1}, []Failure{nobody, invalid}, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := &hearing{Guard: NewGuard(test.limits), campaign: 7}
			n, reason := h.until(2000, test.turn...)
			if n != test.after || !strings.HasPrefix(reason, test.says) {
				t.Errorf("after %d messages: %q\nwant after %d: %q", n, reason, test.after, test.says)
			}
		})
	}
}

func repeated(n int, f Failure) []Failure {
	list := make([]Failure, n)
	for i := range list {
		list[i] = f
	}
	return list
}

// However long a campaign has gone well, its newest messages decide.
func TestGuardLooksBackOnlySoFar(t *testing.T) {
	t.Parallel()
	for reason, test := range map[string]struct {
		limits GuardLimits
		f      Failure
		after  int
	}{
		"41 of the last 200":  {GuardLimits{RefusedShare: 0.2}, invalid, 41},
		"151 of the last 500": {GuardLimits{UnreachableShare: 0.3}, nobody, 151},
	} {
		h := &hearing{Guard: NewGuard(test.limits), campaign: 7}
		h.until(2000, delivered)
		if n, got := h.until(1000, test.f); n != test.after || !strings.HasPrefix(got, reason) {
			t.Errorf("after %d: %q, want after %d: %q", n, got, test.after, reason)
		}
	}
}

func TestGuardStartsAnewWhereItHasStopped(t *testing.T) {
	t.Parallel()
	h := &hearing{Guard: NewGuard(GuardLimits{RefusedShare: 0.2}), campaign: 7}
	for range 3 {
		if n, reason := h.until(1000, invalid); n != refusedSeen {
			t.Errorf("stopped after %d: %s", n, reason)
		}
	}
}

func TestGuardKeepsWordsOutOfTheLog(t *testing.T) {
	t.Parallel()
	quoting := func(f Failure) Failure {
		f.Said = "(#100) 'Ana Souza' is wrong"
		return f
	}
	for name, test := range map[string]struct {
		failure Failure
		times   int
	}{
		"refused alike": {quoting(invalid), 5}, "reached nobody": {quoting(nobody), 100},
	} {
		g := NewGuard(usualLimits)
		for row := 1; row <= test.times; row++ {
			reason, logged := g.Observe(ID(7).Recipient(row).Message(0), 1, test.failure)
			if row < test.times {
				continue
			}
			if !strings.Contains(reason, "Ana Souza") || strings.Contains(logged, "Souza") || !strings.Contains(logged, test.failure.Reason) {
				t.Errorf("%s: paused because %q, and logged %q", name, reason, logged)
			}
		}
	}
}

func TestGuardCountsAnAttemptOnce(t *testing.T) {
	t.Parallel()
	g, message := NewGuard(usualLimits), ID(7).Recipient(1).Message(0)
	for range 10 {
		if reason, _ := g.Observe(message, 1, invalid); reason != "" {
			t.Fatalf("one attempt, told again and again: %s", reason)
		}
	}
	for attempt := 2; attempt <= 5; attempt++ {
		if reason, _ := g.Observe(message, attempt, invalid); (reason != "") != (attempt == 5) {
			t.Errorf("attempt %d: %q", attempt, reason)
		}
	}
}

func TestGuardKeepsCampaignsApartAndFewOfThem(t *testing.T) {
	t.Parallel()
	g := NewGuard(usualLimits)
	first := &hearing{Guard: g, campaign: 1}
	first.until(4, invalid)
	for id := ID(2); id <= mostGuarded; id++ {
		other := &hearing{Guard: g, campaign: id}
		if n, reason := other.until(4, invalid); n != 0 {
			t.Fatalf("campaign %d: %s", id, reason)
		}
	}
	first.hear(busy) // says nothing, so it is campaign 1 that goes
	(&hearing{Guard: g, campaign: mostGuarded + 1}).until(4, invalid)
	if len(g.windows) != mostGuarded {
		t.Errorf("%d campaigns are remembered, want %d", len(g.windows), mostGuarded)
	}
	if reason := first.hear(invalid); reason != "" {
		t.Errorf("the campaign heard of longest ago is remembered: %s", reason)
	}
	last := &hearing{Guard: g, campaign: mostGuarded, row: 4}
	if reason := last.hear(invalid); reason == "" {
		t.Error("one heard of lately is not remembered")
	}
}
