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
	if _, top := in.(Config); top && key == "schedules" {
		return unserved{[]any{}, "schedules are not supported in this version; remove them and call carillon launch from cron"}, true
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
