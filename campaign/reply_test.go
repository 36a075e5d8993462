package campaign

import "testing"

func TestWhenSuits(t *testing.T) {
	t.Parallel()
	yes := &When{Button: Texts{"yes", "CONFIRM_1"}, Text: Texts{"sí, claro"}}
	tests := []struct {
		when  *When
		reply Reply
		want  bool
	}{
		{yes, Reply{Payload: "confirm_1", Text: "Confirm", Pressed: true}, true},
		{yes, Reply{Payload: "x", Text: "Yes!", Pressed: true}, true},
		{yes, Reply{Text: "yes"}, false}, // written, not pressed
		{yes, Reply{Text: "Si claro"}, true},
		{yes, Reply{Payload: "x", Text: "Sí, claro", Pressed: true}, true},
		{yes, Reply{}, false},
		{&When{Button: Texts{"👍"}}, Reply{Text: "👎", Pressed: true}, false},
		{&When{Any: true}, Reply{}, true},
		{nil, Reply{Text: "what?"}, true},
		{nil, Reply{Text: "yes", Pressed: true, OptsIn: true}, false},
		{&When{Any: true}, Reply{Text: "yes", Pressed: true, OptsIn: true}, false},
		{yes, Reply{Text: "yes", Pressed: true, OptsIn: true}, true},
	}
	for _, test := range tests {
		if got := test.when.Suits(test.reply); got != test.want {
			t.Errorf("%+v, %+v: %t", test.when, test.reply, got)
		}
	}
}

func TestBranches(t *testing.T) {
	t.Parallel()
	d := &Definition{Steps: []Step{{}, {When: &When{}}, {When: &When{}}, {}, {When: &When{}}}}
	for step, want := range [][2]int{{0, 1}, {1, 3}, {1, 3}, {3, 4}, {4, 5}} {
		if first, end := d.Branches(step); first != want[0] || end != want[1] {
			t.Errorf("step %d: from %d up to %d, want %v", step, first, end, want)
		}
	}
}

// TestWhatAsksForAReply: naming it is more than taking any.
func TestWhatAsksForAReply(t *testing.T) {
	t.Parallel()
	d := &Definition{Steps: []Step{
		{}, {After: AfterReply, When: &When{Text: Texts{"start"}}}, {After: AfterReply, When: &When{Any: true}}, {After: AfterReply},
		{After: AfterDelivered, When: &When{Text: Texts{"never"}}},
	}}
	for step, want := range []bool{true, false, false, false, false} {
		if got := d.AsksFor(step, Reply{Text: "START!"}); got != want {
			t.Errorf("after step %d START is asked for: %t", step, got)
		}
	}
	if d.AsksFor(0, Reply{Text: "subscribe"}) || d.AsksFor(0, Reply{Text: "never"}) {
		t.Error("a reply that no step names is asked for")
	}
}
