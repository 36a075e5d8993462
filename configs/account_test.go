package configs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccount(t *testing.T) {
	config := &Config{Channels: map[string]Channel{
		"one": {Provider: Cloud, WABAID: "7"}, "two": {Provider: Cloud, WABAID: "7"},
		"elsewhere": {Provider: "other", WABAID: "7"}, "another": {Provider: Cloud, WABAID: "8"},
		"alone": {Provider: Cloud}, "lonely": {Provider: Cloud},
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
	config := &Config{Channels: map[string]Channel{
		"one": {Provider: Cloud, WABAID: "7", AppSecret: "a"}, "two": {Provider: Cloud, WABAID: "7", AppSecret: "b"},
		"three": {Provider: Cloud, WABAID: "8", AppSecret: "a"}, "four": {Provider: Cloud, AppSecret: "c"},
	}}
	for channel, want := range map[string][]string{
		"one": {"three", "two"}, "two": {"one"}, "three": {"one"}, "four": nil,
	} {
		if diff := cmp.Diff(want, config.Siblings(channel)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", channel, diff)
		}
	}
}
