package whatsapp

import (
	"fmt"
	"log/slog"
)

// Secret is a text that must not be shown. Only a conversion to string reveals
// it.
type Secret string

// redacted stands for a secret that is there, so that one can tell it from one
// that is missing.
const redacted = "[redacted]"

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format writes String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
