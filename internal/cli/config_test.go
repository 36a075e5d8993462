package cli

import (
	"errors"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp/cloud"
)

// TestTheDoorAsksEachProvider: a step that one of a campaign's channels cannot send
// keeps the campaign out.
func TestTheDoorAsksEachProvider(t *testing.T) {
	t.Parallel()
	plain := cloud.Spec()
	plain.Supports = func(step *campaign.Step) error {
		if step.Header != nil {
			return errors.New("it sends no headers")
		}
		return nil
	}
	config := &configs.Config{Channels: map[string]configs.Channel{
		"main": configs.NewChannel(cloud.Spec()), "plain": configs.NewChannel(plain),
	}}
	door, err := DoorOf(config)
	if err != nil {
		t.Fatal(err)
	}
	const definition = `name: a
channels: [main, plain]
steps:
  - {template: a, category: utility, language: en}
  - {template: b, category: utility, language: en, header: {image: {link: "https://example.com/a.png"}}}
`
	_, err = door.Read([]byte(definition))
	var mistake *campaign.Mistake
	if !errors.As(err, &mistake) || mistake.Path != "steps[1]" || !strings.Contains(err.Error(), `channel "plain" cannot send it: it sends no headers`) {
		t.Errorf("got %v", err)
	}
	if _, err := door.Read([]byte(strings.Replace(definition, ", plain", "", 1))); err != nil {
		t.Errorf("main alone: %v", err)
	}
}
