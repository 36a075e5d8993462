// Package whatsapptest is the suite that every provider's folder has to pass,
// and what its tests share.
//
// A folder says what is right for its kind of provider: the specification, the
// tables, settings that work and values that do not, how webhooks are proven.
// A Wire writes down a second time how the provider talks, so that the suite can
// be the provider. What a table's row ought to say, and what else is special, is
// for the folder's own tests.
package whatsapptest

import (
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// Suite is what has to be known of a kind of provider to test it.
type Suite struct {
	// Spec is the kind of provider.
	Spec whatsapp.Spec
	// Book is what its refusals mean. More are meanings that are not in it, those
	// of a service in between.
	Book *codes.Book
	More []codes.Meaning
	// Settings are right ones with every key set, for an API at base.
	Settings func(base string) whatsapp.Settings
	// Wrong are values that cannot work, by key. All keys are there, one that takes
	// any value with none. Those that no address is are tried of base_url besides.
	Wrong map[string][]string
	// Digits says that the provider wants numbers without the plus sign.
	Digits bool
	// Proof is how webhooks are proven; that of a provider without is not used.
	Proof Proof
	// Wire is how the provider talks, an ExaminedWire; that of one that is asked is a
	// PolledWire besides, that of one that keeps files a MediaWire, that of one that lists
	// its templates a LibraryWire.
	Wire Wire
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	t.Run("settings", s.settings)
	t.Run("identity", s.identity)
	t.Run("abilities", s.abilities)
	t.Run("meanings", s.meanings)
	t.Run("hints", s.hints)
	t.Run("codes", s.codes)
	t.Run("statuses", s.statuses)
	t.Run("sending", s.sending)
	t.Run("waits", s.waits)
	t.Run("ambiguous", s.ambiguous)
	t.Run("unwritten", s.unwritten)
	t.Run("preparations", s.preparations)
	opened, takesWebhooks := s.abilitiesOf()
	if _, examines := opened.(whatsapp.Examiner); examines {
		t.Run("examinations", s.examinations)
	}
	if s.Spec.Traits.Polled {
		t.Run("polls", s.polls)
	}
	if able[whatsapp.Numbers](opened) {
		t.Run("states", s.states)
	}
	if able[whatsapp.Library](opened) {
		t.Run("templates", s.library)
	}
	if s.Spec.Traits.Media {
		t.Run("media", s.media)
	}
	if _, probes := opened.(whatsapp.Prober); probes {
		t.Run("probes", s.probes)
	}
	if takesWebhooks {
		t.Run("webhooks", s.webhooks)
		t.Run("failures", s.failures)
		t.Run("forged", s.forged)
		t.Run("strange", s.strange)
	}
}

// abilities holds what the specification says against what a channel can do.
func (s Suite) abilities(t *testing.T) {
	opened := s.open(t, s.Settings(nowhere), whatsapp.Opening{})
	_, polled := opened.(whatsapp.Poller)
	if polled != s.Spec.Traits.Polled {
		t.Errorf("Traits.Polled is %v, and the channel can be asked: %v", s.Spec.Traits.Polled, polled)
	}
	if _, keeps := opened.(whatsapp.Media); keeps != s.Spec.Traits.Media {
		t.Errorf("Traits.Media is %v, and the channel keeps files: %v", s.Spec.Traits.Media, keeps)
	}
	file := &campaign.Step{Header: &campaign.Header{Image: &campaign.Media{File: "promo.jpg"}}}
	if err := s.Spec.Refuses(file); !s.Spec.Traits.Media && (err == nil || !strings.Contains(err.Error(), "link:")) {
		t.Errorf("a step with a file is refused with %v, which says nothing of a link", err)
	}
	if !polled && !able[whatsapp.Hook](opened) {
		t.Error("nothing would tell what became of a message: the channel takes no webhooks and cannot be asked")
	}
	if _, lists := opened.(whatsapp.Library); !lists && len(s.Spec.Unlisted) < 10 {
		t.Errorf("the channel lists no templates, and %q does not say why", s.Spec.Unlisted)
	}
	if s.Spec.Name == "" || s.Spec.Title == "" || s.Spec.Traits.Requests < 1 || s.Spec.Rate < 0 {
		t.Errorf("the specification is not complete: %+v", s.Spec)
	}
}

// abilitiesOf is a channel that is closed again, to see what it can do.
func (s Suite) abilitiesOf() (opened whatsapp.Provider, takesWebhooks bool) {
	opened, err := s.Settings(nowhere).Open(whatsapp.Opening{Timeout: timeout})
	if err != nil {
		return nil, false // the scenarios say so
	}
	opened.Close()
	return opened, able[whatsapp.Hook](opened)
}

// able reports whether a channel has an ability.
func able[Ability any](opened whatsapp.Provider) bool {
	_, has := opened.(Ability)
	return has
}
