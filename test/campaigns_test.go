package test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/contacts"
	"carillon/internal/cli"
	"carillon/simulator"
	"carillon/whatsapp/providers"
	"carillon/whatsapp/vonage"
)

const sampleCampaigns = "../configs/campaigns"

// privateKey is that of an application at Vonage.
func privateKey(t *testing.T) string {
	t.Helper()
	dialect, err := simulator.DialectOf(vonage.Name)
	if err != nil {
		t.Fatal(err)
	}
	return simulator.Options{Dialect: dialect}.Settings("")["private_key"]
}

// TestSampleCampaignsFitTheSampleList takes every sample campaign through all
// that happens before a message is sent. There is one for every channel of the
// sample configuration, and with it for every kind of provider.
func TestSampleCampaignsFitTheSampleList(t *testing.T) {
	config, err := configs.Load("../configs/example.yaml", func(name string) (string, bool) {
		switch name {
		case "CARILLON_SEAL_KEY":
			return strings.Repeat("5e", 32), true
		case "VONAGE_PRIVATE_KEY":
			return privateKey(t), true
		}
		return "value-of-" + name, true
	}, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	door, err := cli.DoorOf(config)
	if err != nil {
		t.Fatal(err)
	}
	without := slices.Collect(maps.Keys(config.Channels))
	files, err := filepath.Glob(sampleCampaigns + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			definition, err := campaign.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := door.Read(text); err != nil {
				t.Errorf("with configs/example.yaml: %v", err)
			}
			without = slices.DeleteFunc(without, func(channel string) bool { return slices.Contains(definition.AllChannels(), channel) })
			renderSampleList(t, definition)
			checked, err := cli.Check(t.Context(), file, sampleCampaigns+"/contacts.example.csv", "")
			if err != nil {
				t.Fatal(err)
			}
			if len(checked.Rows) > 0 || checked.Recipients == 0 {
				t.Errorf("carillon check finds %+v in %d rows that would be sent to", checked.Rows, checked.Recipients)
			}
		})
	}
	if len(without) > 0 {
		t.Errorf("no sample campaign is sent from %v", without)
	}
}

// renderSampleList renders every step for every row of the sample list.
func renderSampleList(t *testing.T, definition *campaign.Definition) {
	list, err := contacts.Open(sampleCampaigns+"/contacts.example.csv", definition.Contacts, contacts.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	renderer, err := list.Compile(definition)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for {
		row, err := list.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows++
		if row.Verdict != campaign.OK {
			t.Errorf("row %d is %s: %s", row.Number, row.Verdict, row.Detail)
		}
		for _, problem := range renderer.Check(row.Values) {
			t.Errorf("row %d: %s", row.Number, problem)
		}
		for step := range definition.Steps {
			rule := &definition.Steps[step]
			if rule.FreeForm() {
				free, err := renderer.RenderFree(step, row.Values)
				if err != nil || free.Kind != rule.Kind() || !json.Valid(free.Content) {
					t.Errorf("row %d, step %d: %s, %v", row.Number, step, free.Content, err)
				}
			}
			if rule.TemplatePart() == nil {
				continue
			}
			template, err := renderer.Render(step, row.Values)
			if err != nil || template.Name == "" || template.Language == "" {
				t.Errorf("row %d, step %d: %+v, %v", row.Number, step, template, err)
			}
			if template.Components != nil && !json.Valid(template.Components) {
				t.Errorf("row %d, step %d: not JSON: %s", row.Number, step, template.Components)
			}
		}
	}
	if rows == 0 {
		t.Error("the sample list has no rows")
	}
}

// TestThePageOnCampaignsIsRight reads every piece of a campaign's file that
// docs/campaigns.md shows.
func TestThePageOnCampaignsIsRight(t *testing.T) {
	page, err := os.ReadFile("../docs/campaigns.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the page shows nothing")
	}
	for _, block := range blocks {
		piece, _, _ := strings.Cut(block, "```")
		if _, err := campaign.Parse([]byte(around(piece))); err != nil {
			t.Errorf("%v in\n%s", err, piece)
		}
	}
}

// around makes a campaign of a piece of one: steps, keys of a step, or keys of
// the campaign.
func around(piece string) string {
	const step = "  - template: t\n"
	indented := "    " + strings.ReplaceAll(strings.TrimSuffix(piece, "\n"), "\n", "\n    ") + "\n"
	head := "name: n\n"
	if !strings.Contains(piece, "channels:") {
		head += "channel: main\n"
	}
	switch first, _, _ := strings.Cut(piece, ":"); first {
	case "- after": // each of them wants a language
		return head + "steps:\n- {template: t, language: en}" + strings.ReplaceAll("\n"+piece, "\n- ", "\n- language: en\n  ")
	case "steps":
		return head + piece
	case "language":
		return head + "steps:\n" + step + indented
	case "buttons":
		return head + "steps:\n" + step + "    language: en\n" + indented
	}
	return head + piece + "steps:\n" + step + "    language: en\n"
}
