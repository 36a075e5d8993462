package campaign

import (
	"encoding/json"
	"fmt"
)

// Status is where a message stands. The numbers are stored in the ledger and
// never change their meaning.
type Status int8

const (
	// Waiting: the gate to this step is shut.
	Waiting Status = iota + 1
	// Pending: it may go out.
	Pending
	// Posting: a worker has claimed it and may have written it to the provider.
	Posting
	// Unknown: it may or may not have been accepted.
	Unknown
	// Accepted: the provider took it.
	Accepted
	// Held: the provider took it and paces it.
	Held
	// Sent: the provider handed it to WhatsApp's network.
	Sent
	// Delivered: it reached the recipient's device.
	Delivered
	// Read: the recipient opened it.
	Read
	// Failed: refused, or reported failed by a receipt.
	Failed
	// Undelivered: no receipt came within the message's time to live.
	Undelivered
	// Skipped: it was not to be sent (opted out, cancelled, gate said stop).
	Skipped
	// Expired: the campaign's time ran out before it was sent.
	Expired
	// Rejected: the row never qualified; no message exists for it.
	Rejected

	statusEnd
)

// Statuses lists every status in the order in which people think of them.
func Statuses() []Status {
	all := make([]Status, 0, statusEnd-1)
	for s := Waiting; s < statusEnd; s++ {
		all = append(all, s)
	}
	return all
}

func (s Status) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Pending:
		return "pending"
	case Posting:
		return "posting"
	case Unknown:
		return "unknown"
	case Accepted:
		return "accepted"
	case Held:
		return "held"
	case Sent:
		return "sent"
	case Delivered:
		return "delivered"
	case Read:
		return "read"
	case Failed:
		return "failed"
	case Undelivered:
		return "undelivered"
	case Skipped:
		return "skipped"
	case Expired:
		return "expired"
	case Rejected:
		return "rejected"
	}
	return fmt.Sprintf("status %d", int8(s))
}

// ParseStatus reads a status' name.
func ParseStatus(name string) (Status, error) {
	for _, s := range Statuses() {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%q is not a status of a message", name)
}

// MarshalText writes the status' name, so that it can key a JSON object.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the status' name.
func (s *Status) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStatus(string(text))
	return err
}

var (
	_ json.Marshaler   = Counts(nil)
	_ json.Unmarshaler = (*Counts)(nil)
)

// Counts holds how many messages stand where. Statuses without any are left
// out.
type Counts map[Status]int64

// MarshalJSON writes an object from status to number, an empty one for nil.
func (c Counts) MarshalJSON() ([]byte, error) {
	named := make(map[string]int64, len(c))
	for s, n := range c {
		if n != 0 {
			named[s.String()] = n
		}
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads what MarshalJSON writes. Statuses that this version does not
// know are left out.
func (c *Counts) UnmarshalJSON(text []byte) error {
	var named map[string]int64
	if err := json.Unmarshal(text, &named); err != nil {
		return err
	}
	*c = make(Counts, len(named))
	for name, n := range named {
		if status, err := ParseStatus(name); err == nil {
			(*c)[status] = n
		}
	}
	return nil
}

// Total is the sum over all statuses.
func (c Counts) Total() int64 {
	var sum int64
	for _, n := range c {
		sum += n
	}
	return sum
}

// CanBecome reports whether a message may move from s to next. Staying is no
// move.
func (s Status) CanBecome(next Status) bool {
	for _, allowed := range s.Moves() {
		if allowed == next {
			return true
		}
	}
	return false
}

// Moves is the table of allowed moves: every change of a status, by whichever
// part of the program, is a row of it.
func (s Status) Moves() []Status {
	switch s {
	case Waiting:
		return []Status{Pending, Skipped, Expired}
	case Pending: // a receipt of an earlier attempt cancels a retry
		return []Status{Posting, Sent, Delivered, Read, Failed, Skipped, Expired}
	case Posting: // back to pending: released, or surely not accepted
		return []Status{Pending, Unknown, Accepted, Held, Sent, Delivered, Read, Failed}
	case Unknown: // back to pending: resend by choice, or a failure worth retrying
		return []Status{Pending, Accepted, Held, Sent, Delivered, Read, Failed}
	case Accepted:
		return []Status{Pending, Sent, Delivered, Read, Failed, Undelivered}
	case Held:
		return []Status{Pending, Accepted, Sent, Delivered, Read, Failed}
	case Sent:
		return []Status{Pending, Delivered, Read, Failed, Undelivered}
	case Delivered:
		return []Status{Read}
	case Failed: // the provider may deliver it after all; an operator may retry it
		return []Status{Pending, Delivered, Read}
	case Undelivered:
		return []Status{Delivered, Read}
	case Skipped, Expired: // an attempt made before may turn out to have arrived
		return []Status{Waiting, Pending, Sent, Delivered, Read}
	}
	return nil
}

// Open reports whether a message in s can still cause a request to the
// provider by itself. An unknown one can until it is decided.
func (s Status) Open() bool {
	switch s {
	case Waiting, Pending, Posting, Unknown, Held:
		return true
	}
	return false
}

// Arrived reports whether the message is known to have reached the device.
func (s Status) Arrived() bool { return s == Delivered || s == Read }

// Over reports whether the message will not arrive any more, as far as one can
// know.
func (s Status) Over() bool {
	switch s {
	case Failed, Undelivered, Skipped, Expired, Rejected:
		return true
	}
	return false
}
