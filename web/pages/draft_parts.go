package pages

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// spare is how many empty fields stand behind those that are filled, where nothing is
// known of the template.
const spare = 2

// value is a parameter of a body, with the name of its variable where it has one.
type value struct{ name, text string }

// bodyPart is the body's parameters, a text each. A template that is known has a field
// for each of its variables.
func (d *draft) bodyPart(path []string, a *aids) part {
	values, plain := d.values(d.at(path...))
	outline, known := a.outline(d, path[1])
	name, at := strings.Join(path, "."), place(path)
	if !plain {
		return part{[]*input{{Name: name + ".0", Label: "Body", Kept: true, path: at}}, func(func(int) string) {}}
	}
	n := len(values) + spare
	if known {
		n = max(len(values), len(outline.Body))
	}
	for a.sent.Has(name + "." + strconv.Itoa(n)) {
		n++
	}
	p := part{}
	for i := range n {
		number := strconv.Itoa(i)
		field := &input{Name: name + "." + number, Label: "Parameter " + strconv.Itoa(i+1) + " of the body", List: "columns", path: at + "[" + number + "]"}
		if i < len(values) {
			field.Value = values[i].text
		} else {
			values = append(values, value{})
		}
		if known && i < len(outline.Body) && outline.Named {
			values[i].name = outline.Body[i]
		}
		if values[i].name != "" {
			field.Label = "Value of " + values[i].name
		}
		p.inputs = append(p.inputs, field)
	}
	if n > 0 {
		p.inputs[0].Hint = "a text, a column such as {{Name}}, or {{Name|what to say where it is empty}}"
	}
	p.write = func(filled func(int) string) {
		for i := range p.inputs {
			values[i].text = filled(i)
		}
		d.set(valuesNode(values), path...)
	}
	return p
}

// values are the parameters of a body; plain is false where one is more than a text
// with a name.
func (d *draft) values(list *yaml.Node) (all []value, plain bool) {
	if list == nil {
		return nil, true
	}
	if list.Kind != yaml.SequenceNode {
		return nil, false
	}
	for _, item := range list.Content {
		if item.Kind == yaml.ScalarNode {
			all = append(all, value{text: item.Value})
			continue
		}
		parts, single := scalars(item)
		v := value{parts["name"], parts["text"]}
		delete(parts, "name")
		delete(parts, "text")
		if !single || v.name == "" || len(parts) > 0 {
			return nil, false
		}
		all = append(all, v)
	}
	return all, true
}

// valuesNode writes parameters up to the last that is filled: an empty one between
// others keeps its place, so that none says what another should. It is nil for none.
func valuesNode(values []value) *yaml.Node {
	for len(values) > 0 && values[len(values)-1].text == "" {
		values = values[:len(values)-1]
	}
	if len(values) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range values {
		node := textNode(v.text)
		if v.name != "" {
			node = &yaml.Node{Kind: yaml.MappingNode}
			replace(node, "name", textNode(v.name))
			replace(node, "text", textNode(v.text))
		}
		list.Content = append(list.Content, node)
	}
	return list
}

// buttonValue is the key that holds what a kind of button takes.
func buttonValue(kind string) string {
	return map[string]string{"quick_reply": "payload", "url": "text", "copy_code": "coupon_code", "otp": "code"}[kind]
}

// buttonsPart is the buttons, three fields each.
func (d *draft) buttonsPart(path []string) part {
	buttons, plain := d.buttons(path)
	p := part{}
	name, at := strings.Join(path, "."), place(path)
	for n := range len(buttons) + 1 {
		b := [3]string{}
		if n < len(buttons) {
			b = buttons[n]
		}
		number := strconv.Itoa(n)
		here := at + "[" + number + "]"
		p.inputs = append(p.inputs,
			&input{Name: name + "." + number + ".kind", Label: "Kind of button " + strconv.Itoa(n+1), Value: b[0], Kept: !plain, Options: []string{"", "quick_reply", "url", "copy_code", "otp"}, path: here + ".sub_type"},
			&input{Name: name + "." + number + ".index", Label: "Its place in the template", Value: b[1], Kept: !plain, path: here + ".index"},
			&input{Name: name + "." + number + ".value", Label: "Its payload, end of URL or code", Value: b[2], Kept: !plain, List: "columns", path: here})
	}
	if !plain {
		p.inputs = p.inputs[:1]
		p.inputs[0].path, p.inputs[0].Label = at, "Buttons"
	} else {
		p.inputs[1].Hint = "0 is the first"
	}
	p.write = func(filled func(int) string) {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for n := 0; n < len(p.inputs); n += 3 {
			if kind := filled(n); kind != "" {
				list.Content = append(list.Content, buttonNode(kind, filled(n+1), filled(n+2)))
			}
		}
		if len(list.Content) == 0 {
			list = nil
		}
		d.set(list, path...)
	}
	return p
}

func buttonNode(kind, index, value string) *yaml.Node {
	button := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	if index == "" {
		index = "0"
	}
	replace(button, "index", plainNode(index))
	replace(button, "sub_type", textNode(kind))
	if value != "" {
		replace(button, buttonValue(kind), textNode(value))
	}
	return button
}

// buttons are kind, index and value of each; plain is false where one has more.
func (d *draft) buttons(path []string) (all [][3]string, plain bool) {
	list := d.at(path...)
	if list != nil && list.Kind != yaml.SequenceNode {
		return nil, false
	}
	for n := range items(list) {
		at := append(slices.Clone(path), strconv.Itoa(n))
		kind, single := d.scalar(append(slices.Clone(at), "sub_type")...)
		key := buttonValue(kind)
		if !single || key == "" {
			return nil, false
		}
		for _, found := range keys(d.at(at...)) {
			if !slices.Contains([]string{"index", "sub_type", key}, found) {
				return nil, false
			}
		}
		index, known := d.scalar(append(slices.Clone(at), "index")...)
		value, text := d.scalar(append(slices.Clone(at), key)...)
		if !known || !text {
			return nil, false
		}
		all = append(all, [3]string{kind, index, value})
	}
	return all, true
}
