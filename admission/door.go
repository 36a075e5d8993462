package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"carillon/campaign"
)

// Door says what may come in. The zero value knows no channel.
type Door struct {
	// Rates are the rates of the channels there are, in messages a second; 0
	// means no limit. The numbers of a campaign share its list by them.
	Rates map[string]float64
	// Calendars are the holidays that a campaign's hours may name: dates as
	// campaign.Hours has them, by name.
	Calendars map[string][]string
	// Supports says why a channel cannot send a step, in words for whoever wrote
	// the campaign. If nil, every channel can send everything.
	Supports func(channel string, step campaign.Step) error
	// Templates tells what is known of the templates of a channel. The error is the
	// ledger's. If nil, nothing is known.
	Templates func(ctx context.Context, channel string) (campaign.TemplateList, error)
	// UserIDs says why a channel cannot send to a user ID, and what to do about a
	// row that has one. If nil, every channel can.
	UserIDs func(channel string) error
}

// Campaign is one that the door has let in, without its list.
type Campaign struct {
	Definition *campaign.Definition
	weights    []float64 // the numbers' shares of the list
	door       Door
	// numbersOnly says why it cannot be sent to user IDs; nil where it can.
	numbersOnly error
}

// UnknownChannelError says that a campaign names a channel that there is not.
type UnknownChannelError struct {
	// Path is the place in the definition, such as channels[1].
	Path    string
	Channel string
	// Known are the channels there are, in their order.
	Known []string
}

var _ error = (*UnknownChannelError)(nil)

func (e *UnknownChannelError) Error() string { return e.Detail() + "; " + e.Hint() }

// Detail says what is wrong.
func (e *UnknownChannelError) Detail() string {
	return fmt.Sprintf("%s: channel %q does not exist", e.Path, e.Channel)
}

// Hint says what to write instead.
func (e *UnknownChannelError) Hint() string {
	return "the channels are: " + strings.Join(e.Known, ", ")
}

// Read reads a campaign's file, YAML or JSON. The error joins *campaign.Mistake,
// or is an *UnknownChannelError.
func (d Door) Read(text []byte) (Campaign, error) {
	def, err := campaign.Parse(text)
	if err != nil {
		return Campaign{}, err
	}
	return d.Admit(def)
}

// Admit looks whether a campaign can be sent from the channels that it names, and
// gives its hours the dates of their calendar. Errors are those of Read.
func (d Door) Admit(def *campaign.Definition) (Campaign, error) {
	if err := def.Hours.Observe(d.Calendars); err != nil {
		return Campaign{}, err
	}
	numbers := def.ChannelNames()
	rates := make([]float64, len(numbers))
	for i, number := range numbers {
		rate, known := d.Rates[number]
		if !known {
			return Campaign{}, d.unknownChannel(def, i)
		}
		rates[i] = rate
	}
	for i, name := range def.Fallback {
		if _, known := d.Rates[name]; !known {
			return Campaign{}, d.unknownFallback(name, i)
		}
	}
	if err := d.supported(def); err != nil {
		return Campaign{}, err
	}
	return Campaign{Definition: def, weights: campaign.Weights(rates), door: d, numbersOnly: d.numbersOnly(def)}, nil
}

// numbersOnly is why a campaign cannot be sent to user IDs: one of its channels
// cannot, and the messages of any row may come to go out from that one.
func (d Door) numbersOnly(def *campaign.Definition) error {
	if d.UserIDs == nil {
		return nil
	}
	for _, channel := range def.AllChannels() {
		if err := d.UserIDs(channel); err != nil {
			return fmt.Errorf("channel %q cannot send to a user ID: %w", channel, err)
		}
	}
	return nil
}

func (d Door) unknownChannel(def *campaign.Definition, position int) error {
	e := &UnknownChannelError{Path: "channel", Channel: def.ChannelNames()[position], Known: slices.Sorted(maps.Keys(d.Rates))}
	if len(def.Channels) > 0 {
		e.Path = fmt.Sprintf("channels[%d]", position)
	}
	return e
}

func (d Door) unknownFallback(name string, at int) error {
	return &UnknownChannelError{Path: fmt.Sprintf("fallback[%d]", at), Channel: name, Known: slices.Sorted(maps.Keys(d.Rates))}
}

// supported looks at each step for each channel that it may go out from.
func (d Door) supported(def *campaign.Definition) error {
	if d.Supports == nil {
		return nil
	}
	var wrong []error
	for i, step := range def.Steps {
		for _, channel := range def.AllChannels() {
			if err := d.Supports(channel, step); err != nil {
				wrong = append(wrong, &campaign.Mistake{
					Path: fmt.Sprintf("steps[%d]", i), Message: fmt.Sprintf("channel %q cannot send it: %v", channel, err),
				})
			}
		}
	}
	return errors.Join(wrong...)
}
