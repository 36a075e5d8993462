package test

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/simulator"
)

// A step that asks for it goes by the endpoint for marketing messages, the step
// behind it does not, and both arrive in order.
func TestMarketingMessages(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), simulator: simulator.Options{
		Receipts: simulator.ReceiptOptions{Delay: 5 * time.Millisecond},
	}})
	const definition = `name: offer
channel: main
steps:
  - {template: offer, category: marketing, marketing_messages: {product_policy: STRICT}, language: en}
  - {template: thanks, category: utility, language: en}
`
	c := h.finish(t, h.launch(t, write(t, "campaign.yaml", definition), people(t, 3)).ID)
	if c.Counts[campaign.Delivered]+c.Counts[campaign.Read] != 6 {
		t.Errorf("the campaign ends as %v", c.Counts)
	}
	ways := map[string]int{}
	for _, m := range h.provider.Truth().Messages {
		if m.Marketing {
			ways[m.Template+" by marketing_messages"]++
		} else {
			ways[m.Template]++
		}
	}
	if len(ways) != 2 || ways["offer by marketing_messages"] != 3 || ways["thanks"] != 3 {
		t.Errorf("the provider got %v", ways)
	}
	h.audit(t, c.ID)
}
