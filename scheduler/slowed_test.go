package scheduler

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// backlog is a ledger with pending messages of one campaign.
type backlog struct {
	Ledger
	due     map[campaign.MessageID]time.Time
	cells   map[int][]string // by row
	reasons map[campaign.MessageID]string
	asked   []int // with which limits
}

func (b *backlog) Feedable(_ context.Context, _ campaign.ID, _, limit int, now time.Time) ([]ledger.Feedable, error) {
	b.asked = append(b.asked, limit)
	var found []ledger.Feedable
	for id, due := range b.due {
		if !due.After(now) {
			found = append(found, ledger.Feedable{ID: id, Attempt: 1, Fresh: due.IsZero()})
		}
	}
	slices.SortFunc(found, func(x, y ledger.Feedable) int {
		if x.Fresh != y.Fresh {
			return map[bool]int{true: 1, false: -1}[x.Fresh]
		}
		return cmp.Or(b.due[x.ID].Compare(b.due[y.ID]), cmp.Compare(x.ID, y.ID))
	})
	return found[:min(limit, len(found))], nil
}

func (b *backlog) OldestFeedable(context.Context, campaign.ID, int, time.Time) (ledger.Oldest, error) {
	return ledger.Oldest{Fresh: len(b.due) > 0}, nil
}

func (b *backlog) Postpone(_ context.Context, until map[campaign.MessageID]time.Time, reason string, now time.Time) error {
	for id, at := range until {
		if !b.due[id].After(now) {
			b.due[id], b.reasons[id] = at, reason
		}
	}
	return nil
}

func (b *backlog) Cells(_ context.Context, ids []campaign.MessageID) (map[campaign.MessageID][]string, error) {
	found := map[campaign.MessageID][]string{}
	for _, id := range ids {
		found[id] = b.cells[id.Recipient().Row()]
	}
	return found, nil
}

// slowFeeder feeds so many people's first steps, with templates of these names
// and languages.
func slowFeeder(people int, steps ...campaign.Step) (*feeder, *backlog, ledger.Campaign) {
	b := &backlog{due: map[campaign.MessageID]time.Time{}, cells: map[int][]string{}, reasons: map[campaign.MessageID]string{}}
	c := ledger.Campaign{ID: 1, Columns: []string{"Language"}, Definition: &campaign.Definition{Channel: "main", Steps: steps}}
	for row := 1; row <= people; row++ {
		b.due[c.ID.Recipient(row).Message(0)] = time.Time{}
	}
	f := newTestFeeder()
	f.name, f.ledger = "main", b
	return f, b, c
}

// slow has the feeder know that a template waits, or is tried out.
func (f *feeder) slow(name campaign.TemplateName, until time.Time, allowed int) {
	f.slowed = slowedOn("main", []ledger.Slowed{
		{Channel: "main", Template: name, Until: until, Allowed: allowed}, {Channel: "other", Template: name, Until: until.Add(time.Hour), Allowed: 99},
	})
}

// feedOnce is one turn of a campaign, and returns the tasks.
func (f *feeder) feedOnce(t *testing.T, c ledger.Campaign, share int, now time.Time) []campaign.MessageID {
	t.Helper()
	limit := share + len(f.fed[c.ID])
	found, err := f.offer(t.Context(), c, limit, now)
	if err != nil {
		t.Fatal(err)
	}
	if found == nil {
		return nil
	}
	tasks, _ := f.choose(c.ID, found.messages, nil, share, found.limit, now)
	found.mark(f.fed[c.ID])
	var ids []campaign.MessageID
	for _, task := range tasks {
		ids = append(ids, task.Message)
	}
	return ids
}

var (
	noon    = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	offerEN = campaign.TemplateName{Name: "offer", Language: "en"}
)

func TestASlowedTemplateIsPutOff(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(100, campaign.Step{Template: "offer", Language: "en"}, campaign.Step{Template: "other", Language: "en"})
	if got := f.feedOnce(t, c, 10, noon); len(got) != 10 || b.asked[0] != 10 {
		t.Fatalf("%d tasks, asked for %v", len(got), b.asked)
	}
	second := c.ID.Recipient(1).Message(1)
	b.due[second] = noon
	until := noon.Add(time.Hour)
	f.slow(offerEN, until, 1)
	if got := f.feedOnce(t, c, 10, noon); !gocmp.Equal(got, []campaign.MessageID{second}) {
		t.Errorf("fed %v, want the other template alone", got)
	}
	for id, due := range b.due {
		if id.Step() == 0 && (!due.Equal(until) || b.reasons[id] != "the template is slowed down until 2026-03-02T13:00:00Z") {
			t.Fatalf("row %d is due at %s, because %q", id.Recipient().Row(), due, b.reasons[id])
		}
	}
	if len(f.fed[c.ID]) != 1 {
		t.Errorf("%d tasks are remembered, want that of the other template", len(f.fed[c.ID]))
	}
}

func TestALongListIsPutOffInPieces(t *testing.T) {
	t.Parallel()
	const people = (lookPast+10)*putOffRounds + 1
	f, b, c := slowFeeder(people, campaign.Step{Template: "offer", Language: "en"})
	f.slow(offerEN, noon.Add(time.Hour), 1)
	for turn := 1; turn <= 2; turn++ {
		if got := f.feedOnce(t, c, 10, noon); len(got) != 0 {
			t.Fatalf("fed %v", got)
		}
		if got, want := len(b.reasons), min(people, turn*(people-1)); got != want {
			t.Errorf("%d are put off after %d turns, want %d", got, turn, want)
		}
	}
}

