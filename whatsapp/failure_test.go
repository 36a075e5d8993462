package whatsapp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

func TestFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		refusal Error
		want    campaign.Failure
	}{
		"passing": {
			Error{Class: RetrySoon, Reason: "busy", Code: 2, Hint: "Wait.", Wait: time.Second, Retries: 3},
			campaign.Failure{Reason: "busy", Code: 2, Detail: "Wait.", Retry: true, Passing: true, Wait: time.Second, Tries: 4, Elsewhere: true},
		},
		"never written":  {Error{Class: RetrySoon, Unwritten: true}, campaign.Failure{Retry: true, Passing: true, Throttled: true, Elsewhere: true}},
		"pair limit":     {Error{Class: RetrySlow, Budget: PairBudget}, campaign.Failure{Retry: true, Throttled: true, Escalates: true}},
		"flow limit":     {Error{Class: RetrySlow, Budget: TemplateBudget, Wait: time.Hour}, campaign.Failure{Retry: true, Throttled: true, Wait: time.Hour, Slows: true}},
		"person's limit": {Error{Class: RetrySlow, Budget: UserBudget}, campaign.Failure{Retry: true}},
		"template":       {Error{Class: Pause, Scope: TemplateScope}, campaign.Failure{Retry: true, Throttled: true, Pause: campaign.PauseTemplate, Elsewhere: true}},
		"number":         {Error{Class: Pause, Scope: NumberScope}, campaign.Failure{Retry: true, Throttled: true, Pause: campaign.PauseChannel, Elsewhere: true}},
		"account":        {Error{Class: Pause, Scope: AccountScope}, campaign.Failure{Retry: true, Throttled: true, Pause: campaign.PauseAccount, Elsewhere: true}},
		"nothing named":  {Error{Class: Pause}, campaign.Failure{Retry: true, Throttled: true, Pause: campaign.PauseChannel, Elsewhere: true}},
		"this channel's": {Error{Class: Drop, Elsewhere: true}, campaign.Failure{Elsewhere: true}},
		"opted out":      {Error{Class: Drop, Suppress: SuppressAll}, campaign.Failure{Suppress: campaign.ScopeAll}},
		"no marketing":   {Error{Class: Drop, Suppress: SuppressMarketing}, campaign.Failure{Suppress: campaign.ScopeMarketing}},
		"nobody there":   {Error{Class: Drop, Suppress: SuppressSoft}, campaign.Failure{Unreachable: true}},
		"bad request":    {Error{Class: BadRequest, Message: " too\nmany\x00\twords "}, campaign.Failure{Invalid: true, Said: "too many words"}},
		"window shut":    {Error{Class: BadRequest, WindowShut: true}, campaign.Failure{Invalid: true, WindowShut: true}},
		"ambiguous":      {Error{Class: Ambiguous, Reason: "timeout"}, campaign.Failure{Reason: "timeout"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.refusal.Failure()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAProvidersTextIsCutShort(t *testing.T) {
	t.Parallel()
	long := Error{Class: BadRequest, Message: strings.Repeat("é", 1<<20)}
	if got, want := long.Failure().Said, strings.Repeat("é", longestExcerpt-1)+"…"; got != want {
		t.Errorf("%d bytes are kept, want %d", len(got), len(want))
	}
}
