package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
)

const onHolidays = twoSteps + "hours: {from: 09:00, to: 20:00, holidays: es, dates: [08-15]}\n"

func withHolidays(o *Options) {
	o.Door.Calendars = map[string][]string{"es": {"12-25", "2026-04-03"}, "de": {"10-03"}}
}

// TestHolidaysStayWithTheCampaign: what becomes of the calendar changes nothing
// for a campaign that came in before.
func TestHolidaysStayWithTheCampaign(t *testing.T) {
	t.Parallel()
	f := start(t, withHolidays)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", onHolidays}, part{"contacts", fourContacts}))
	wantStatus(t, answer, http.StatusCreated)
	id, err := campaign.ParseID(decode[api.Created](t, answer).ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.ledger.Campaign(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"08-15", "12-25", "2026-04-03"}, c.Definition.Hours.Dates); diff != "" {
		t.Error(diff)
	}
}

// TestWhatHasEndedWaitsForNoHours: a campaign says when its hours begin for as
// long as something may go out.
func TestWhatHasEndedWaitsForNoHours(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	f := start(t, func(o *Options) { o.Now = func() time.Time { return night } })
	const daytime = twoSteps + "hours: {from: 09:00, to: 20:00, zone: UTC}\n"
	id := decode[api.Created](t, f.do(multipartCall("/api/campaigns?start=true", "", part{"campaign", daytime}, part{"contacts", fourContacts}))).ID
	if opens := decode[api.Campaign](t, f.get("/api/campaigns/"+id)).Hours.OpensAt; opens == nil || !opens.Equal(night.Add(6*time.Hour)) {
		t.Errorf("while it runs its hours begin at %v", opens)
	}
	cancelled := decode[api.Campaign](t, f.post("/api/campaigns/"+id+"/cancel"))
	if cancelled.State != campaign.Cancelled || cancelled.Hours == nil || cancelled.Hours.OpensAt != nil {
		t.Errorf("%s: %+v", cancelled.State, cancelled.Hours)
	}
}

func TestUnknownHolidays(t *testing.T) {
	t.Parallel()
	f := start(t, withHolidays)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", strings.Replace(onHolidays, "holidays: es", "holidays: fr", 1)}, part{"contacts", fourContacts}))
	wantProblem(t, answer, badCampaign)
	if want := `there is no calendar named \"fr\"; the configuration has de, es`; !strings.Contains(answer.body, want) {
		t.Errorf("%q is missing in %s", want, answer.body)
	}
}

func TestRowsWithoutConsentAreTold(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", twoSteps + "contacts: {consent: OK}\n"},
		part{"contacts", "Phone,Name,OK\n+4915112345601,Ada,yes\n+4915112345602,Bob,no\n"}))
	wantStatus(t, answer, http.StatusCreated)
	got := decode[api.Created](t, answer)
	if diff := cmp.Diff(map[campaign.Verdict]int64{campaign.OK: 1, campaign.NoConsent: 1}, got.Verdicts); diff != "" {
		t.Error(diff)
	}
	if len(got.Problems) != 1 || got.Problems[0].Verdict != campaign.NoConsent || !strings.Contains(got.Problems[0].Detail, `column "OK" says "no"`) {
		t.Errorf("problems %+v", got.Problems)
	}
}
