package cli

import (
	"carillon/campaign"
	"carillon/configs"
)

// CheckChannel says what a channel of the campaign cannot know.
type CheckChannel struct {
	Channel string `json:"channel"`
	Detail  string `json:"detail"`
}

// unknowing are the channels of a campaign on which the fate of a message may stay
// unknown, because of how their provider tells it. Without a configuration nothing
// is known of channels.
func unknowing(config *configs.Config, def *campaign.Definition) []CheckChannel {
	if config == nil {
		return nil
	}
	var found []CheckChannel
	for _, name := range def.AllChannels() {
		channel := config.Channels[name]
		if traits := channel.Spec.Traits; !traits.Echoes {
			found = append(found, CheckChannel{name, unknowingText(traits.Polled, channel.OnUnknown == configs.Resend)})
		}
	}
	return found
}

func unknowingText(polled, resend bool) string {
	text := "Its receipts do not carry our reference: if the answer to a request is lost, the message is unknown until a receipt can be for nothing else."
	if polled {
		text = "It has to be asked what became of a message: if the answer to a request is lost, there is no identifier to ask about, and the message stays unknown."
	}
	if resend {
		return text + " on_unknown then sends it again, and it may arrive twice."
	}
	return text + " on_unknown then leaves it for you to decide."
}
