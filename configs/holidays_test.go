package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/whatsapp/providers"

	"github.com/google/go-cmp/cmp"
)

// withCalendars writes a configuration that has a calendar es, and what it says.
func withCalendars(t *testing.T, key, calendar string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "holidays"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "carillon.yaml")
	for file, text := range map[string]string{path: minimal + key + "\n", filepath.Join(folder, "holidays", "es.txt"): calendar} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestCalendarsAreRead(t *testing.T) {
	t.Parallel()
	path := withCalendars(t, "holidays: {es: holidays/es.txt, spain: ./holidays/es.txt}",
		"\ufeff# Spain\r\n\r\n01-01 New Year\r\n  2026-04-03\tGood Friday, moves\n12-25: Christmas\n02-29\n# 10-12\n2026-12-26")
	config, err := Load(path, environment, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Calendars()
	if err != nil {
		t.Fatal(err)
	}
	dates := []string{"01-01", "2026-04-03", "12-25", "02-29", "2026-12-26"}
	if diff := cmp.Diff(map[string][]string{"es": dates, "spain": dates}, got); diff != "" {
		t.Error(diff)
	}
	if want := filepath.Join(filepath.Dir(path), "holidays", "es.txt"); config.Holidays["es"] != want {
		t.Errorf("the path is %s, want %s", config.Holidays["es"], want)
	}
}

func TestCalendarsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, key, calendar string
		want                []string
	}{
		{
			"no dates", "holidays: {es: holidays/es.txt}", "01-01\nChristmas 12-25\n2026-02-30 none\n25/12/2026\n",
			[]string{"es.txt:2: does not begin with a date", "es.txt:3: does not begin with a date", "es.txt:4: does not begin with a date"},
		},
		{"no file", "holidays: {es: holidays/fr.txt}", "", []string{"fr.txt: a calendar of holidays cannot be read", "relative to the configuration's file"}},
		{"a folder", "holidays: {es: holidays}", "", []string{"it is not a regular file"}},
		{"too long", "holidays: {es: holidays/es.txt}", strings.Repeat("#", maxCalendar+1), []string{"it is longer than 1048576 bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(withCalendars(t, test.key, test.calendar), environment, providers.All())
			if _, ok := errors.AsType[*Mistake](err); !ok {
				t.Fatalf("got %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in %v", want, err)
				}
			}
		})
	}
}
