package campaign

import "testing"

func TestPauseScopeStops(t *testing.T) {
	sends := func(channel string, templates ...string) *Definition {
		d := &Definition{Channel: channel}
		for i := 0; i < len(templates); i += 2 {
			d.Steps = append(d.Steps, Step{Template: templates[i], Language: templates[i+1]})
		}
		return d
	}
	met := sends("main", "hello", "en", "offer", "pt_BR")
	const step = 1 // offer
	account := []string{"main", "second"}
	tests := map[string]struct {
		other                     *Definition
		template, number, account bool
	}{
		"the same":                     {sends("main", "offer", "pt_BR"), true, true, true},
		"written another way":          {sends("main", "offer", "pt-br"), true, true, true},
		"among others":                 {sends("main", "bye", "en", "offer", "pt_BR"), true, true, true},
		"a language out of the list":   {sends("main", "offer", "{{Language|en}}"), true, true, true},
		"another language":             {sends("main", "offer", "pt_PT"), false, true, true},
		"a template of another step":   {sends("main", "hello", "en"), false, true, true},
		"the other number":             {sends("second", "offer", "pt_BR"), true, false, true},
		"the other number, other text": {sends("second", "hello", "en"), false, false, true},
		"another account":              {sends("third", "offer", "pt_BR"), false, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for scope, want := range map[PauseScope]bool{
				PauseNothing: false, PauseTemplate: test.template, PauseChannel: test.number, PauseAccount: test.account,
			} {
				if got := scope.Stops(test.other, met, step, account); got != want {
					t.Errorf("trouble with %q stops it: %t", scope, got)
				}
			}
		})
	}
	t.Run("without a word about the account", func(t *testing.T) {
		if !PauseAccount.Stops(sends("main", "bye", "en"), met, step, nil) {
			t.Error("its own channel is not part of it")
		}
	})
}

func TestFailureTellsAPerson(t *testing.T) {
	tests := map[string]Failure{
		"token_rejected (190), \"Session has \\\"expired\\\"\": Make a new one.": {Code: 190, Reason: "token_rejected", Said: `Session has "expired"`, Detail: "Make a new one."},
		"unexplained: Look.":     {Reason: "unexplained", Detail: "Look."},
		"undeliverable (131026)": {Code: 131026, Reason: "undeliverable"},
	}
	for want, failure := range tests {
		if got := failure.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
