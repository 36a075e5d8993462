package cli

import (
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp/providers"
)

// A list with a user ID is for channels whose provider takes user IDs, fallback
// channels included. Without a configuration they are taken for Meta's.
func TestCheckRefusesUserIDsThatAChannelCannotTake(t *testing.T) {
	t.Parallel()
	config := &configs.Config{Channels: map[string]configs.Channel{}}
	for _, spec := range providers.All() {
		config.Channels[spec.Name] = configs.NewChannel(spec)
	}
	door, err := DoorOf(config)
	if err != nil {
		t.Fatal(err)
	}
	for channel, takes := range map[string]bool{
		"cloud": true, "360dialog-cloud": true, "360dialog": false, "service4u": false, "vonage": false, "vonage-beta": false, "gateway": false,
	} {
		if err := door.UserIDs(channel); (err == nil) != takes {
			t.Errorf("%s: %v", channel, err)
		}
	}
	def := strings.Replace(twoSteps, "- template:", "- category: authentication\n    template:", 1)
	got, err := Check(t.Context(), file(t, "c.yaml", def), file(t, "c.csv", "Phone,Language,Full Name\nUS.13491208655302741918,en,Ada\n+14165550123,en,Grace\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts[campaign.OK] != 2 || got.Barred != 1 || len(got.Preview) != 2 || got.Preview[0].To != "US.13491208655302741918" {
		t.Errorf("%+v", got)
	}
	var out strings.Builder
	if err := got.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if want := "1 message would be left out: WhatsApp delivers no authentication templates to user IDs;"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in\n%s", want, out.String())
	}
}

// TestChannelsThatCannotKnow says for each kind of provider what a check tells.
func TestChannelsThatCannotKnow(t *testing.T) {
	t.Parallel()
	config := &configs.Config{Channels: map[string]configs.Channel{}}
	for _, spec := range providers.All() {
		channel := configs.NewChannel(spec)
		config.Channels[spec.Name] = channel
	}
	asked := config.Channels["gateway"]
	asked.OnUnknown = configs.Resend
	config.Channels["gateway"] = asked
	door, err := DoorOf(config)
	if err != nil {
		t.Fatal(err)
	}
	if why := door.Unsure("cloud"); why != "" {
		t.Errorf("got %s", why)
	}
	if why := door.Unsure("service4u"); !strings.Contains(why, "do not carry our reference") || !strings.HasSuffix(why, "leaves it for you to decide.") {
		t.Errorf("got %s", why)
	}
	if why := door.Unsure("gateway"); !strings.Contains(why, "has to be asked") || !strings.HasSuffix(why, "may arrive twice.") {
		t.Errorf("got %s", why)
	}
}
