package whatsapptest

import (
	"bytes"
	"encoding/json"
	"testing"
)

// decode reads JSON, with the digits of its numbers.
func decode(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // what was decoded, and texts and numbers, always marshal
	}
	return text
}

// grown is a JSON document with an unknown field in each of its objects.
func grown(t *testing.T, text []byte) []byte {
	t.Helper()
	var grow func(value any)
	grow = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, within := range value {
				grow(within)
			}
			value["future_field"] = map[string]any{"list": []any{1, nil, "x"}, "on": true}
		case []any:
			for _, within := range value {
				grow(within)
			}
		}
	}
	document := decode(t, text)
	grow(document)
	return encode(document)
}

// spoilt gives a JSON document again and again, each time with another of the
// values within it replaced by one of another type.
func spoilt(t *testing.T, text []byte, yield func(text []byte)) {
	t.Helper()
	document := decode(t, text)
	odd := []any{nil, true, json.Number("7.5"), "odd", []any{}, map[string]any{}, []any{[]any{nil}}, map[string]any{"odd": []any{1}}}
	var spoil func(value any)
	each := func(within any, put func(any)) {
		for _, other := range odd {
			put(other)
			yield(encode(document))
		}
		put(within)
		spoil(within)
	}
	spoil = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, within := range value {
				each(within, func(other any) { value[key] = other })
			}
		case []any:
			for i, within := range value {
				each(within, func(other any) { value[i] = other })
			}
		}
	}
	spoil(document)
}
