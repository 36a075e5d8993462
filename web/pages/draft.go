package pages

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// draft is the text of a campaign that is being written. What it holds besides what
// is changed stays as it was written, comments included.
type draft struct {
	document yaml.Node
}

// The reasons why a text cannot be shown in a form.
var (
	errNoMapping = errors.New("the campaign is not a list of keys and values")
	errAliases   = errors.New("the campaign has anchors and aliases, which a form cannot show")
)

// readDraft reads a campaign's text, which may have mistakes as long as it is YAML.
func readDraft(text string) (*draft, error) {
	d := &draft{}
	if err := yaml.Unmarshal([]byte(text), &d.document); err != nil {
		return nil, err
	}
	if len(d.document.Content) == 0 {
		d.document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	if d.root().Kind != yaml.MappingNode {
		return nil, errNoMapping
	}
	if hasAlias(d.root()) {
		return nil, errAliases
	}
	return d, nil
}

func hasAlias(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, hasAlias)
}

func (d *draft) root() *yaml.Node { return d.document.Content[0] }

// text is the campaign as it stands.
func (d *draft) text() (string, error) {
	var out bytes.Buffer
	writer := yaml.NewEncoder(&out)
	const indent = 2
	writer.SetIndent(indent)
	if err := writer.Encode(&d.document); err != nil {
		return "", err
	}
	return out.String(), writer.Close()
}

// at finds what stands at a path of keys and places, such as steps.0.template; nil
// for nothing.
func (d *draft) at(path ...string) *yaml.Node {
	n := d.root()
	for _, key := range path {
		if n = child(n, key); n == nil || n.ShortTag() == "!!null" {
			return nil
		}
	}
	return n
}

// child is the value of a key, or the entry at a place.
func child(n *yaml.Node, key string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// keys are those of a mapping, none where there is another thing.
func keys(n *yaml.Node) []string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var all []string
	for i := 0; i < len(n.Content); i += 2 {
		all = append(all, n.Content[i].Value)
	}
	return all
}

// items is how many entries a list has.
func items(n *yaml.Node) int {
	if n == nil || n.Kind != yaml.SequenceNode {
		return 0
	}
	return len(n.Content)
}

// scalar is the text at a path. single is false where something else than one value
// stands there.
func (d *draft) scalar(path ...string) (text string, single bool) {
	n := d.at(path...)
	switch {
	case n == nil:
		return "", true
	case n.Kind != yaml.ScalarNode:
		return "", false
	}
	return n.Value, true
}

// set puts a value at a path, whose parents are made where they are missing; nil takes
// away what stands there, and parents that are empty then. Entries of lists are
// there already.
func (d *draft) set(value *yaml.Node, path ...string) {
	setIn(d.root(), value, path)
}

func setIn(n, value *yaml.Node, path []string) {
	key := path[0]
	found := child(n, key)
	if len(path) > 1 {
		if found == nil || found.Kind == yaml.ScalarNode {
			if value == nil || n.Kind != yaml.MappingNode {
				return
			}
			found = &yaml.Node{Kind: yaml.MappingNode}
			replace(n, key, found)
		}
		setIn(found, value, path[1:])
		if found.Kind == yaml.MappingNode && len(found.Content) == 0 && n.Kind == yaml.MappingNode {
			replace(n, key, nil)
		}
		return
	}
	if value != nil && found != nil {
		value.LineComment, value.HeadComment, value.FootComment = found.LineComment, found.HeadComment, found.FootComment
	}
	replace(n, key, value)
}

// replace puts a value behind a key of a mapping; nil removes both.
func replace(n *yaml.Node, key string, value *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		if value == nil {
			n.Content = slices.Delete(n.Content, i, i+2)
		} else {
			n.Content[i+1] = value
		}
		return
	}
	if value != nil {
		n.Content = append(n.Content, textNode(key), value)
	}
}

// rename gives a key of a mapping another name, at its place.
func rename(n *yaml.Node, was, is string) {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == was {
			n.Content[i].Value = is
		}
	}
}

// textNode is a text, in quotes where it names a column.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if strings.Contains(text, "{{") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plainNode is a number or a word as it is typed; nil for an empty one.
func plainNode(text string) *yaml.Node {
	if text == "" {
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return textNode(text)
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
}

// boolNode is true or false.
func boolNode(value bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatBool(value)}
}

// listNode is a list of texts in brackets; nil for none.
func listNode(texts []string) *yaml.Node {
	if len(texts) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		list.Content = append(list.Content, textNode(text))
	}
	return list
}

// addStep adds a step in the language of the first.
func (d *draft) addStep() {
	steps := d.at("steps")
	if steps == nil || steps.Kind != yaml.SequenceNode {
		steps = &yaml.Node{Kind: yaml.SequenceNode}
		replace(d.root(), "steps", steps)
	}
	step := &yaml.Node{Kind: yaml.MappingNode}
	if len(steps.Content) > 0 {
		replace(step, "after", textNode("delivered"))
	}
	replace(step, "template", textNode(""))
	language := "en_US"
	if first, single := d.scalar("steps", "0", "language"); single && first != "" {
		language = first
	}
	replace(step, "language", textNode(language))
	steps.Style = 0
	steps.Content = append(steps.Content, step)
}

// removeStep removes the last step.
func (d *draft) removeStep() {
	if steps := d.at("steps"); items(steps) > 0 {
		steps.Content = steps.Content[:len(steps.Content)-1]
	}
}
