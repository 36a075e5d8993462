package cli

import (
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp/providers"
)

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
	def := &campaign.Definition{Channels: []string{"cloud", "service4u"}, Fallback: []string{"gateway"}}
	got := unknowing(config, def)
	if len(got) != 2 {
		t.Fatalf("got %+v", got)
	}
	if c := got[0]; c.Channel != "service4u" || !strings.Contains(c.Detail, "do not carry our reference") || !strings.HasSuffix(c.Detail, "leaves it for you to decide.") {
		t.Errorf("got %+v", c)
	}
	if c := got[1]; c.Channel != "gateway" || !strings.Contains(c.Detail, "has to be asked") || !strings.HasSuffix(c.Detail, "may arrive twice.") {
		t.Errorf("got %+v", c)
	}
	if got := unknowing(nil, def); got != nil {
		t.Errorf("without a configuration: %+v", got)
	}
}
