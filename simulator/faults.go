package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
)

// Faults are shares between 0 and 1 of the messages that go wrong, each drawn
// on its own. Invalid and Undeliverable are a property of the recipient, so
// that a retry fails alike; the others are drawn anew for each try.
//
// Reply and what follows it are no faults but what people do, and a property of
// the recipient as well: each message that arrives is answered alike.
//
// Of the faults that refuse (the first four) a message meets at most one, of
// those that spoil the answer (LostAnswer to Held) at most one, and of those
// that fail it later at most one; of what people do (Reply to PreferenceStop) one
// does at most one. The one named first wins.
type Faults struct {
	// Invalid: 400 with code 131009 or 100.
	Invalid float64 `json:"invalid" yaml:"invalid"`
	// Throttle: 429, at times 400, with code 130429; not accepted.
	Throttle float64 `json:"throttle" yaml:"throttle"`
	// Timeout408: 408 with a plain text; not accepted.
	Timeout408 float64 `json:"timeout408" yaml:"timeout408"`
	// Unavailable: 503 with code 131016; not accepted.
	Unavailable float64 `json:"unavailable" yaml:"unavailable"`

	// LostAnswer: accepted, then the connection is closed without an answer.
	LostAnswer float64 `json:"lost_answer" yaml:"lost_answer"`
	// BadGateway: 502 with a page of HTML; one half of them is accepted.
	BadGateway float64 `json:"bad_gateway" yaml:"bad_gateway"`
	// Hang: accepted, and answered after HangFor.
	Hang float64 `json:"hang" yaml:"hang"`
	// Held: accepted as held_for_quality_assessment, its receipts begin after
	// ReceiptOptions.HeldFor.
	Held float64 `json:"held" yaml:"held"`

	// Undeliverable: accepted, later failed with code 131026.
	Undeliverable float64 `json:"undeliverable" yaml:"undeliverable"`
	// FailLater408: accepted and sent, later failed with code 408.
	FailLater408 float64 `json:"fail_later408" yaml:"fail_later408"`
	// MarketingCap: accepted, later failed with code 131049.
	MarketingCap float64 `json:"marketing_cap" yaml:"marketing_cap"`

	// Reply: answers with a text; about one half of them quote the message.
	Reply float64 `json:"reply" yaml:"reply"`
	// Press: presses the first quick-reply button whose payload the request
	// names; does nothing where it names none.
	Press float64 `json:"press" yaml:"press"`
	// Stop: writes STOP.
	Stop float64 `json:"stop" yaml:"stop"`
	// StopTwin: writes STOP, and the webhook tells the number's twin.
	StopTwin float64 `json:"stop_twin" yaml:"stop_twin"`
	// StopStart: writes STOP, and START two seconds later at least.
	StopStart float64 `json:"stop_start" yaml:"stop_start"`
	// PreferenceStop: stops marketing in the app's menu.
	PreferenceStop float64 `json:"preference_stop" yaml:"preference_stop"`
	// TwinWaID: has the number's twin as wa_id, and answers from it. Numbers
	// that have none are as others are.
	TwinWaID float64 `json:"twin_wa_id" yaml:"twin_wa_id"`
	// HiddenNumber: goes by a user name, so that webhooks tell the user ID alone.
	HiddenNumber float64 `json:"hidden_number" yaml:"hidden_number"`

	// HangFor is how long a hanging answer takes; 0 means one minute, twice
	// what a patient client waits.
	HangFor time.Duration `json:"hang_for" yaml:"hang_for"`

	// SlowTemplate names a template of which every message is refused with code
	// 132069, whatever the shares are; empty for none. SlowFor is what the answer
	// asks to wait, in whole seconds; 0 asks for nothing.
	SlowTemplate string        `json:"slow_template" yaml:"slow_template"`
	SlowFor      time.Duration `json:"slow_for" yaml:"slow_for"`

	// UploadFor is how long it takes to store a file.
	UploadFor time.Duration `json:"upload_for" yaml:"upload_for"`
}

// defaultHang is how long a hanging answer takes unless told otherwise.
const defaultHang = time.Minute

// hangFor is HangFor or its default.
func (f Faults) hangFor() time.Duration {
	if f.HangFor > 0 {
		return f.HangFor
	}
	return defaultHang
}

// fault names what goes wrong with a message, or what its recipient does.
type fault uint8

const (
	noFault fault = iota
	invalid
	throttled
	timeout408
	unavailable
	lostAnswer
	badGateway
	hang
	held
	undeliverable
	failLater408
	marketingCap
	// silent: accepted without a receipt ever; only suffixes give it.
	silent
	replies
	presses
	stops
	stopsAsTwin
	stopsAndStarts
	stopsMarketing
	twinWaID
	hiddenNumber
	// outsideWindow: failed for want of a window; the rule of free-form messages
	// gives it.
	outsideWindow
)

func (f fault) String() string {
	names := [...]string{"", "invalid", "throttle", "timeout408", "unavailable", "lost_answer", "bad_gateway",
		"hang", "held", "undeliverable", "fail_later408", "marketing_cap", "silent",
		"reply", "press", "stop", "stop_twin", "stop_start", "preference_stop", "twin_wa_id", "hidden_number", "outside_window"}
	return names[f]
}

