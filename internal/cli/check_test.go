package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

const twoSteps = `
name: order-update
channel: main
steps:
  - template: order_update
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}"]
  - after: delivered
    wait: 10m
    template: order_feedback
    language: en_US
`

func TestCheckFindsEveryVerdictOfTheSamples(t *testing.T) {
	t.Parallel()
	const samples = "../../contacts/testdata"
	text, err := os.ReadFile(filepath.Join(samples, "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]CheckedRow
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for name, rows := range want {
		t.Run(name, func(t *testing.T) {
			got, err := Check(t.Context(), file(t, "c.yaml", twoSteps), filepath.Join(samples, name), "")
			if err != nil {
				t.Fatal(err)
			}
			var bad []CheckedRow
			counts := map[campaign.Verdict]int64{}
			for _, row := range rows {
				counts[row.Verdict]++
				if row.Verdict != campaign.OK {
					bad = append(bad, row)
				}
			}
			if diff := cmp.Diff(counts, got.Counts); diff != "" {
				t.Error(diff)
			}
			for i, row := range got.Rows {
				if row.Detail == "" {
					t.Errorf("row %d is %s without a reason", row.Row, row.Verdict)
				}
				got.Rows[i].Detail = ""
			}
			if diff := cmp.Diff(bad, got.Rows); diff != "" {
				t.Error(diff)
			}
			if want := counts[campaign.OK] + counts[campaign.NotMobile]; got.Recipients != want || got.Estimate.Messages != 2*want {
				t.Errorf("%d recipients, %d messages; want %d and twice as many", got.Recipients, got.Estimate.Messages, want)
			}
		})
	}
}

func TestCheckRendersTheFirstMessages(t *testing.T) {
	t.Parallel()
	list := file(t, "c.csv", "Full Name,Phone,Language\nBad,12,de\nAnna,+4915123018622,de\n,+33612982489,\nCleo,+33612547098,fr\nDora,+31612555559,nl\n")
	got, err := Check(t.Context(), file(t, "c.yaml", twoSteps), list, "")
	if err != nil {
		t.Fatal(err)
	}
	body := func(name string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`[{"type":"body","parameters":[{"type":"text","text":%q}]}]`, name))
	}
	feedback := PreviewMessage{Step: 2, Template: "order_feedback", Language: "en_US"}
	want := []Preview{
		{2, "+4915123018622", []PreviewMessage{{Step: 1, Template: "order_update", Language: "de", Components: body("Anna")}, feedback}},
		{3, "+33612982489", []PreviewMessage{{Step: 1, Template: "order_update", Language: "en_US", Components: body("there")}, feedback}},
		{4, "+33612547098", []PreviewMessage{{Step: 1, Template: "order_update", Language: "fr", Components: body("Cleo")}, feedback}},
	}
	if diff := cmp.Diff(want, got.Preview); diff != "" {
		t.Error(diff)
	}
}

func TestCheckReportsValuesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	def := file(t, "c.yaml", strings.ReplaceAll(twoSteps, "|there", ""))
	got, err := Check(t.Context(), def, file(t, "c.csv", "Full Name,Phone,Language\n,+4915123018622,de\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts[campaign.BadValue] != 1 || got.Recipients != 0 {
		t.Fatalf("counts %v, %d recipients", got.Counts, got.Recipients)
	}
	row := got.Rows[0]
	if row.Row != 1 || row.E164 != "+4915123018622" || !strings.Contains(row.Detail, "Full Name") {
		t.Errorf("got %+v", row)
	}
}

func TestCheckRefusesWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	good, list := file(t, "c.yaml", twoSteps), file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n")
	for _, test := range []struct{ name, campaign, contacts, config, text string }{
		{"no campaign", good + "x", list, "", "no such file or directory; name a campaign's YAML file"},
		{"no list", good, list + "x", "", "no such file or directory"},
		{"bad campaign", file(t, "bad.yaml", "name: x\nsteps: 3\nfoo: 1\n"), list, "", "bad.yaml: line 2: "},
		{"unknown column", good, file(t, "few.csv", "Full Name,Phone\nAnna,+4915123018622\n"), "", `the list has no column "Language"`},
		{"broken list", good, file(t, "broken.csv", "Full Name,Phone,Language\n\"Anna,+4915123018622,de\n"), "", "broken.csv: line 2: "},
		{"no configuration", good, list, list + "x", "no such file or directory"},
		{"another channel", good, list, file(t, "conf.yaml", configOf("second", 5)), `has no channel "main"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Check(t.Context(), test.campaign, test.contacts, test.config)
			exits(t, err, 2, test.text)
		})
	}
}

// configOf is a configuration with one channel.
func configOf(channel string, rate float64) string {
	return fmt.Sprintf(`channels: {%s: {phone_number_id: "1", access_token: abc, app_secret: def, rate: %v}}`, channel, rate)
}

func TestCheckTakesTheRateOfTheChannel(t *testing.T) {
	t.Parallel()
	got, err := Check(t.Context(), file(t, "c.yaml", twoSteps), file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n"),
		file(t, "conf.yaml", configOf("main", 5)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Estimate.Rate != 5 {
		t.Errorf("rate is %v", got.Estimate.Rate)
	}
}

// TestCheckSumsUpTheNumbers reckons with all numbers of a campaign.
func TestCheckSumsUpTheNumbers(t *testing.T) {
	t.Parallel()
	def := file(t, "c.yaml", strings.Replace(twoSteps, "channel: main", "channels: [main, second, third]", 1))
	list := file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n")
	const keys = `access_token: abc, app_secret: def`
	for _, test := range []struct {
		name, main, second, third string
		want                      pace
	}{
		{"rates", "rate: 5", "rate: 10", "rate: 20", pace{rate: 35}},
		{"one without a limit", "rate: 5", "rate: 0", "rate: 20", pace{}},
		{"limits of a day", "rate: 5, daily_recipients: 100", "rate: 5, daily_recipients: 250", "rate: 5, daily_recipients: 250", pace{15, []dailyShare{{100, 1. / 3}, {250, 1. / 3}, {250, 1. / 3}}}},
		{"a shared limit", "rate: 5, daily_recipients: 100, portfolio: p", "rate: 5, daily_recipients: 100, portfolio: p", "rate: 5, daily_recipients: 50", pace{15, []dailyShare{{50, 1. / 3}, {100, 2. / 3}}}},
		{"one without a limit of a day", "rate: 5, daily_recipients: 100", "rate: 5", "rate: 5", pace{rate: 15}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := file(t, "conf.yaml", fmt.Sprintf("channels:\n  main: {phone_number_id: \"1\", %[1]s, %[2]s}\n  second: {phone_number_id: \"2\", %[1]s, %[3]s}\n  third: {phone_number_id: \"3\", %[1]s, %[4]s}\n",
				keys, test.main, test.second, test.third))
			read, err := readCampaign(def)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := LoadConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, paceOf(loaded, read), cmp.AllowUnexported(pace{}, dailyShare{})); diff != "" {
				t.Error(diff)
			}
			if result, err := Check(t.Context(), def, list, config); err != nil || result.Estimate.Rate != test.want.rate {
				t.Errorf("checked as %+v, %v", result, err)
			}
		})
	}
}

func TestCheckTextListsTheFirstBadRows(t *testing.T) {
	t.Parallel()
	list := "Phone\n+4915123018622\n" + strings.Repeat("12\n", listedRows+5)
	def := strings.ReplaceAll(strings.ReplaceAll(twoSteps, "{{Language|en_US}}", "en_US"), "{{Full Name|there}}", "you")
	got, err := Check(t.Context(), file(t, "c.yaml", def), file(t, "c.csv", list), "")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := got.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`phone numbers in column "Phone"`, "Messages would go to 1 of 26 rows", "and 5 more; --json lists them all",
		"row 1, +4915123018622, step 2: order_feedback (en_US)", "Estimate: 2 messages at 80/s",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if !strings.Contains(out.String(), "\n21 ") || strings.Contains(out.String(), "\n22 ") {
		t.Errorf("rows 2 to 21 should be listed, and no more:\n%s", out.String())
	}
}

// TestCheckTellsOfLostPluses: the sample's README promises a warning for each.
func TestCheckTellsOfLostPluses(t *testing.T) {
	t.Parallel()
	const list = "../../contacts/testdata/contacts.xlsx"
	for _, test := range []struct {
		contacts            string
		warnings, ambiguous int
	}{{"", 192, 0}, {"contacts: {default_region: DE}\n", 186, 6}} {
		got, err := Check(t.Context(), file(t, "c.yaml", twoSteps+test.contacts), list, "")
		if err != nil {
			t.Fatal(err)
		}
		const why = "the cell is a number without its plus sign, which was added again; format the column as text"
		if len(got.Warnings) != test.warnings || got.Warnings[0] != (CheckWarning{4, "+33612982489", why}) {
			t.Errorf("%q: %d warnings, want %d; the first is %+v", test.contacts, len(got.Warnings), test.warnings, got.Warnings[0])
		}
		ambiguous := 0
		for _, row := range got.Rows {
			if strings.Contains(row.Detail, "a foreign number") && row.Verdict == campaign.Invalid && row.E164 == "" {
				ambiguous++
			}
		}
		if ambiguous != test.ambiguous {
			t.Errorf("%q: %d rows may be two people's, want %d", test.contacts, ambiguous, test.ambiguous)
		}
		var out strings.Builder
		if err := got.WriteText(&out); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("\n%-4d  row 4 +33612982489, row 8 +12015030326, row 12 +77710438058  %s\n", test.warnings, why)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}

func TestCheckCountsWarningsByKind(t *testing.T) {
	t.Parallel()
	def := strings.ReplaceAll(strings.ReplaceAll(twoSteps, "{{Language|en_US}}", "en_US"), "{{Full Name|there}}", "you") + "contacts: {default_region: BR}\n"
	list := file(t, "c.csv", "Phone\n51 99123-4567\n+55 11 6129 4498\n11 99123-4567\n12\n51 99123-4568\n51 99123-4567\n")
	got, err := Check(t.Context(), file(t, "c.yaml", def), list, "")
	if err != nil {
		t.Fatal(err)
	}
	const abroad = "it was read as a number of BR, but with a plus it is a foreign number, %s; write the right one with a plus or 00"
	want := []CheckWarning{
		{1, "+5551991234567", fmt.Sprintf(abroad, "+51991234567")},
		{2, "+5511961294498", "+551161294498 is another form of +5511961294498, which is used"},
		{5, "+5551991234568", fmt.Sprintf(abroad, "+51991234568")},
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Error(diff)
	}
	var out strings.Builder
	if err := got.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	table := "\nSent, but please check:\nROWS  EXAMPLES                                    WHY\n" +
		"2     row 1 +5551991234567, row 5 +5551991234568  " + fmt.Sprintf(abroad, "+…") + "\n" +
		"1     row 2 +5511961294498                        +… is another form of +…, which is used\n"
	if !strings.Contains(out.String(), table) {
		t.Errorf("%s is missing in:\n%s", table, out.String())
	}
}

func TestCheckSaysHowRowsCount(t *testing.T) {
	t.Parallel()
	def := strings.ReplaceAll(strings.ReplaceAll(twoSteps, "{{Language|en_US}}", "en_US"), "{{Full Name|there}}", "you")
	for list, want := range map[string]string{
		"Phone\n+4915123018622\n": "Rows are counted from the first one below the header",
		"+4915123018622\n":        "Rows are counted from the first one, ",
	} {
		got, err := Check(t.Context(), file(t, "c.yaml", def), file(t, "c.csv", list), "")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := got.WriteText(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Count(out.String(), want) != 1 || got.Preview[0].Row != 1 || strings.Contains(out.String(), "look at") {
			t.Errorf("want %q once, and no warnings:\n%s", want, out.String())
		}
	}
}

func TestCheckInterrupted(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Check(ctx, file(t, "c.yaml", twoSteps), file(t, "c.csv", "Full Name,Phone,Language\nAnna,+4915123018622,de\n"), "")
	exits(t, err, 1, "interrupted before the whole list was read; nothing was sent")
	if left, err := filepath.Glob(filepath.Join(folder, "carillon-check-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCheckLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	const header = "Full Name,Phone,Language\n"
	long := header + strings.Repeat("Anna,+4915123018622,de\n", 500)
	def := file(t, "c.yaml", twoSteps)
	if _, err := Check(t.Context(), def, file(t, "c.csv", long), ""); err != nil {
		t.Error(err)
	}
	_, err := Check(t.Context(), def, file(t, "c.csv", long+"\"cut off"), "")
	exits(t, err, 2, "line 502")
	left, err := filepath.Glob(filepath.Join(folder, "carillon-check-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCheckCountsWhatIsBarred(t *testing.T) {
	t.Parallel()
	def := strings.Replace(twoSteps, "- template:", "- category: marketing\n    template:", 1)
	got, err := Check(t.Context(), file(t, "c.yaml", def), file(t, "c.csv", "Phone,Language,Full Name\n+12025550123,en,Ada\n+14165550123,en,Grace\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Barred != 1 || got.Recipients != 2 {
		t.Errorf("%d barred, %d recipients; want 1 of 2", got.Barred, got.Recipients)
	}
	var out strings.Builder
	if err := got.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if want := "1 message would be left out: WhatsApp delivers no marketing to numbers of the United States."; !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in\n%s", want, out.String())
	}
}
