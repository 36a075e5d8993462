package campaign

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that files write as "90s", "10m", "72h" or "3d".
type Duration time.Duration

// maxDays keeps a duration well within what 64 bits of nanoseconds hold.
const maxDays = 100 * 365

// ParseDuration reads a duration; d stands for 24 hours.
func ParseDuration(text string) (Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err == nil && n >= 0 && n <= maxDays {
			return Duration(n * float64(24*time.Hour)), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration; write it like 30s, 10m, 72h or 3d", text)
	}
	return Duration(d), nil
}

func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalText reads a duration out of a YAML or JSON text.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}

// MarshalJSON writes the duration as its text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }
