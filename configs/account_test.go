package configs

import (
	"testing"

	"carillon/whatsapp/cloud"

	"github.com/google/go-cmp/cmp"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	config := &Config{Channels: map[string]Channel{
		"one": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "7"}}, "two": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "7"}},
		"elsewhere": {Provider: "other", Settings: &cloud.Settings{WABAID: "7"}}, "another": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "8"}},
		"alone": {Provider: cloud.Name, Settings: &cloud.Settings{}}, "lonely": {Provider: cloud.Name, Settings: &cloud.Settings{}},
	}}
	for channel, want := range map[string][]string{
		"one": {"one", "two"}, "two": {"one", "two"}, "elsewhere": {"elsewhere"},
		"another": {"another"}, "alone": {"alone"}, "lonely": {"lonely"},
	} {
		if diff := cmp.Diff(want, config.Account(channel)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", channel, diff)
		}
	}
}

func TestSiblings(t *testing.T) {
	t.Parallel()
	config := &Config{Channels: map[string]Channel{
		"one": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "7", AppSecret: "a"}}, "two": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "7", AppSecret: "b"}},
		"three": {Provider: cloud.Name, Settings: &cloud.Settings{WABAID: "8", AppSecret: "a"}}, "four": {Provider: cloud.Name, Settings: &cloud.Settings{AppSecret: "c"}},
	}}
	for channel, want := range map[string][]string{
		"one": {"three", "two"}, "two": {"one"}, "three": {"one"}, "four": nil,
	} {
		if diff := cmp.Diff(want, config.Siblings(channel)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", channel, diff)
		}
	}
}
