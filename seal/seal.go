// Package seal keeps short secrets from whoever reads the place where they are
// stored, such as a copy of the ledger.
//
// A sealed text is AES-256-GCM under a key of the configuration, with a random
// nonce. It is bound to what it belongs to: moved to another owner it does not
// open. It names its key, so that a key which is gone can be told from a text
// that was changed.
//
// It stores nothing and knows nothing of configurations. A key that is lost
// cannot be made up for.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNoKey: there is no key at all.
	ErrNoKey = errors.New("no seal key is configured")
	// ErrOtherKey: the key of a sealed text is not among these.
	ErrOtherKey = errors.New("it is sealed with a key that is not in seal_keys")
	// ErrChanged: a sealed text was changed, cut off, or belongs to another.
	ErrChanged = errors.New("the sealed value was changed, or belongs to something else")
)

// KeyBytes is the length of a key; in a text it has twice as many hexadecimal
// digits.
const KeyBytes = 32

// prefix names the form of a sealed text.
const prefix = "seal1."

// Keys are those of a configuration. The first one seals, all of them open. The
// zero value has none.
type Keys struct{ all []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// ParseKeys reads keys of 64 hexadecimal digits. Empty texts are passed over. The
// error does not repeat the text.
func ParseKeys(texts []string) (Keys, error) {
	var keys Keys
	for i, text := range texts {
		if text == "" {
			continue
		}
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != KeyBytes {
			return Keys{}, fmt.Errorf("key %d is not %d hexadecimal digits", i+1, 2*KeyBytes)
		}
		made, err := newKey(raw)
		if err != nil {
			return Keys{}, err
		}
		keys.all = append(keys.all, made)
	}
	return keys, nil
}

func newKey(raw []byte) (key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	id := sha256.Sum256(append([]byte("carillon seal key\n"), raw...))
	return key{hex.EncodeToString(id[:4]), aead}, err
}

// Any reports whether there is a key.
func (k Keys) Any() bool { return len(k.all) > 0 }

// Seal seals a secret of the owner. The error is ErrNoKey.
func (k Keys) Seal(secret []byte, owner string) (string, error) {
	if !k.Any() {
		return "", ErrNoKey
	}
	first := k.all[0]
	text := base64.RawURLEncoding.EncodeToString(first.aead.Seal(nil, nil, secret, []byte(owner)))
	return prefix + first.id + "." + text, nil
}

// Open returns the owner's secret. The error wraps ErrNoKey, ErrOtherKey or
// ErrChanged.
func (k Keys) Open(sealed, owner string) ([]byte, error) {
	id, text, whole := parts(sealed)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !whole || err != nil {
		return nil, ErrChanged
	}
	for _, one := range k.all {
		if one.id != id {
			continue
		}
		if secret, err := one.aead.Open(nil, nil, raw, []byte(owner)); err == nil {
			return secret, nil
		}
		return nil, ErrChanged
	}
	if !k.Any() {
		return nil, ErrNoKey
	}
	return nil, fmt.Errorf("%w (its id is %s)", ErrOtherKey, id)
}

// Current reports whether a text is sealed with the first key.
func (k Keys) Current(sealed string) bool {
	id, _, _ := parts(sealed)
	return k.Any() && k.all[0].id == id
}

func parts(sealed string) (id, text string, whole bool) {
	rest, ours := strings.CutPrefix(sealed, prefix)
	id, text, found := strings.Cut(rest, ".")
	return id, text, ours && found
}
