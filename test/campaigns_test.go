package test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/contacts"
)

const sampleCampaigns = "../configs/campaigns"

// TestSampleCampaignsFitTheSampleList takes every sample campaign through all
// that happens before a message is sent.
func TestSampleCampaignsFitTheSampleList(t *testing.T) {
	config, err := configs.Load("../configs/example.yaml", func(name string) (string, bool) { return "value-of-" + name, true })
	if err != nil {
		t.Fatal(err)
	}
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
			for _, number := range definition.Numbers() {
				if _, ok := config.Channels[number]; !ok {
					t.Errorf("channel %s is not in configs/example.yaml", number)
				}
			}
			renderSampleList(t, definition)
		})
	}
}

// renderSampleList renders every step for every row of the sample list.
func renderSampleList(t *testing.T, definition *campaign.Definition) {
	list, err := contacts.Open(sampleCampaigns+"/contacts.example.csv", definition.Contacts, contacts.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	renderer, err := definition.Compile(list.Layout().Columns)
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
