package configs

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"carillon/campaign"
	"carillon/whatsapp"
)

// Channel is one sending number at one provider: the keys that all channels
// have, and those of its kind of provider.
type Channel struct {
	// Provider is the name of its kind of provider.
	Provider string `yaml:"provider"`
	// Rate is the number's messages a second, all workers together; 0 means no
	// limit.
	Rate float64 `yaml:"rate" auto:"RateAuto"`
	// RateAuto takes over what the provider tells; Rate holds until it does.
	RateAuto bool `yaml:"-"`
	// Pair is the number's limit for one recipient, over all campaigns.
	Pair Pair `yaml:"pair"`
	// Portfolio names the business portfolio that the number is in: its
	// channels share one limit of recipients. If empty, the channel has one of
	// its own.
	Portfolio string `yaml:"portfolio"`
	// DailyRecipients is how many different persons the portfolio may write to
	// within 24 hours; 0 means no limit.
	DailyRecipients int `yaml:"daily_recipients" auto:"DailyAuto"`
	// DailyAuto takes over what the provider tells; DailyRecipients holds until it
	// does.
	DailyAuto bool `yaml:"-"`
	// Timeout is for one request with its answer.
	Timeout Duration `yaml:"timeout"`
	// UnknownAfter is how long a message of unknown fate waits for a receipt
	// before it is decided.
	UnknownAfter Duration `yaml:"unknown_after"`
	// OnUnknown is what becomes of it then.
	OnUnknown OnUnknown `yaml:"on_unknown"`
	// Guard says when a campaign is paused because of how it goes.
	Guard Guard `yaml:"guard"`

	// Spec is the kind of provider.
	Spec whatsapp.Spec `yaml:"-" json:"-"`
	// Settings are the keys of that kind.
	Settings whatsapp.Settings `yaml:"-" json:"-"`
}

// NewChannel is a channel of a kind with everything at its default.
func NewChannel(spec whatsapp.Spec) Channel {
	c := commonDefaults()
	c.Provider, c.Rate, c.Spec, c.Settings = spec.Name, spec.Rate, spec, spec.Settings()
	return c
}

func commonDefaults() Channel {
	return Channel{
		Pair:         Pair{Every: Duration(DefaultPairEvery), Burst: DefaultPairBurst},
		Timeout:      Duration(DefaultTimeout),
		UnknownAfter: Duration(DefaultUnknownAfter),
		OnUnknown:    Hold,
		Guard: Guard{
			SameRefusal: DefaultSameRefusal, RefusedShare: DefaultRefusedShare, UnreachableShare: DefaultUnreachableShare,
		},
	}
}

// Set gives keys of the provider's own their values, for programs that make a
// channel without a file. The error names a key that the kind does not have, or
// that is no text.
func (c *Channel) Set(values map[string]string) error {
	fields := maps.Collect(settingsOf(c.Settings))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		field, known := fields[key]
		if !known || field.Kind() != reflect.String {
			return fmt.Errorf("provider %s has no text setting %s", c.Provider, key)
		}
		field.SetString(values[key])
	}
	return nil
}

// channel reads a channel. Its kind of provider says which keys there are
// besides those of all channels; of a kind that there is not nobody knows them,
// and they are passed over.
func (d *decoder) channel(n *yaml.Node, into *Channel, path string) {
	common := reflect.ValueOf(into).Elem()
	spec, known := d.kindOf(n)
	if !known {
		*into = commonDefaults()
		d.structure(n, path, false, common)
		return
	}
	*into = NewChannel(spec)
	d.structure(n, path, true, common, reflect.ValueOf(into.Settings).Elem())
	if into.DailyAuto {
		into.DailyRecipients = campaign.LowestDailyRecipients
	}
}

// kindOf is the kind of provider that a channel names, the first one where it
// names none. A mistake in the name is reported when the key is read.
func (d *decoder) kindOf(channel *yaml.Node) (spec whatsapp.Spec, known bool) {
	name := d.specs[0].Name
	for i := 0; i+1 < len(channel.Content); i += 2 {
		key, value := channel.Content[i], channel.Content[i+1]
		if key.Value == "provider" && value.Kind == yaml.ScalarNode && value.ShortTag() != "!!null" {
			quiet := decoder{mistakes: newMistakes(d.file), env: d.env}
			name, _ = quiet.expand(value.Value, "")
		}
	}
	for _, spec := range d.specs {
		if spec.Name == name {
			return spec, true
		}
	}
	return whatsapp.Spec{}, false
}
