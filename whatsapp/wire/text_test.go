package wire

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func TestTextAsTime(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Time{
		`"1767000001"`:                at(1767000001),
		`1767000001`:                  at(1767000001),
		`"2025-12-29T09:20:01Z"`:      at(1767000001),
		`"2025-12-29T11:20:01+02:00"`: at(1767000001),
		`"253402300799"`:              at(253402300799),
		`"253402300800"`:              {},
		`"-1"`:                        {},
		`0`:                           {},
		`"yesterday"`:                 {},
		`null`:                        {},
		`{}`:                          {},
		`true`:                        {},
	} {
		var got Text
		if err := json.Unmarshal([]byte(value), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Time()); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
}
