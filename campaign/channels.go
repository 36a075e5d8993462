package campaign

import (
	"fmt"
	"slices"
)

// MaxChannels is how many numbers one campaign may be sent from. The limit is
// ours: more of them than that are an account to talk to the provider about.
const MaxChannels = 8

// unlimitedWeight stands for the rate of a number without a limit, in messages a
// second, where no other number has one: the most that Meta gives (throughput
// page).
const unlimitedWeight = 1000

// ChannelNames are the names of the channels that share the campaign's list, in
// order.
func (d *Definition) ChannelNames() []string {
	if len(d.Channels) > 0 {
		return d.Channels
	}
	return []string{d.Channel}
}

// AllChannels are ChannelNames, and behind them the fallback channels. A message
// knows its channel by the position in this list.
func (d *Definition) AllChannels() []string {
	if len(d.Fallback) == 0 {
		return d.ChannelNames()
	}
	return slices.Concat(d.ChannelNames(), d.Fallback)
}

// Position is where a channel stands in AllChannels, -1 where it does not.
func (d *Definition) Position(channel string) int { return slices.Index(d.AllChannels(), channel) }

// Weights are the shares of a list for numbers with some rates, in messages a
// second. A number without a limit, whose rate is 0, counts like the fastest of
// the others.
func Weights(rates []float64) []float64 {
	fastest := slices.Max(append([]float64{0}, rates...))
	if fastest == 0 {
		fastest = unlimitedWeight
	}
	weights := slices.Clone(rates)
	for i, rate := range weights {
		if rate == 0 {
			weights[i] = fastest
		}
	}
	return weights
}

// channels wants one number, or several that differ.
func (v *validator) channels(d *Definition) {
	if d.Channels == nil {
		v.required("channel", d.Channel, "the name of a channel of the configuration")
	} else {
		v.channelList(d)
	}
	if d.Handover && len(d.Channels) < 2 {
		v.wrong("handover", "needs several channels; list them under channels, or remove handover")
	}
	v.fallback(d)
}

// fallback wants channels that differ from each other and from the campaign's own.
func (v *validator) fallback(d *Definition) {
	if n := len(d.Fallback); n > MaxChannels {
		v.wrong("fallback", "has %d channels, %d are allowed", n, MaxChannels)
		return
	}
	for i, name := range d.Fallback {
		path := fmt.Sprintf("fallback[%d]", i)
		switch {
		case !v.required(path, name, "the name of a channel of the configuration"):
		case slices.Contains(d.ChannelNames(), name):
			v.wrong(path, "%q sends the campaign already; name another channel", name)
		case slices.Contains(d.Fallback[:i], name):
			v.wrong(path, "%q is given twice; remove one", name)
		}
	}
}

func (v *validator) channelList(d *Definition) {
	if d.Channel != "" {
		v.wrong("channels", "cannot stand beside channel; write one of the two")
	}
	switch n := len(d.Channels); {
	case n == 0:
		v.wrong("channels", "is empty; write the names of channels of the configuration")
	case n > MaxChannels:
		v.wrong("channels", "has %d channels, %d are allowed; split the list into several campaigns", n, MaxChannels)
	}
	for i, name := range d.Channels[:min(len(d.Channels), MaxChannels)] {
		path := fmt.Sprintf("channels[%d]", i)
		if v.required(path, name, "the name of a channel of the configuration") && slices.Contains(d.Channels[:i], name) {
			v.wrong(path, "%q is given twice; remove one", name)
		}
	}
}
