package admission

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// TestWhatTheDoorTurnsAway: each for a reason that says what to write instead.
func TestWhatTheDoorTurnsAway(t *testing.T) {
	t.Parallel()
	door := Door{
		Rates:     map[string]float64{"main": 10, "second": 0},
		Calendars: map[string][]string{"es": {"12-25"}},
		Supports: func(channel string, step campaign.Step) error {
			if channel == "second" && step.Language == "de" {
				return errors.New("it has no German")
			}
			return nil
		},
	}
	over := func(channels string) string {
		return strings.Replace(twoSteps, "channel: main", "channels: ["+channels+"]", 1)
	}
	german := strings.Replace(over("main, second"), "language: en_US\n    after", "language: de\n    after", 1)
	for _, test := range []struct {
		name, text, want string
		lines            int
	}{
		{"a key that there is not", twoSteps + "speed: 3\n", "speed", 1},
		{"a channel", strings.Replace(twoSteps, "main", "third", 1), `channel: channel "third" does not exist; the channels are: main, second`, 1},
		{"one of several", over("second, third"), `channels[1]: channel "third" does not exist; the channels are: main, second`, 1},
		{"a calendar", twoSteps + "hours: {from: 09:00, to: 20:00, holidays: fr}\n", `hours.holidays: there is no calendar named "fr"`, 1},
		{"a step of one channel", german, `steps[1]: channel "second" cannot send it: it has no German`, 1},
		{"two steps", strings.ReplaceAll(over("second"), "en_US", "de"), `steps[0]: channel "second" cannot send it`, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := door.Read([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Count(err.Error(), "\n") != test.lines-1 {
				t.Fatalf("got %v, want %s in %d lines", err, test.want, test.lines)
			}
			var mistake *campaign.Mistake
			var unknown *UnknownChannelError
			if !errors.As(err, &mistake) && !errors.As(err, &unknown) {
				t.Errorf("nobody can tell what kind of error %T is", err)
			}
		})
	}
}

// TestTheDoorKnowsTheSharesAndDates: what comes in has its holidays, and goes to
// its numbers by their rates.
func TestTheDoorKnowsTheSharesAndDates(t *testing.T) {
	t.Parallel()
	door := Door{Rates: map[string]float64{"main": 30, "second": 10}, Calendars: map[string][]string{"es": {"12-25"}}}
	text := strings.Replace(twoSteps, "channel: main", "channels: [main, second]", 1) + "hours: {from: 09:00, to: 20:00, holidays: es}\n"
	c, err := door.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"12-25"}, c.Definition.Hours.Dates); diff != "" {
		t.Error(diff)
	}
	l := openLedger(t)
	done, err := c.Import(t.Context(), l, Upload{}, writeList(t, longList(400)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	page, err := l.Report(t.Context(), ledger.ReportQuery{Campaign: done.ID, Recipients: 400})
	if err != nil {
		t.Fatal(err)
	}
	shares := map[int]int{}
	for _, row := range page.Rows {
		shares[row.Position]++
	}
	if shares[0] != 600 || shares[1] != 200 {
		t.Errorf("of 800 messages the numbers got %v, want 600 and 200", shares)
	}
}
