package campaign

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		" STOP! ":           "stop",
		"Arrêt":             "arret",
		"ＳＴＯＰ":              "stop",
		"Stop   promotions": "stop promotions",
		"إلغاء":             "الغاء",
		"退订。":               "退订",
		"ΣΤΟΠ ως":           "στοπ ωσ",
		"s\u200bt\u00adop":  "stop",
		"👍":                 "",
		"":                  "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		once := Plain(rapid.String().Draw(t, "text"))
		if twice := Plain(once); twice != once {
			t.Fatalf("%q became %q when it was made plain again", once, twice)
		}
	})
}

func TestWhenSuits(t *testing.T) {
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
	}
	for _, test := range tests {
		if got := test.when.Suits(test.reply); got != test.want {
			t.Errorf("%+v, %+v: %t", test.when, test.reply, got)
		}
	}
}

func TestBranches(t *testing.T) {
	d := &Definition{Steps: []Step{{}, {When: &When{}}, {When: &When{}}, {}, {When: &When{}}}}
	for step, want := range [][2]int{{0, 1}, {1, 3}, {1, 3}, {3, 4}, {4, 5}} {
		if first, end := d.Branches(step); first != want[0] || end != want[1] {
			t.Errorf("step %d: from %d up to %d, want %v", step, first, end, want)
		}
	}
}

func TestWishes(t *testing.T) {
	w, err := NewWishes(map[string]SuppressionScope{
		"STOP": ScopeAll, "Stop promotions": ScopeMarketing, "arrêt": ScopeAll, "ARRET": ScopeAll, "NOT_THIS": ScopeCampaign,
	}, []string{"START"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		reply Reply
		stop  SuppressionScope
		start bool
	}{
		{Reply{Text: "stop."}, ScopeAll, false},
		{Reply{Text: "Arrêt"}, ScopeAll, false},
		{Reply{Text: "stop by at six"}, "", false},
		{Reply{Payload: "x", Text: "Stop promotions"}, ScopeMarketing, false},
		{Reply{Payload: "not_this", Text: "No"}, ScopeCampaign, false},
		{Reply{Text: " Start"}, "", true},
		{Reply{}, "", false},
	}
	for _, test := range tests {
		if stop, start := w.Of(test.reply); stop != test.stop || start != test.start {
			t.Errorf("%+v: %q, %t", test.reply, stop, start)
		}
	}
	if stop, start := (*Wishes)(nil).Of(Reply{Text: "stop"}); stop != "" || start {
		t.Error("nothing recognised a wish")
	}
}

func TestWishesMistakes(t *testing.T) {
	tests := []struct {
		stop  map[string]SuppressionScope
		start []string
		says  string
	}{
		{map[string]SuppressionScope{"!!": ScopeAll}, nil, "no letter"},
		{nil, []string{" "}, "no letter"},
		{map[string]SuppressionScope{"stop": "everything"}, nil, "write all, marketing or campaign"},
		{map[string]SuppressionScope{"stop": ScopeAll, "STOP!": ScopeMarketing}, nil, "remove one"},
		{map[string]SuppressionScope{"start": ScopeAll}, []string{"START"}, "remove one"},
	}
	for _, test := range tests {
		if _, err := NewWishes(test.stop, test.start); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v, %v: %v", test.stop, test.start, err)
		}
	}
}
