package cli

import "carillon/configs"

// unsure says what may stay unknown of a message on a channel, because of how its
// provider tells it.
func unsure(channel configs.Channel) string {
	traits := channel.Spec.Traits
	if traits.Echoes {
		return ""
	}
	return unknowingText(traits.Polled, channel.OnUnknown == configs.Resend)
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
