package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"carillon/campaign"
)

const minimalConfig = `
channels:
  main: {phone_number_id: "1", access_token: token, app_secret: secret}
`

func TestCheckTellsTheHours(t *testing.T) {
	t.Parallel()
	calendar := file(t, "es.txt", "12-25 Christmas\n2026-04-03\n")
	config := file(t, "conf.yaml", minimalConfig+"holidays: {es: "+calendar+"}\n")
	for _, test := range []struct{ name, hours, config, want string }{
		{"none", "", "", ""},
		{"the recipient's", "{from: 09:00, to: 20:00}", "", "messages go out from 09:00 to 20:00, in the time zone of the recipient's number"},
		{
			"all said", "{from: 09:00, to: 20:00, days: mon-sat, zone: Europe/Madrid, dates: [01-06]}", "",
			"messages go out from 09:00 to 20:00 on mon-sat, in the time zone Europe/Madrid; not on 1 date",
		},
		{
			"a calendar", "{from: 09:00, to: 20:00, holidays: es}", config,
			"messages go out from 09:00 to 20:00, in the time zone of the recipient's number; not on 2 dates",
		},
		{
			"a calendar elsewhere", "{from: 09:00, to: 20:00, holidays: es}", "",
			`messages go out from 09:00 to 20:00, in the time zone of the recipient's number; the calendar "es" is in the server's configuration and was not checked`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			def := twoSteps
			if test.hours != "" {
				def += "hours: " + test.hours + "\n"
			}
			got, err := Check(t.Context(), file(t, "c.yaml", def), file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n"), test.config)
			if err != nil {
				t.Fatal(err)
			}
			if got.Hours != test.want {
				t.Errorf("got  %s\nwant %s", got.Hours, test.want)
			}
			var out strings.Builder
			if err := got.WriteText(&out); err != nil {
				t.Fatal(err)
			}
			if shown := strings.Contains(out.String(), "\nHours: "+test.want+".\n"); shown != (test.want != "") {
				t.Errorf("the text has the hours: %t\n%s", shown, out.String())
			}
		})
	}
}

func TestCheckRefusesAnUnknownCalendar(t *testing.T) {
	t.Parallel()
	config := file(t, "conf.yaml", minimalConfig+"holidays: {es: "+file(t, "es.txt", "12-25\n")+"}\n")
	def := file(t, "c.yaml", twoSteps+"hours: {from: 09:00, to: 20:00, holidays: fr}\n")
	_, err := Check(t.Context(), def, file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n"), config)
	exits(t, err, 2, filepath.Base(def)+`: hours.holidays: there is no calendar named "fr"; the configuration has es`)
}

// TestCheckJudgesByHours: a check says of a row what an upload would.
func TestCheckJudgesByHours(t *testing.T) {
	t.Parallel()
	def := file(t, "c.yaml", twoSteps+"contacts: {consent: OK}\nhours: {from: 10:00, to: 19:00, zone: \"{{Zone|recipient}}\"}\n")
	list := file(t, "c.csv", "Full Name,Phone,Language,OK,Zone\n"+
		"Anna,+4915123018622,de,yes,\nIvan,+79161234567,ru,yes,\nOlga,+79161234568,ru,yes,Europe/Moscow\nPia,+4915123018623,de,yes,Berlin\nTom,+4915123018624,de,,\n")
	got, err := Check(t.Context(), def, list, "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Recipients != 2 || len(got.Rows) != 3 {
		t.Fatalf("%d recipients, %+v", got.Recipients, got.Rows)
	}
	for i, want := range []struct {
		row     int
		verdict campaign.Verdict
		detail  string
	}{
		{2, campaign.BadValue, "no hour of the day suits all of them"},
		{4, campaign.BadValue, `"Berlin" is not a time zone`},
		{5, campaign.NoConsent, `column "OK" is empty`},
	} {
		if row := got.Rows[i]; row.Row != want.row || row.Verdict != want.verdict || !strings.Contains(row.Detail, want.detail) {
			t.Errorf("got %+v, want %+v", row, want)
		}
	}
}
