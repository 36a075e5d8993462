// Package configs reads the file that says how a Carillon runs: where its
// ledger and its Redis are, who may call it, which numbers it sends from, and
// what it sends by itself.
//
// Load is strict. A key it does not know, a variable that is not set and a
// value that cannot work are mistakes, and all of them are reported at once,
// each with its line, its key and what to write instead. Secrets stay out of
// every error, and out of a Config that is printed or logged.
//
// It opens nothing: whether Redis answers or a token is any good shows when
// the program starts.
package configs

import (
	"errors"
	"strings"
	"time"
)

// Config is what carillon.yaml says, with the defaults filled in.
type Config struct {
	// Ledger names the SQL record: "sqlite:FILE", relative to the working
	// directory, or "postgres://user@host/database".
	Ledger string `yaml:"ledger"`
	// Redis is "embedded", or an address: redis://, rediss://, redis-socket://,
	// redis-sentinel:// or redis-cluster://. It may hold a password.
	Redis string `yaml:"redis"`
	// HTTP is the program's own server.
	HTTP HTTP `yaml:"http"`
	// Channels are the sending numbers by name; Load returns at least one.
	Channels map[string]Channel `yaml:"channels"`
	// OptOut says how people tell us to leave them alone, OptIn how they take
	// that back.
	OptOut OptOut `yaml:"opt_out"`
	OptIn  OptIn  `yaml:"opt_in"`
	// Holidays are files of dates on which campaigns that name them do not send,
	// by the calendar's name. Load makes the paths relative to the configuration's
	// file and reads the dates once, to see that it can; Calendars returns them.
	Holidays map[string]string `yaml:"holidays"`
	// Schedules start campaigns by themselves.
	Schedules []Schedule `yaml:"schedules"`
	// SealKeys seal the secrets of schedules that come by the API, as
	// seal.ParseKeys reads them. The first one seals, all of them open.
	SealKeys []string `yaml:"seal_keys" json:"-"`

	// Dir is the absolute path of the file's folder, which the schedules' paths
	// are relative to. Load sets it.
	Dir string `yaml:"-" json:"-"`
	// Exposed are the keys whose secrets stand in the file as they are, where its
	// mode lets every user of the machine read it. Load sets them.
	Exposed []string `yaml:"-" json:"-"`
}

// HTTP says where the API, the webhooks and the pages are served, and to whom.
type HTTP struct {
	// Listen is a host and a port; port 0 takes a free one. No host means all
	// of the machine's addresses.
	Listen string `yaml:"listen"`
	// Tokens are the callers. Without any, everybody who reaches the server
	// may do everything; Load allows that on a loopback address alone.
	Tokens []Token `yaml:"tokens"`
	// TrustedProxies are the addresses and networks whose word counts about where
	// a request came from (X-Forwarded-For) and whether by TLS
	// (X-Forwarded-Proto); Proxies reads them.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// PublicURL is where the server is reached from outside, without a path of its own
	// but that of the proxy before it; empty if it is not told. Webhooks relies on it.
	PublicURL string `yaml:"public_url"`
}

// Webhooks is the address below which the channels' webhooks are reached from
// outside, such as https://example.com/webhooks/; empty where it is not told.
func (h HTTP) Webhooks() string {
	if h.PublicURL == "" {
		return ""
	}
	return strings.TrimRight(h.PublicURL, "/") + "/webhooks/"
}

// Token is a caller of the API.
type Token struct {
	// Name stands in the records of what the caller did.
	Name string `yaml:"name"`
	// Token is the bearer token: a secret of MinTokenLength bytes or more.
	Token string `yaml:"token" json:"-"`
	// Role is what the caller may do.
	Role Role `yaml:"role"`
}

// MinTokenLength is the least length of a token in bytes. 16 random
// hexadecimal digits are 64 bits, beyond guessing over a network.
const MinTokenLength = 16

// Role is what a caller may do.
type Role string

// The roles; each may do what those before it may.
const (
	// Viewer reads.
	Viewer Role = "viewer"
	// Operator also creates, starts, pauses, resumes, cancels and retries
	// campaigns.
	Operator Role = "operator"
	// Admin also changes opt-outs, erases people, decides about unknown messages
	// and manages schedules.
	Admin Role = "admin"
)

// Guard holds the thresholds of a campaign; 0 turns one off.
type Guard struct {
	// SameRefusal is how many messages may be refused consecutively with one code for
	// what they hold.
	SameRefusal int `yaml:"same_refusal"`
	// RefusedShare is the share of the last 200 messages, 0 to 1, that may be
	// refused for what they hold.
	RefusedShare float64 `yaml:"refused_share"`
	// UnreachableShare is the share of the last 500 messages, 0 to 1, that may
	// reach nobody.
	UnreachableShare float64 `yaml:"unreachable_share"`
}

// Pair is a limit of messages from one number to one recipient.
type Pair struct {
	// Every is the time after which another message is allowed.
	Every Duration `yaml:"every"`
	// Burst is how many may be sent at once; 0 means no limit.
	Burst int `yaml:"burst"`
}

// OnUnknown is what becomes of a message of unknown fate.
type OnUnknown string

const (
	// Hold leaves it as it is, for a person to decide.
	Hold OnUnknown = "hold"
	// Resend sends it again, once it is sure that receipts arrive and none came
	// for it. A message may arrive twice then.
	Resend OnUnknown = "resend"
)

// Defaults of the keys that a file leaves out.
const (
	DefaultLedger = "sqlite:carillon.db"
	DefaultRedis  = EmbeddedRedis
	DefaultListen = "127.0.0.1:8080"
	// One message in six seconds to one recipient, and 45 at once. Source: Meta,
	// platform overview, pair rate limits.
	DefaultPairEvery    = 6 * time.Second
	DefaultPairBurst    = 45
	DefaultTimeout      = 30 * time.Second
	DefaultUnknownAfter = 10 * time.Minute
	// The thresholds of a campaign are ours: a template that does not fit shows in
	// its first messages, and a list that reaches few harms the number.
	DefaultSameRefusal      = 5
	DefaultRefusedShare     = 0.2
	DefaultUnreachableShare = 0.3
)

// EmbeddedRedis is a Redis inside the process; it lives as long as that.
const EmbeddedRedis = "embedded"

// Default is the configuration of a program that was given no file. It has no
// channel, so nothing can be sent with it.
func Default() *Config {
	return &Config{
		Ledger:   DefaultLedger,
		Redis:    DefaultRedis,
		HTTP:     HTTP{Listen: DefaultListen, TrustedProxies: defaultProxies()},
		Channels: map[string]Channel{},
		OptOut:   defaultOptOut(),
		OptIn:    defaultOptIn(),
		Holidays: map[string]string{},
	}
}

// Duration is a time.Duration that the file writes as "30s" or "10m".
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalText reads what time.ParseDuration reads. The error does not repeat
// the text, which may have come from the environment.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("is not a duration; write it like 30s, 10m or 24h")
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes the duration as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
