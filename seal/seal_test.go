package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"carillon/seal"
)

var (
	oldKey = strings.Repeat("0a", seal.KeyBytes)
	newKey = strings.Repeat("Fb", seal.KeyBytes)
)

func keys(t *testing.T, texts ...string) seal.Keys {
	t.Helper()
	k, err := seal.ParseKeys(texts)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedTextsOpen(t *testing.T) {
	t.Parallel()
	k := keys(t, oldKey)
	for _, secret := range []string{"", "Bearer hidden", strings.Repeat("long", 1<<16)} {
		one, err := k.Seal([]byte(secret), "daily")
		if err != nil {
			t.Fatal(err)
		}
		another, err := k.Seal([]byte(secret), "daily")
		if err != nil || one == another {
			t.Errorf("the same secret looks the same twice, %v", err)
		}
		if secret != "" && strings.Contains(one, secret) {
			t.Errorf("%q is shown in %q", secret, one)
		}
		if got, err := k.Open(one, "daily"); err != nil || string(got) != secret {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// What an earlier version has sealed opens.
func TestTheFormStays(t *testing.T) {
	t.Parallel()
	const sealed = "seal1.aa0d7a52.bvywO5xSJLownGwemhLFdIiHh4ZAi8qaWcCC4K52Kdh6Hw"
	if got, err := keys(t, oldKey).Open(sealed, "daily"); err != nil || string(got) != "hidden" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	sealed, err := keys(t, oldKey).Seal([]byte("hidden"), "daily")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		keys          seal.Keys
		sealed, owner string
		want          error
	}{
		"no key":       {seal.Keys{}, sealed, "daily", seal.ErrNoKey},
		"empty keys":   {keys(t, "", ""), sealed, "daily", seal.ErrNoKey},
		"another key":  {keys(t, newKey), sealed, "daily", seal.ErrOtherKey},
		"of another":   {keys(t, oldKey), sealed, "weekly", seal.ErrChanged},
		"cut off":      {keys(t, oldKey), sealed[:len(sealed)-4], "daily", seal.ErrChanged},
		"changed":      {keys(t, oldKey), sealed[:len(sealed)-4] + "AAAA", "daily", seal.ErrChanged},
		"nothing":      {keys(t, oldKey), "", "daily", seal.ErrChanged},
		"another form": {keys(t, oldKey), "seal2" + sealed[5:], "daily", seal.ErrChanged},
	} {
		if got, err := test.keys.Open(test.sealed, test.owner); !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: got %q, %v; want %v", name, got, err, test.want)
		}
	}
	if _, err := (seal.Keys{}).Seal([]byte("hidden"), "daily"); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("sealed without a key: %v", err)
	}
}

// The new key stands first, the old one behind it until everything is sealed
// anew.
func TestKeysAreExchanged(t *testing.T) {
	t.Parallel()
	before, after := keys(t, oldKey), keys(t, newKey, oldKey)
	sealed, err := before.Seal([]byte("hidden"), "daily")
	if err != nil {
		t.Fatal(err)
	}
	if !before.Current(sealed) || after.Current(sealed) || (seal.Keys{}).Current(sealed) {
		t.Error("it is not told which key is the first")
	}
	secret, err := after.Open(sealed, "daily")
	if err != nil {
		t.Fatal(err)
	}
	again, err := after.Seal(secret, "daily")
	if err != nil || !after.Current(again) {
		t.Errorf("sealed with an older key, %v", err)
	}
	if got, err := keys(t, strings.ToLower(newKey)).Open(again, "daily"); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("without the old key: %q, %v", got, err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"?", oldKey[2:], oldKey + "0a", strings.Repeat("zz", seal.KeyBytes), " " + oldKey, "AGE-SECRET-KEY-1"} {
		if k, err := seal.ParseKeys([]string{oldKey, text}); err == nil || k.Any() || strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "key 2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
