package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
)

// threeRows has two people and a row that is nobody.
const threeRows = "Phone,Name\n+4915112345601,Ada\n+4915112345602,Grace\n12,nobody\n"

func overTwo() string {
	return strings.Replace(twoSteps, "channel: main", "channels: [main, second]", 1)
}

func TestSeveralNumbers(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	c := multipartCall("/api/campaigns?start=true", "", part{"campaign", overTwo()}, part{"contacts", threeRows})
	c.token = operatorToken
	answer := f.do(c)
	wantStatus(t, answer, http.StatusCreated)
	created := decode[api.Created](t, answer)
	if created.Channel != "main" || !cmp.Equal(created.Channels, []string{"main", "second"}) || created.Stopped != nil {
		t.Errorf("it is sent from %q of %v, stopped %v", created.Channel, created.Channels, created.Stopped)
	}
	lines, err := csv.NewReader(strings.NewReader(f.do(call{path: "/api/campaigns/" + created.ID + "/report.csv"}).body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range lines[1:] {
		got = append(got, line[0]+"."+line[2]+" "+line[3])
	}
	if len(got) != 5 || got[0][4:] != got[1][4:] || got[2][4:] != got[3][4:] || got[0][4:] == got[2][4:] || got[4] != "3. " {
		t.Errorf("rows, steps and numbers: %q; want each person on a number of their own, and the third row on none", got)
	}
	id, err := campaign.ParseID(created.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ledger.StopBecause(t.Context(), id, 1, "account_locked (131031)", time.Now()); err != nil {
		t.Fatal(err)
	}
	shown := decode[api.Campaign](t, f.do(call{path: "/api/campaigns/" + created.ID}))
	if diff := cmp.Diff(map[string]string{"second": "account_locked (131031)"}, shown.Stopped); diff != "" || shown.State != campaign.Running {
		t.Errorf("it is %s, stopped: %s", shown.State, diff)
	}
	resume := call{method: "POST", path: "/api/campaigns/" + created.ID + "/resume", token: operatorToken}
	if shown = decode[api.Campaign](t, f.do(resume)); shown.Stopped != nil {
		t.Errorf("after the resume %v are stopped", shown.Stopped)
	}
}

func TestANumberThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	definition := strings.Replace(overTwo(), "second", "third", 1)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", definition}, part{"contacts", threeRows}))
	if answer.status != http.StatusUnprocessableEntity || !strings.Contains(answer.body, `channels[1]: channel \"third\" does not exist`) {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

func TestDailyLimitsOfSeveralNumbers(t *testing.T) {
	t.Parallel()
	tomorrow := "2026-12-03"
	wednesday := clockAt(time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC))
	for name, test := range map[string]struct {
		main, second Channel
		want         *api.Daily
	}{
		"each its own":    {Channel{Limits: campaign.Limits{DailyRecipients: 1}, Portfolio: "a"}, Channel{Limits: campaign.Limits{DailyRecipients: 2}, Portfolio: "b"}, &api.Daily{Limit: 3}},
		"one for both":    {Channel{Limits: campaign.Limits{DailyRecipients: 1}, Portfolio: "a"}, Channel{Limits: campaign.Limits{DailyRecipients: 1}, Portfolio: "a"}, &api.Daily{Limit: 1, Later: 1, LastOn: &tomorrow}},
		"one without any": {Channel{Limits: campaign.Limits{DailyRecipients: 1}, Portfolio: "a"}, Channel{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, func(o *Options) {
				o.Now = wednesday.now
				for number, limits := range map[string]Channel{"main": test.main, "second": test.second} {
					channel := o.Channels[number]
					channel.Limits, channel.Portfolio = limits.Limits, limits.Portfolio
					o.Channels[number] = channel
				}
			})
			answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", overTwo()}, part{"contacts", threeRows}))
			if diff := cmp.Diff(test.want, decode[api.Created](t, answer).Daily); diff != "" {
				t.Error(diff)
			}
		})
	}
}
