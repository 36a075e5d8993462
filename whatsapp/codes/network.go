package codes

import (
	"time"
)

// Network lists the meanings of requests that got no answer or were not made. They
// are the same for all providers: Unreachable, Cancelled, TimedOut, ConnectionLost,
// NoSuchContent and NumbersOnly.
func Network() []Meaning {
	return []Meaning{Unreachable(), Cancelled(), TimedOut(), ConnectionLost(), NoSuchContent(), NumbersOnly()}
}

// NoSuchContent means: the message has a content that cannot be sent this way, so
// that no request was made.
func NoSuchContent() Meaning {
	return Bad("no_such_content", "Nothing was sent: this provider cannot send such a message. Use a template, or a channel of another provider.")
}

// NumbersOnly means: the recipient is a user ID, and this provider takes numbers
// alone, so that no request was made.
func NumbersOnly() Meaning {
	return Bad("numbers_only", "Nothing was sent: this provider takes phone numbers alone. Put the person's number into the list, or use a channel of another provider.").TryElsewhere()
}

// Unreachable means: no connection came about, so nothing was written.
func Unreachable() Meaning {
	m := Soon("unreachable", "Nothing was sent. If it lasts, check base_url, DNS, the proxy and the certificates.").After(time.Second)
	m.Unwritten = true
	return m
}

// Cancelled means: the program stopped before anything was written.
func Cancelled() Meaning {
	m := Soon("cancelled", "Nothing was sent, because the program was stopping. It is tried again.")
	m.Unwritten = true
	return m
}

// TimedOut means: no whole answer came in time.
func TimedOut() Meaning {
	return Ambiguous("timeout", "It may have been sent: a receipt will tell. If it is frequent, raise the channel's timeout.")
}

// ConnectionLost means: the connection broke after something was written.
func ConnectionLost() Meaning {
	return Ambiguous("connection_lost", "It may have been sent: a receipt will tell. If it is frequent, check the network to the provider.")
}
