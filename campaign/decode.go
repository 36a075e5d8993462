package campaign

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What a file may ask of the reader, aliases counted as often as they are used.
// A campaign of 16 full steps stays far below.
const (
	maxNodes = 20_000
	maxDepth = 32
	maxKey   = 128
)

// decoder fills a definition from a document. Unlike the library's own it
// knows the path of everything, goes on after a mistake, and stays strict
// where a text may stand for a mapping.
type decoder struct {
	lines    map[string]int
	mistakes []*Mistake
	nodes    int
	depth    int
}

// shorthand is a mapping for which a text may stand.
type shorthand interface{ setText(string) }

var (
	_ shorthand = (*Parameter)(nil)
	_ shorthand = (*Header)(nil)
	_ shorthand = (*Text)(nil)
	_ shorthand = (*Reaction)(nil)
)

func (p *Parameter) setText(text string) { p.Text = text }

func (h *Header) setText(text string) { h.Text = &Parameter{Text: text} }

func (t *Text) setText(text string) { t.Body = text }

func (r *Reaction) setText(text string) { r.Emoji = text }

func (d *decoder) wrong(n *yaml.Node, path, format string, args ...any) {
	if len(d.mistakes) > maxMistakes {
		return
	}
	m := mistakeAt(path, format, args...)
	m.Line = n.Line
	d.mistakes = append(d.mistakes, m)
}

// enter resolves an alias and notes where a path is. ok is false where there
// is nothing to read.
func (d *decoder) enter(n *yaml.Node, path string) (node *yaml.Node, ok bool) {
	d.lines[path] = n.Line
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.wrong(n, path, "the file has more than %d values; write it shorter", maxNodes)
		}
		return n, false
	}
	if d.depth > maxDepth {
		d.wrong(n, path, "is nested too deeply")
		return n, false
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode {
		d.wrong(n, path, "a text that begins with {{ must stand in quotes, such as \"{{Name}}\"")
		return n, false
	}
	return n, n.ShortTag() != "!!null"
}

func (d *decoder) decode(n *yaml.Node, into reflect.Value, path string) {
	d.depth++
	defer func() { d.depth-- }()
	n, ok := d.enter(n, path)
	if !ok {
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); ok {
		if err := text.UnmarshalText([]byte(n.Value)); err != nil {
			d.wrong(n, path, "%v", err)
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(n, into, path)
	case reflect.Slice:
		d.sequence(n, into, path)
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			d.wrong(n, path, "must be a mapping of keys and values")
			return
		}
		into.Set(reflect.ValueOf(d.free(n, path)))
	case reflect.Interface:
		if value := d.free(n, path); value != nil {
			into.Set(reflect.ValueOf(value))
		}
	default:
		d.scalar(n, into, path)
	}
}

func (d *decoder) structure(n *yaml.Node, into reflect.Value, path string) {
	if short, ok := reflect.TypeAssert[shorthand](into.Addr()); ok && n.Kind == yaml.ScalarNode {
		short.setText(n.Value)
		return
	}
	fields := make(map[string]reflect.Value)
	var known []string
	for i := range into.NumField() {
		key, ok := into.Type().Field(i).Tag.Lookup("yaml")
		if !ok {
			continue
		}
		fields[key] = into.Field(i)
		known = append(known, key)
	}
	d.mapping(n, path, func(key, value *yaml.Node, at string) {
		field, ok := fields[key.Value]
		if !ok {
			d.wrong(key, at, "unknown key; the keys here are %s", strings.Join(known, ", "))
			return
		}
		d.decode(value, field, at)
	})
}

// mapping calls each for every key, refusing those that are given twice.
func (d *decoder) mapping(n *yaml.Node, path string, each func(key, value *yaml.Node, at string)) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "must be a mapping of keys and values")
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || len(key.Value) > maxKey {
			d.wrong(key, path, "a key must be a plain word of at most %d characters", maxKey)
			continue
		}
		at := key.Value
		if path != "" {
			at = path + "." + at
		}
		if seen[key.Value] {
			d.wrong(key, at, "is given twice; remove one")
			continue
		}
		seen[key.Value] = true
		each(key, n.Content[i+1], at)
	}
}

func (d *decoder) sequence(n *yaml.Node, into reflect.Value, path string) {
	if into.Type() == reflect.TypeFor[Texts]() && n.Kind == yaml.ScalarNode {
		into.Set(reflect.ValueOf(Texts{n.Value}))
		return
	}
	if n.Kind != yaml.SequenceNode {
		into.Set(reflect.MakeSlice(into.Type(), 0, 0)) // it is not missing
		d.wrong(n, path, "must be a list; write [ ] around it or a dash before each entry")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) scalar(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, "must be a single value, not a list or a mapping")
		return
	}
	var expected string
	fits := true
	switch into.Kind() {
	case reflect.String: // numbers and dates are taken as they are written
		into.SetString(n.Value)
		return
	case reflect.Bool:
		expected = "true or false"
	case reflect.Int:
		expected, fits = "a whole number", n.ShortTag() == "!!int" // the library cuts 1.5 to 1
	default:
		expected = "a number"
	}
	if err := n.Decode(into.Addr().Interface()); err != nil || !fits {
		d.wrong(n, path, "%q is not %s", excerpt(n.Value), expected)
	}
}

// free reads what has no fixed shape: nil, bool, string, json.Number, []any or
// map[string]any.
func (d *decoder) free(n *yaml.Node, path string) any {
	d.depth++
	defer func() { d.depth-- }()
	n, ok := d.enter(n, path)
	if !ok {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		d.mapping(n, path, func(key, value *yaml.Node, at string) {
			object[key.Value] = d.free(value, at)
		})
		return object
	case yaml.SequenceNode:
		items := make([]any, len(n.Content))
		for i, item := range n.Content {
			items[i] = d.free(item, fmt.Sprintf("%s[%d]", path, i))
		}
		return items
	}
	switch n.ShortTag() {
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int", "!!float":
		return d.number(n, path)
	}
	return n.Value
}

// number keeps a number's digits where JSON writes them the same way.
func (d *decoder) number(n *yaml.Node, path string) any {
	if json.Valid([]byte(n.Value)) {
		return json.Number(n.Value)
	}
	var number any
	err := n.Decode(&number)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(number); err == nil {
			return json.Number(text)
		}
	}
	d.wrong(n, path, "%q cannot be written as JSON; put it in quotes if it is a text", excerpt(n.Value))
	return nil
}
