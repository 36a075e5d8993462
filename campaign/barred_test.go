package campaign

import "testing"

func TestBarred(t *testing.T) {
	t.Parallel()
	for recipient, barred := range map[string]Category{
		"+12025550123":              Marketing,
		"US.13491208655302741918":   Authentication,
		"GB.ENT.110000000000000001": Authentication,
		"+447700900123":             "none",
		"forgotten":                 "none",
		"":                          "none",
	} {
		for _, category := range []Category{Marketing, Utility, Authentication, ""} {
			step := Step{Category: category}
			if got, want := step.Barred(recipient) != "", category == barred; got != want {
				t.Errorf("%q to %q is barred: %t, want %t", category, recipient, got, want)
			} else if got && !step.MayBar() {
				t.Errorf("%q may bar nobody, and bars %q", category, recipient)
			}
		}
	}
}
