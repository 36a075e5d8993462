package scheduler

import (
	"context"
	"testing"
	"time"

	"carillon/campaign"
)

// places is a book that knows in which zone each row is.
type places struct {
	*book
	zones map[int]string
}

var _ Ledger = places{}

func (p places) Zones(_ context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error) {
	found := map[campaign.MessageID]string{}
	for _, id := range ids {
		found[id] = p.zones[id.Recipient().Row()]
	}
	return found, nil
}

// TestSomebodyWithoutAZoneIsLeftToTheClaim: whoever was erased has none, and a
// message that is put off from day to day would never end.
func TestSomebodyWithoutAZoneIsLeftToTheClaim(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	b := &book{postponed: map[campaign.MessageID]time.Time{}}
	f := limited(b, Pair{}, nil, 0)
	f.ledger = places{b, map[int]string{1: "Europe/London", 2: "", 3: "Asia/Tokyo"}}
	c := ofSteps(1, 1)
	c.Definition.Hours = &campaign.Hours{From: "09:00", To: "20:00"}
	held, err := f.holdBack(t.Context(), c, rows(1, 1, 2, 3), night)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[int]holding{1: putOff, 2: free, 3: free} {
		if got := held[campaign.ID(1).Recipient(row).Message(0)]; got != want {
			t.Errorf("row %d: held %d, want %d", row, got, want)
		}
	}
	if at := b.postponed[campaign.ID(1).Recipient(1).Message(0)]; !at.Equal(night.Add(6*time.Hour)) || len(b.postponed) != 1 {
		t.Errorf("put off are %v", b.postponed)
	}
}

// TestARestGivesBackTheDay: what a campaign had in the queue when its hours ended
// is refused there, and takes no room from the others overnight.
func TestARestGivesBackTheDay(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	daily := &portfolio{name: "p", promised: map[string]promises{"main": {}}}
	f := limited(&book{}, Pair{}, daily, 1)
	f.looked, f.rests, f.fed = map[campaign.ID]time.Time{}, map[campaign.ID]time.Time{}, map[campaign.ID]map[campaign.MessageID]feed{}
	asleep := ofSteps(1, 1)
	asleep.Definition.Hours = &campaign.Hours{From: "09:00", To: "20:00", Zone: "UTC"}
	if held, err := f.limit(t.Context(), asleep, rows(1, 1), evening.Add(-time.Second)); err != nil || len(held) > 0 {
		t.Fatalf("held %v, %v; want none", held, err)
	}
	if err := f.feedCampaign(t.Context(), asleep, 1, evening); err != nil {
		t.Fatal(err)
	}
	if opens := f.rests[asleep.ID]; !opens.Equal(evening.Add(13 * time.Hour)) {
		t.Errorf("it rests until %s", opens)
	}
	if held, err := f.limit(t.Context(), ofSteps(2, 1), rows(2, 2), evening); err != nil || len(held) > 0 {
		t.Errorf("held %v, %v; want none, the day has room", held, err)
	}
}