func TestATemplateIsTriedOut(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(50, campaign.Step{Template: "offer", Language: "en"}, campaign.Step{Template: "other", Language: "en"})
	f.slow(offerEN, noon, 1)
	first := f.feedOnce(t, c, 10, noon)
	if len(first) != 1 {
		t.Fatalf("fed %v, want one", first)
	}
	if again := f.feedOnce(t, c, 10, noon); len(again) != 0 {
		t.Errorf("fed %v while that is in the queue", again)
	}
	delete(b.due, first[0]) // it was claimed
	if next := f.feedOnce(t, c, 10, noon); len(next) != 1 || next[0] == first[0] {
		t.Errorf("fed %v, want another", next)
	}
	f.slow(offerEN, noon, 4)
	if more := f.feedOnce(t, c, 10, noon); len(more) != 3 {
		t.Errorf("fed %v, want three more", more)
	}
	other := c.ID.Recipient(3).Message(1)
	b.due[other] = time.Time{} // behind all the others in the list
	if got := f.feedOnce(t, c, 10, noon); !gocmp.Equal(got, []campaign.MessageID{other}) {
		t.Errorf("fed %v, want the other template's", got)
	}
	if len(b.reasons) != 0 {
		t.Errorf("put off: %v", b.reasons)
	}
	f.slowed = nil
	if rest := f.feedOnce(t, c, 100, noon); len(rest) != 50-5 {
		t.Errorf("%d tasks when it is over, want all that are left", len(rest))
	}
}

// TestALongListIsTriedOut: what was claimed cannot be told from what stands behind
// the end of the list, and yet others go.
func TestALongListIsTriedOut(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(2*lookPast+100, campaign.Step{Template: "offer", Language: "en"})
	for id := range b.due {
		b.due[id] = noon // as what was put off is
	}
	f.slow(offerEN, noon, 1)
	fed := f.feedOnce(t, c, 10, noon)
	if len(fed) != 1 {
		t.Fatalf("fed %v, want one", fed)
	}
	delete(b.due, fed[0]) // claimed, accepted, and the ledger knows
	f.slow(offerEN, noon, 2)
	if more := f.feedOnce(t, c, 10, noon.Add(time.Second)); len(more) != 1 {
		t.Errorf("fed %v, want one more", more)
	} else {
		delete(b.due, more[0]) // claimed, and its worker died
	}
	if more := f.feedOnce(t, c, 10, noon.Add(time.Second+lostAfter)); len(more) != 2 {
		t.Errorf("fed %v in the end, want two", more)
	}
	if n := len(f.fed[c.ID]); n > 4 {
		t.Errorf("%d tasks are remembered", n)
	}
}

// TestOneTemplateIsTriedOutByAllItsCampaigns: two campaigns share the room.
func TestOneTemplateIsTriedOutByAllItsCampaigns(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(5, campaign.Step{Template: "offer", Language: "en"})
	f.slow(offerEN, noon, 1)
	other := c
	other.ID = 2
	if got := f.feedOnce(t, c, 10, noon); len(got) != 1 {
		t.Fatalf("fed %v", got)
	}
	for row := 1; row <= 5; row++ {
		delete(b.due, c.ID.Recipient(row).Message(0))
		b.due[other.ID.Recipient(row).Message(0)] = time.Time{}
	}
	if got := f.feedOnce(t, other, 10, noon); len(got) != 0 {
		t.Errorf("fed %v beside the first campaign's", got)
	}
}

func TestTheLanguageOfTheRowSaysWhetherItIsSlowed(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(6, campaign.Step{Template: "offer", Language: "{{Language|en}}"})
	for row, language := range []string{"", "de", "EN", "", "pt-br", "de"} {
		b.cells[row+1] = []string{language}
	}
	f.slow(offerEN, noon.Add(time.Hour), 1)
	var got []int
	for _, id := range f.feedOnce(t, c, 10, noon) {
		got = append(got, id.Recipient().Row())
	}
	if !gocmp.Equal(got, []int{2, 5, 6}) || len(b.reasons) != 3 {
		t.Errorf("fed %v, and put off %v", got, b.reasons)
	}
	f.slow(campaign.TemplateName{Name: "another", Language: "en"}, noon.Add(time.Hour), 1)
	b.due[c.ID.Recipient(1).Message(0)] = time.Time{}
	if got := f.feedOnce(t, c, 10, noon); len(got) != 1 || strings.Contains(b.reasons[got[0]], "another") {
		t.Errorf("fed %v", got)
	}
}

// TestAFreeFormStepIsFedWhateverItsTemplate: in the window it sends none.
func TestAFreeFormStepIsFedWhateverItsTemplate(t *testing.T) {
	t.Parallel()
	f, b, c := slowFeeder(3, campaign.Step{
		Text: &campaign.Text{Body: "Thanks!"}, OtherwiseTemplate: &campaign.Step{Template: "slow", Language: "en"},
	})
	name := campaign.TemplateName{Name: "slow", Language: "en"}
	f.slow(name, noon.Add(time.Hour), 1)
	if tasks := f.feedOnce(t, c, 10, noon); len(tasks) != 3 || len(b.reasons) != 0 {
		t.Errorf("%d of 3 are fed, %d are put off", len(tasks), len(b.reasons))
	}
}
