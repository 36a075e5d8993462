package campaign

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAShutWindowIsNoFailure(t *testing.T) {
	t.Parallel()
	shut := Failure{Code: 131047, Reason: "outside_window", Invalid: true, Unreachable: true, Elsewhere: true, Wait: time.Hour, WindowShut: true}
	want := Failure{Code: 131047, Reason: "outside_window", Retry: true, Throttled: true, WindowShut: true}
	if diff := cmp.Diff(want, shut.OfFreeForm()); diff != "" {
		t.Error(diff)
	}
	after, wait := Standing{Status: Posting, Attempt: 1}.Refused(shut.OfFreeForm(), 0, time.Now())
	if after.Status != Pending || after.Failures != 0 || wait > time.Second {
		t.Errorf("it stands at %+v and waits %s", after, wait)
	}
	other := Failure{Code: 131026, Reason: "undeliverable", Unreachable: true}
	if diff := cmp.Diff(other, other.OfFreeForm()); diff != "" {
		t.Error(diff)
	}
}

func TestCountsAs(t *testing.T) {
	t.Parallel()
	text := &Text{Body: "Hello!"}
	for _, c := range []struct {
		step Step
		want Category
	}{
		{Step{Template: "x", Category: Utility}, Utility},
		{Step{Template: "x"}, ""},
		{Step{Text: text}, ""},
		{Step{Text: text, Category: Utility}, Utility},
		{Step{Text: text, OtherwiseTemplate: &Step{Category: Utility}}, Utility},
		{Step{Text: text, Category: Utility, OtherwiseTemplate: &Step{}}, Utility},
		{Step{Text: text, Category: Utility, OtherwiseTemplate: &Step{Category: Marketing}}, Marketing},
		{Step{Text: text, Category: Marketing, OtherwiseTemplate: &Step{Category: Utility}}, Marketing},
	} {
		if got := c.step.CountsAs(); got != c.want {
			t.Errorf("%+v counts as %q, want %q", c.step, got, c.want)
		}
	}
}
