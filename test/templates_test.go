package test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/cli"
	"carillon/simulator"
	"carillon/whatsapp/providers"
)

// accountTemplates are what the account of these tests has.
func accountTemplates() []campaign.Approved {
	var all []campaign.Approved
	add := func(name, language, status, components string) {
		all = append(all, campaign.Approved{
			TemplateName: campaign.TemplateName{Name: name, Language: language}, Category: campaign.Utility, Status: status,
			Components: json.RawMessage(components),
		})
	}
	add("counted", "en", "approved", `[{"type":"BODY","text":"Hi {{1}}, order {{2}}."}]`)
	add("named", "en", "approved", `[{"type":"BODY","text":"Hi {{first_name}}."}]`)
	add("pictured", "en", "approved", `[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hi."}]`)
	add("resting", "en", "paused", `[{"type":"BODY","text":"Hi."}]`)
	return all
}

// listingHouse is a house whose channel main is of a kind that lists templates.
func listingHouse(t *testing.T, name string) *house {
	t.Helper()
	dialect, err := simulator.DialectOf(name)
	if err != nil {
		t.Fatal(err)
	}
	options := simulator.Options{Dialect: dialect, Templates: accountTemplates(), AccessToken: "access"}
	provider, url := startProvider(t, options)
	s := setup{redis: configs.EmbeddedRedis}
	c := config(t, s, url)
	spec, known := providers.Find(name)
	if !known {
		t.Fatalf("there is no provider %s", name)
	}
	main := configs.NewChannel(spec)
	options.AppSecret, options.PhoneNumberID = appSecret, number
	if err := main.Set(options.Settings(url)); err != nil {
		t.Fatal(err)
	}
	main.Rate, main.Pair, main.Guard = 0, configs.Pair{}, configs.Guard{}
	main.Timeout, main.UnknownAfter = c.Channels["main"].Timeout, c.Channels["main"].UnknownAfter
	c.Channels["main"] = main
	return startApp(t, c, s, provider)
}

// stepFile is a campaign of one step.
func stepFile(t *testing.T, step string) string {
	t.Helper()
	return write(t, "campaign.yaml", "name: n\nchannel: main\ncontacts: {phone: Phone}\nsteps: [{category: utility, "+step+"}]\n")
}

// TestWrongTemplatesAreRefused has a launch and a check refuse each kind of mistake,
// before the first message, and then sends what is right.
func TestWrongTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"cloud", "360dialog-cloud", "360dialog"} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			h := listingHouse(t, provider)
			list := people(t, 3)
			for name, wrong := range map[string]struct{ step, want string }{
				"count":    {`template: counted, language: en, body: [Ana]`, `steps[0].body: gives 1 value, but the body of counted (en) expects 2 values: "Hi {{1}}, order {{2}}." (channel "main")`},
				"name":     {`template: named, language: en, body: [{name: name, text: Ana}]`, `steps[0].body[0].name: is "name", but named (en) expects first_name (channel "main")`},
				"kind":     {`template: pictured, language: en, header: {video: {link: "https://example.com/a.mp4"}}`, `steps[0].header: is a video, but pictured (en) expects an image (channel "main")`},
				"language": {`template: counted, language: de, body: [Ana, A-1]`, `steps[0].language: template counted has no language de; it has en (channel "main")`},
				"paused":   {`template: resting, language: en`, `steps[0].template: resting (en) is paused, and only an approved template is sent; wait until the provider releases it, or edit it there (channel "main")`},
			} {
				file := stepFile(t, wrong.step)
				_, err := cli.Launch(t.Context(), h.client, cli.LaunchRequest{Campaign: file, Contacts: list})
				var refused *api.Problem
				if !errors.As(err, &refused) || refused.Detail != wrong.want {
					t.Errorf("%s: the launch says %v, want %s", name, err, wrong.want)
				}
				if _, err := cli.CheckAgainst(t.Context(), h.client, file, list, "", ""); err == nil || !strings.Contains(err.Error(), wrong.want) {
					t.Errorf("%s: the check says %v, want %s", name, err, wrong.want)
				}
			}
			if n := h.provider.Counts(); n.Accepted != 0 {
				t.Errorf("%d messages went out all the same", n.Accepted)
			}
			h.rightTemplate(t, list)
		})
	}
}

// rightTemplate checks and sends what fits.
func (h *house) rightTemplate(t *testing.T, list string) {
	t.Helper()
	file := stepFile(t, `template: counted, language: en, body: ["{{Full Name}}", A-1]`)
	checked, err := cli.CheckAgainst(t.Context(), h.client, file, list, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if text := checked.Preview[0].Messages[0].Text; text != "Hi Ana 0, order A-1." || checked.Notes != nil {
		t.Errorf("the preview is %q, the notes %q", text, checked.Notes)
	}
	launched := h.launch(t, file, list)
	if h.finish(t, launched.ID); h.provider.Counts().Accepted != 3 || launched.Notes != nil {
		t.Errorf("%d were accepted; the notes are %q", h.provider.Counts().Accepted, launched.Notes)
	}
}

// TestTemplateThatIsPausedBeforeTheStart is noticed by the webhook, and the
// campaign is refused its start.
func TestTemplateThatIsPausedBeforeTheStart(t *testing.T) {
	t.Parallel()
	h := listingHouse(t, "cloud")
	later, err := cli.Launch(t.Context(), h.client, cli.LaunchRequest{
		Campaign: stepFile(t, `template: counted, language: en, body: [Ana, A-1]`), Contacts: people(t, 3), At: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.provider.Tell(t.Context(), simulator.Event{Kind: "template_status", Template: "counted", Language: "en", Event: "PAUSED"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.client.Act(t.Context(), later.ID, "start")
	var refused *api.Problem
	if !errors.As(err, &refused) || !strings.Contains(refused.Detail, "counted (en) is paused") {
		t.Errorf("the start says %v", err)
	}
	if _, err := h.provider.Tell(t.Context(), simulator.Event{Kind: "template_status", Template: "counted", Language: "en", Event: "APPROVED"}); err != nil {
		t.Fatal(err)
	}
	if _, err = h.client.Act(t.Context(), later.ID, "start"); err != nil {
		t.Error(err)
	}
	h.finish(t, later.ID)
}

// TestProviderWithoutTemplates takes any campaign and says that it was not checked.
func TestProviderWithoutTemplates(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{redis: configs.EmbeddedRedis})
	launched := h.launch(t, stepFile(t, `template: anything, language: en`), people(t, 1))
	want := `channel "main": the templates were not checked: its waba_id is not set, and the provider lists templates by that`
	if len(launched.Notes) != 1 || launched.Notes[0] != want {
		t.Errorf("the notes are %q", launched.Notes)
	}
	h.finish(t, launched.ID)
}
