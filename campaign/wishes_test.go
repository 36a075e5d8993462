package campaign

import (
	"strings"
	"testing"
)

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
