package campaign

import (
	"strings"
	"testing"
)

func TestWishes(t *testing.T) {
	t.Parallel()
	w, err := NewKeywords(map[string]SuppressionScope{
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
	if stop, start := (*Keywords)(nil).Of(Reply{Text: "stop"}); stop != "" || start {
		t.Error("nothing recognised a request")
	}
}

func TestWishesMistakes(t *testing.T) {
	t.Parallel()
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
		if _, err := NewKeywords(test.stop, test.start); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v, %v: %v", test.stop, test.start, err)
		}
	}
}

// TestWishesSaidInMoreThanAWord: courtesy and repetition change nothing, and
// anything else does.
func TestWishesSaidInMoreThanAWord(t *testing.T) {
	t.Parallel()
	w, err := NewKeywords(map[string]SuppressionScope{
		"stop": ScopeAll, "arrêt": ScopeAll, "lösche mich": ScopeAll, "no promotions": ScopeMarketing, "NOT_THIS": ScopeCampaign, "🛑": ScopeAll,
	}, []string{"start", "✅"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]SuppressionScope{
		"Please stop": ScopeAll, "stop, thank you": ScopeAll, "Hi! Stop now please": ScopeAll, "stop stop": ScopeAll, "STOP/ARRET": ScopeAll,
		"st-op": ScopeAll, "stoooooop": ScopeAll, "arrrrêt": ScopeAll, "loesche mich": ScopeAll, "Lösche mich bitte": ScopeAll,
		"no promotions please": ScopeMarketing, "no promotions, stop": ScopeAll, "not this, no promotions": ScopeMarketing,
		"🛑": ScopeAll, "🛑🛑": ScopeAll, "😡🛑": ScopeAll, "please 🛑": ScopeAll,

		"stop it there": "", "please": "", "no thanks": "", "stop start": "", "start, stop": "", "don't stop": "", "stoop": "", "sto": "", "😡": "", "": "", "order 🛑 17": "",
		strings.Repeat("stop ", mostWords): ScopeAll, strings.Repeat("please ", 1000) + "stop": "",
	} {
		if stop, start := w.Of(Reply{Text: text}); stop != want || start {
			t.Errorf("%q: %q, %t, want %q", text, stop, start, want)
		}
	}
	for _, text := range []string{"start", "Start please", "✅", "Thanks ✅", "start start"} {
		if stop, start := w.Of(Reply{Text: text}); stop != "" || !start {
			t.Errorf("%q: %q, %t", text, stop, start)
		}
	}
}

// TestButtonsAreTakenAsTheyStand: their texts are the sender's, not the person's.
func TestButtonsAreTakenAsTheyStand(t *testing.T) {
	t.Parallel()
	w, err := NewKeywords(map[string]SuppressionScope{"stop": ScopeAll, "🛑": ScopeAll}, []string{"start"})
	if err != nil {
		t.Fatal(err)
	}
	for reply, want := range map[Reply]SuppressionScope{
		{Pressed: true, Text: "Stop!"}:                      ScopeAll,
		{Pressed: true, Text: "🛑 Stop"}:                     ScopeAll,
		{Pressed: true, Payload: "STOP", Text: "Leave"}:     ScopeAll,
		{Pressed: true, Payload: "x", Text: "Please stop"}:  "",
		{Pressed: true, Payload: "stop_now", Text: "Later"}: "",
		{Pressed: true, Payload: "x"}:                       "",
		{Pressed: true}:                                     "",
	} {
		if stop, start := w.Of(reply); stop != want || start {
			t.Errorf("%+v: %q, %t, want %q", reply, stop, start, want)
		}
	}
}
