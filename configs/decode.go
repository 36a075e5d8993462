package configs

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"carillon/whatsapp"
)

// decoder fills a configuration from a document. Unlike the library's own it
// knows every key's path, goes on after a mistake, and expands variables in
// values alone, so that what a variable holds is never read as YAML.
type decoder struct {
	*mistakes
	env func(string) (string, bool)
	// literal are the paths of the values that name no variable.
	literal map[string]bool
	// specs are the kinds of providers; the first is that of channels that name
	// none.
	specs []whatsapp.Spec
}

// defaulter is what is not empty before its own keys are read.
type defaulter interface{ setDefaults() }

// texter is a mapping that may be written as a text.
type texter interface{ setText(text string) }

func (d *decoder) decode(n *yaml.Node, into reflect.Value, path string) {
	d.lines[path] = n.Line
	if usual, ok := into.Addr().Interface().(defaulter); ok {
		usual.setDefaults()
	}
	if n.Kind == yaml.AliasNode {
		d.wrong(path, "anchors and aliases are not supported here; write the value itself, or a ${VARIABLE}")
		return
	}
	if n.ShortTag() == "!!null" { // a key without a value leaves the default
		return
	}
	if short, ok := into.Addr().Interface().(texter); ok && n.Kind == yaml.ScalarNode {
		if text, ok := d.text(n, path); ok {
			short.setText(text)
		}
		return
	}
	if channel, ok := into.Addr().Interface().(*Channel); ok {
		d.channel(n, channel, path)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(n, path, true, into)
	case reflect.Map:
		d.entries(n, into, path)
	case reflect.Slice:
		d.sequence(n, into, path)
	default:
		d.scalar(n, into, path)
	}
}

// structure reads a mapping into the fields of structs. If it is strict, a key
// that is none of theirs is a mistake.
func (d *decoder) structure(n *yaml.Node, path string, strict bool, into ...reflect.Value) {
	fields, autos := make(map[string]reflect.Value), make(map[string]reflect.Value)
	var known []string
	for _, part := range into {
		for i := range part.NumField() {
			if key := part.Type().Field(i).Tag.Get("yaml"); key != "-" {
				fields[key] = part.Field(i)
				autos[key] = part.FieldByName(part.Type().Field(i).Tag.Get("auto"))
				known = append(known, key)
			}
		}
	}
	d.mapping(n, path, func(key string, value *yaml.Node, at string) {
		if auto := autos[key]; auto.IsValid() && d.isAuto(value) {
			d.lines[at] = value.Line
			auto.SetBool(true)
			return
		}
		if field, ok := fields[key]; ok {
			d.decode(value, field, at)
			return
		}
		if strict {
			d.wrong(at, "unknown key; the keys here are %s", strings.Join(known, ", "))
		}
	})
}

// isAuto reports whether a value says that the provider tells it.
func (d *decoder) isAuto(value *yaml.Node) bool {
	if value.Kind != yaml.ScalarNode {
		return false
	}
	quiet := decoder{mistakes: newMistakes(d.file), env: d.env}
	text, ok := quiet.expand(value.Value, "")
	return ok && text == "auto"
}

// entries reads a mapping whose keys the file chooses. What the file does not
// give stays as it is.
func (d *decoder) entries(n *yaml.Node, into reflect.Value, path string) {
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	d.mapping(n, path, func(key string, value *yaml.Node, at string) {
		entry := reflect.New(into.Type().Elem()).Elem()
		d.decode(value, entry, at)
		into.SetMapIndex(reflect.ValueOf(key), entry)
	})
}

// mapping calls each for every key, refusing those that are given twice.
func (d *decoder) mapping(n *yaml.Node, path string, each func(key string, value *yaml.Node, at string)) {
	if n.Kind != yaml.MappingNode {
		d.wrong(path, "must be a mapping; write its keys below it, indented")
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isPlainKey(key) {
			unnamed := path + ".?"
			d.lines[unnamed] = key.Line
			d.wrong(unnamed, "a key must be a plain word")
			continue
		}
		at := key.Value
		if path != "" {
			at = path + "." + at
		}
		d.lines[at] = key.Line
		if seen[key.Value] {
			d.wrong(at, "is given twice; remove one")
			continue
		}
		seen[key.Value] = true
		each(key.Value, value, at)
	}
}

// isPlainKey reports whether a key is a text that fits a message.
func isPlainKey(key *yaml.Node) bool {
	const longest = 128
	return key.Kind == yaml.ScalarNode && key.ShortTag() != "!!merge" && len(key.Value) <= longest &&
		!strings.ContainsFunc(key.Value, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (d *decoder) sequence(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(path, "must be a list; write [ ] around it or a dash before each entry")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// text is a value with its variables expanded. ok is false after a mistake.
func (d *decoder) text(n *yaml.Node, path string) (expanded string, ok bool) {
	d.literal[path] = !strings.Contains(n.Value, shieldOpen)
	return d.expand(n.Value, path)
}

func (d *decoder) scalar(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(path, "must be a single value; write it without brackets, dashes and keys")
		return
	}
	text, ok := d.text(n, path)
	if !ok {
		return
	}
	if reader, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := reader.UnmarshalText([]byte(text)); err != nil {
			d.wrong(path, "%v", err)
		}
		return
	}
	if into.Kind() == reflect.String {
		into.SetString(text)
		return
	}
	if into.Kind() == reflect.Bool {
		if text != "true" && text != "false" {
			d.wrong(path, "must be true or false")
			return
		}
		into.SetBool(text == "true")
		return
	}
	if into.CanInt() {
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			d.wrong(path, "must be a whole number, such as 1000")
			return
		}
		into.SetInt(number)
		return
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.wrong(path, "must be a number, such as 80 or 0.5")
		return
	}
	into.SetFloat(number)
}
