package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarketingMessages(t *testing.T) {
	t.Parallel()
	no := false
	for step, want := range map[string]*MarketingMessages{
		`category: marketing`:                         nil,
		`category: marketing, marketing_messages: {}`: {},
		`category: marketing, marketing_messages: {product_policy: STRICT, message_activity_sharing: false}`: {ProductPolicy: Strict, ActivitySharing: &no},
	} {
		for _, d := range []*Definition{parseStep(t, step), throughJSON(t, parseStep(t, step))} {
			rendered, err := compile(t, d, nil).Render(0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, rendered.MarketingMessages); diff != "" {
				t.Errorf("%s: %s", step, diff)
			}
		}
	}
}
