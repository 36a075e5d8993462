package configs

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// unserved is a key of the format that this version does nothing with.
type unserved struct {
	// neutral is the value that asks for nothing.
	neutral any
	// refusal says so, and what to do instead.
	refusal string
}

// notServed finds the key among those that a mapping will have one day.
func notServed(in any, key string) (unserved, bool) {
	switch in.(type) {
	case Config:
		if key == "schedules" {
			return unserved{[]any{}, "schedules are not supported in this version; remove them and call carillon launch from cron"}, true
		}
	case Channel:
		switch key {
		case "pair":
			return unserved{
				map[string]any{"every": "6s", "burst": 45},
				"a pair limit of your own is not supported in this version; remove it: the provider's own is waited out where it refuses a message",
			}, true
		case "portfolio":
			return unserved{"", "portfolios are not supported in this version; remove it and keep the lists of a day within the limit"}, true
		case "daily_recipients":
			return unserved{0, "a daily limit is not supported in this version; remove it and keep the lists of a day within the limit"}, true
		}
	}
	return unserved{}, false
}

// harmless reports whether the value asks for nothing.
func (u unserved) harmless(value *yaml.Node) bool {
	var given any
	if err := value.Decode(&given); err != nil {
		return false
	}
	return given == nil || reflect.DeepEqual(given, u.neutral)
}