// share is one of the shares of Faults.
type share struct {
	fault fault
	value *float64
}

// shares lists all shares in the order in which they win.
func (f *Faults) shares() [19]share {
	return [...]share{
		{invalid, &f.Invalid}, {throttled, &f.Throttle}, {timeout408, &f.Timeout408}, {unavailable, &f.Unavailable},
		{lostAnswer, &f.LostAnswer}, {badGateway, &f.BadGateway}, {hang, &f.Hang}, {held, &f.Held},
		{undeliverable, &f.Undeliverable}, {failLater408, &f.FailLater408}, {marketingCap, &f.MarketingCap},
		{replies, &f.Reply}, {presses, &f.Press}, {stops, &f.Stop}, {stopsAsTwin, &f.StopTwin},
		{stopsAndStarts, &f.StopStart}, {stopsMarketing, &f.PreferenceStop}, {twinWaID, &f.TwinWaID}, {hiddenNumber, &f.HiddenNumber},
	}
}

// Share tells people what one of the shares of Faults does.
type Share struct{ Name, Does string }

// Shares lists all shares by the names that ParseFaults reads.
func Shares() []Share {
	return []Share{
		{invalid.String(), "refused with 131009 or 100, always for the same people"},
		{throttled.String(), "refused with 130429"},
		{timeout408.String(), "refused with 408"},
		{unavailable.String(), "refused with 503 (131016)"},
		{lostAnswer.String(), "accepted, and the answer is lost"},
		{badGateway.String(), "answered with a bad gateway's page; one half is accepted"},
		{hang.String(), "accepted, and answered after hang_for (1m)"},
		{held.String(), "held for quality assessment, then sent"},
		{undeliverable.String(), "accepted, then failed with 131026, always for the same people"},
		{failLater408.String(), "accepted and sent, then failed with 408"},
		{marketingCap.String(), "accepted, then failed with 131049"},
		{replies.String(), "people who answer with a text"},
		{presses.String(), "people who press the first quick-reply button"},
		{stops.String(), "people who write STOP"},
		{stopsAsTwin.String(), "people who write STOP from their number's twin (Brazil, Mexico, Argentina)"},
		{stopsAndStarts.String(), "people who write STOP, and START a little later"},
		{stopsMarketing.String(), "people who stop marketing in the app's menu"},
		{twinWaID.String(), "people whose number's twin is their wa_id"},
		{hiddenNumber.String(), "people whose number the webhooks hide"},
	}
}

// ParseFaults reads shares as a command line has them:
// "throttle=0.02,hang=0.01,hang_for=45s". The names are those of the JSON.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	for _, setting := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, value, found := strings.Cut(setting, "=")
		if !found {
			return Faults{}, fmt.Errorf("fault %q has no share; write it like throttle=0.02", setting)
		}
		if err := f.set(name, value); err != nil {
			return Faults{}, err
		}
	}
	return f, f.check()
}

// set reads the value of one setting.
func (f *Faults) set(name, value string) error {
	switch name {
	case "slow_template":
		f.SlowTemplate = value
		return nil
	case "hang_for":
		return setDuration(&f.HangFor, name, value)
	case "upload_for":
		return setDuration(&f.UploadFor, name, value)
	case "slow_for":
		return setDuration(&f.SlowFor, name, value)
	}
	known := make([]string, 0, len(f.shares()))
	for _, s := range f.shares() {
		if s.fault.String() != name {
			known = append(known, s.fault.String())
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("fault %s: %q is not a number between 0 and 1", name, value)
		}
		*s.value = number
		return nil
	}
	return fmt.Errorf("unknown fault %q; the faults are %s, hang_for, slow_template, slow_for and upload_for", name, strings.Join(known, ", "))
}

func setDuration(into *time.Duration, name, value string) error {
	d, err := campaign.ParseDuration(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*into = time.Duration(d)
	return nil
}

// check reports a share that is none.
func (f Faults) check() error {
	for _, s := range f.shares() {
		if math.IsNaN(*s.value) || *s.value < 0 || *s.value > 1 {
			return fmt.Errorf("fault %s: %v is not between 0 and 1", s.fault, *s.value)
		}
	}
	return nil
}

// bareFaults is Faults without its methods.
type bareFaults Faults

// faultsJSON writes the durations as texts.
type faultsJSON struct {
	bareFaults
	HangFor campaign.Duration `json:"hang_for"`
	SlowFor campaign.Duration `json:"slow_for"`

	UploadFor campaign.Duration `json:"upload_for"`
}

// MarshalJSON writes the shares by name, and durations as texts such as "45s".
func (f Faults) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultsJSON{bareFaults(f), campaign.Duration(f.HangFor), campaign.Duration(f.SlowFor), campaign.Duration(f.UploadFor)})
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown names and shares that
// are not between 0 and 1 are errors.
func (f *Faults) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var read faultsJSON
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	*f = Faults(read.bareFaults)
	f.HangFor, f.SlowFor, f.UploadFor = time.Duration(read.HangFor), time.Duration(read.SlowFor), time.Duration(read.UploadFor)
	return f.check()
}
