package whatsapptest

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carillon/whatsapp"
)

// baseURL is the key of an API's address, hidden a word that no message may tell.
const (
	baseURL = "base_url"
	hidden  = "hidden-word"
)

// noAddresses are values that no API's address is.
func noAddresses() []string {
	return []string{
		"", "api.example.com", "ftp://api.example.com", "https://", "https://exa mple.com",
		"https://example.com?a=b", "https://example.com#a", "https://me:" + hidden + "@example.com",
	}
}

// fields are the fields of settings by their keys.
func fields(settings whatsapp.Settings) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	into := reflect.ValueOf(settings).Elem()
	for i := range into.NumField() {
		all[into.Type().Field(i).Tag.Get("yaml")] = into.Field(i)
	}
	return all
}

// with are right settings with another value for a key.
func (s Suite) with(key, value string) whatsapp.Settings {
	settings := s.Settings(nowhere)
	fields(settings)[key].SetString(value)
	return settings
}

// secrets are the secrets in the settings, by key.
func secrets(settings whatsapp.Settings) map[string]string {
	found := map[string]string{}
	for key, field := range fields(settings) {
		if secret, ok := field.Interface().(whatsapp.Secret); ok && secret != "" {
			found[key] = string(secret)
		}
	}
	return found
}

// tellsNone wants no secret of the settings in a text.
func tellsNone(t *testing.T, settings whatsapp.Settings, text string) {
	t.Helper()
	told := secrets(settings)
	told[baseURL] = hidden
	for key, secret := range told {
		if secret = strings.TrimSpace(secret); secret != "" && strings.Contains(text, secret) {
			t.Errorf("%q tells the secret in %s", text, key)
		}
	}
}

// mistake is one that Check has found.
type mistake struct{ key, message string }

func mistakes(settings whatsapp.Settings) (found []mistake) {
	settings.Check(&whatsapp.Report{Fault: func(key, message string) { found = append(found, mistake{key, message}) }})
	return found
}

func (s Suite) settings(t *testing.T) {
	t.Run("keys", s.keys)
	t.Run("defaults", s.defaults)
	t.Run("right", func(t *testing.T) {
		for key, field := range fields(s.Settings(nowhere)) {
			if field.IsZero() && field.Kind() != reflect.Bool {
				t.Errorf("%s is not set: the suite needs all keys", key)
			}
		}
		if found := mistakes(s.Settings(nowhere)); found != nil {
			t.Errorf("right settings are refused: %v", found)
		}
		text := fmt.Sprintf("%v %+v %#v", s.Settings(nowhere), s.Settings(nowhere), s.Settings(nowhere))
		tellsNone(t, s.Settings(nowhere), text)
	})
	for _, key := range slices.Sorted(maps.Keys(fields(s.Settings(nowhere)))) {
		t.Run("wrong/"+key, func(t *testing.T) { s.wrong(t, key) })
	}
}

// keys wants settings that the configuration can read and hides where it must.
func (s Suite) keys(t *testing.T) {
	pointer := reflect.TypeOf(s.Settings(nowhere))
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct || reflect.TypeOf(s.Spec.Settings()) != pointer {
		t.Fatalf("settings are %v and by default %T; both have to be pointers to one struct", pointer, s.Spec.Settings())
	}
	form := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	secretive := regexp.MustCompile(`token|secret|password|_key$`)
	for i := range pointer.Elem().NumField() {
		field := pointer.Elem().Field(i)
		key := field.Tag.Get("yaml")
		if !field.IsExported() || field.Anonymous || !form.MatchString(key) {
			t.Errorf("field %s has the key %q; it needs one in small letters of its own", field.Name, key)
		}
		if secretive.MatchString(key) && field.Type != reflect.TypeFor[whatsapp.Secret]() {
			t.Errorf("%s is a %v, and would be shown: make it a whatsapp.Secret", key, field.Type)
		}
		if _, listed := s.Wrong[key]; !listed {
			t.Errorf("Wrong lacks %s", key)
		}
	}
	known := fields(s.Settings(nowhere))
	for key := range s.Wrong {
		if _, ok := known[key]; !ok {
			t.Errorf("Wrong has %s, which is no key", key)
		}
	}
	if _, ok := known[s.Spec.NumberKey]; !ok {
		t.Errorf("NumberKey is %q, which is no key", s.Spec.NumberKey)
	}
}

// defaults wants defaults that work, and values that need not be there to be
// missing without harm.
func (s Suite) defaults(t *testing.T) {
	needed := map[string]bool{}
	for _, m := range mistakes(s.Spec.Settings()) {
		needed[m.key] = true
	}
	for key, field := range fields(s.Spec.Settings()) {
		if needed[key] && !field.IsZero() {
			t.Errorf("%s is wrong by default", key)
		}
		if needed[key] {
			continue
		}
		settings := s.Settings(nowhere)
		fields(settings)[key].Set(field)
		if found := mistakes(settings); found != nil {
			t.Errorf("%s at its default: %v", key, found)
		}
	}
	first := s.Spec.Settings()
	fields(first)[s.Spec.NumberKey].SetString("7")
	if fields(s.Spec.Settings())[s.Spec.NumberKey].String() == "7" {
		t.Error("Spec.Settings gives the same settings twice")
	}
}

// wrong tries one value of the key after the other: each is one mistake.
func (s Suite) wrong(t *testing.T, key string) {
	values := s.Wrong[key]
	if key == baseURL {
		values = slices.Concat(values, noAddresses())
	}
	for _, value := range values {
		settings := s.with(key, value)
		found := mistakes(settings)
		if len(found) != 1 || found[0].key != key || found[0].message == "" {
			t.Errorf("%q: got %q, want one mistake", value, found)
		}
		for _, m := range found {
			tellsNone(t, settings, m.message)
		}
	}
}

func (s Suite) identity(t *testing.T) {
	settings := s.Settings(nowhere)
	own := settings.Identity()
	if opened := s.open(t, settings, whatsapp.Opening{}).Identity(); opened != own {
		t.Errorf("the open channel is %+v, its settings are %+v", opened, own)
	}
	tellsNone(t, settings, fmt.Sprint(own))
	if number, ok := fields(settings)[s.Spec.NumberKey]; !ok || number.String() == "" {
		t.Errorf("no setting %q stands for the number", s.Spec.NumberKey)
	}
	if _, takes := s.abilitiesOf(); !takes {
		return
	}
	if own.App != "" && s.with(s.Proof.Key, "other-"+hidden).Identity().App == own.App {
		t.Errorf("a channel with another %s is of the same app, whose webhooks could speak for it", s.Proof.Key)
	}
}
