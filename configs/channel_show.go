package configs

import (
	"log/slog"
	"reflect"
	"time"

	"carillon/whatsapp"
)

var _ slog.LogValuer = Channel{}

// LogValue shows the channel without its secrets.
func (c Channel) LogValue() slog.Value {
	shown := []slog.Attr{slog.String("provider", c.Provider)}
	for key, value := range settingsOf(c.Settings) {
		if text, ok := value.Interface().(string); ok {
			shown = append(shown, slog.String(key, hidePassword(text)))
			continue
		}
		shown = append(shown, slog.Any(key, value.Interface()))
	}
	return slog.GroupValue(append(shown,
		slog.Float64("rate", c.Rate),
		slog.Bool("rate_auto", c.RateAuto),
		slog.Duration("timeout", time.Duration(c.Timeout)),
		slog.Duration("unknown_after", time.Duration(c.UnknownAfter)),
		slog.String("on_unknown", string(c.OnUnknown)),
		slog.Group("guard",
			slog.Int("same_refusal", c.Guard.SameRefusal),
			slog.Float64("refused_share", c.Guard.RefusedShare),
			slog.Float64("unreachable_share", c.Guard.UnreachableShare)),
	)...)
}

func (c Channel) String() string { return c.LogValue().String() }

// secretKeys are the keys of the channel whose values are secrets.
func (c Channel) secretKeys() []string {
	var keys []string
	for key, value := range settingsOf(c.Settings) {
		if _, secret := value.Interface().(whatsapp.Secret); secret {
			keys = append(keys, key)
		}
	}
	return keys
}

// Secrets are the secrets in the channel's settings, for whoever has to keep them out
// of a text.
func (c Channel) Secrets() []whatsapp.Secret {
	var all []whatsapp.Secret
	for _, value := range settingsOf(c.Settings) {
		if secret, ok := value.Interface().(whatsapp.Secret); ok && secret != "" {
			all = append(all, secret)
		}
	}
	return all
}

// settingsOf goes through the keys of settings in their order, with the values.
func settingsOf(settings whatsapp.Settings) func(yield func(key string, value reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		if settings == nil {
			return
		}
		fields := reflect.ValueOf(settings).Elem()
		for i := range fields.NumField() {
			if !yield(fields.Type().Field(i).Tag.Get("yaml"), fields.Field(i)) {
				return
			}
		}
	}
}
