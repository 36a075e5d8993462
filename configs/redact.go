package configs

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// redacted stands for a secret that is there, so that one can tell it from one
// that is missing.
const redacted = "[redacted]"

var (
	_ slog.LogValuer = Config{}
	_ slog.LogValuer = HTTP{}
	_ slog.LogValuer = Channel{}
	_ slog.LogValuer = Token{}
	_ slog.LogValuer = Schedule{}
	_ slog.LogValuer = Contacts{}
)

// LogValue shows the configuration without its secrets.
func (c Config) LogValue() slog.Value {
	channels := make([]slog.Attr, 0, len(c.Channels))
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		channels = append(channels, slog.Attr{Key: name, Value: c.Channels[name].LogValue()})
	}
	schedules := make([]slog.Attr, len(c.Schedules))
	for i, s := range c.Schedules {
		schedules[i] = slog.Attr{Key: s.Name, Value: s.LogValue()}
	}
	return slog.GroupValue(
		slog.String("ledger", hidePassword(c.Ledger)),
		slog.String("redis", hidePassword(c.Redis)),
		slog.Attr{Key: "http", Value: c.HTTP.LogValue()},
		slog.Attr{Key: "channels", Value: slog.GroupValue(channels...)},
		slog.Any("holidays", c.Holidays),
		slog.Attr{Key: "schedules", Value: slog.GroupValue(schedules...)},
		slog.Int("seal_keys", len(c.SealKeys)),
	)
}

// LogValue shows where the server listens, the tokens' names and whom it trusts.
func (h HTTP) LogValue() slog.Value {
	tokens := make([]slog.Attr, len(h.Tokens))
	for i, t := range h.Tokens {
		tokens[i] = slog.String(t.Name, string(t.Role))
	}
	return slog.GroupValue(slog.String("listen", h.Listen), slog.Attr{Key: "tokens", Value: slog.GroupValue(tokens...)},
		slog.Any("trusted_proxies", h.TrustedProxies), slog.String("public_url", hidePassword(h.PublicURL)))
}

// LogValue shows the token's name and role.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", t.Name), slog.String("role", string(t.Role)))
}

// LogValue shows the schedule, of its source what holds no secret.
func (s Schedule) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("campaign", s.Campaign),
		slog.Any("contacts", s.Contacts),
		slog.String("cron", s.Cron),
		slog.String("zone", s.Zone),
		slog.String("overlap", string(s.Overlap)),
		slog.String("catch_up", string(s.CatchUp)),
	)
}

// LogValue shows the source without its secrets.
func (c Contacts) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (s Schedule) String() string { return s.LogValue().String() }

func (c Contacts) String() string { return c.Source().String() }

func (c Config) String() string { return c.LogValue().String() }

func (h HTTP) String() string { return h.LogValue().String() }

func (t Token) String() string { return t.LogValue().String() }

// hidePassword hides the user and password of an address, and its parameters
// where there is a password among them.
func hidePassword(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	user, at := "", strings.LastIndexByte(rest, '@') // the last, for a password may have others, and question marks
	if at >= 0 {
		user, rest = redacted, rest[at:]
	}
	place, parameters, _ := strings.Cut(rest, "?")
	if strings.Contains(strings.ToLower(parameters), "password") {
		rest = place + "?" + redacted
	}
	return scheme + "://" + user + rest
}
