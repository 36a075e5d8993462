package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTroubleStops(t *testing.T) {
	t.Parallel()
	from := func(numbers []string, templates ...string) *Definition {
		d := &Definition{Channels: numbers}
		if len(numbers) == 1 {
			d = &Definition{Channel: numbers[0]}
		}
		for i := 0; i < len(templates); i += 2 {
			d.Steps = append(d.Steps, Step{Template: templates[i], Language: templates[i+1]})
		}
		return d
	}
	main, second, third := []string{"main"}, []string{"second"}, []string{"third"}
	all, apart := []string{"third", "second", "main"}, []string{"third", "fourth"}
	met := Trouble{Step: Step{Template: "offer", Language: "pt_BR"}, Number: "main", Account: []string{"main", "second"}}
	one := []int{0}
	tests := map[string]struct {
		other                     *Definition
		template, number, account []int
	}{
		"the same":                     {from(main, "offer", "pt_BR"), one, one, one},
		"written another way":          {from(main, "offer", "pt-br"), one, one, one},
		"among others":                 {from(main, "bye", "en", "offer", "pt_BR"), one, one, one},
		"a language out of the list":   {from(main, "offer", "{{Language|en}}"), one, one, one},
		"another language":             {from(main, "offer", "pt_PT"), nil, one, one},
		"a template of another step":   {from(main, "hello", "en"), nil, one, one},
		"the other number":             {from(second, "offer", "pt_BR"), one, nil, one},
		"the other number, other text": {from(second, "hello", "en"), nil, nil, one},
		"another account":              {from(third, "offer", "pt_BR"), nil, nil, nil},
		"one of several":               {from(all, "offer", "pt_BR"), []int{1, 2}, []int{2}, []int{1, 2}},
		"one of several, other text":   {from(all, "hello", "en"), nil, []int{2}, []int{1, 2}},
		"none of several":              {from(apart, "offer", "pt_BR"), nil, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for scope, want := range map[PauseScope][]int{
				PauseNothing: nil, PauseTemplate: test.template, PauseChannel: test.number, PauseAccount: test.account,
			} {
				met.Scope = scope
				if diff := cmp.Diff(want, met.Stops(test.other)); diff != "" {
					t.Errorf("trouble with %q stops, -want +got:\n%s", scope, diff)
				}
			}
		})
	}
	t.Run("without a word about the account", func(t *testing.T) {
		met := Trouble{Scope: PauseAccount, Number: "main"}
		if diff := cmp.Diff(one, met.Stops(from(main, "bye", "en"))); diff != "" {
			t.Errorf("its own number is not part of it: %s", diff)
		}
	})
}

func TestFailureTellsAPerson(t *testing.T) {
	t.Parallel()
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
