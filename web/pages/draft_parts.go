package pages

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// headerPart is a header: none, a text, or media by a link.
func (d *draft) headerPart(path []string) part {
	kind, value, plain := d.header(path)
	name := strings.Join(path, ".")
	kinds := &input{Name: name + ".kind", Label: "Header", Value: kind, Kept: !plain, Options: []string{"none", "text", "image", "video", "document"}, path: place(path)}
	content := &input{Name: name + ".value", Label: "Header's text or link", Value: value, Kept: !plain, List: "columns", path: place(path)}
	return part{[]*input{kinds, content}, func(filled func(int) string) {
		switch kind, value := filled(0), filled(1); kind {
		case "none":
			d.set(nil, path...)
		case "text":
			d.set(textNode(value), path...)
		default:
			d.set(nil, path...)
			d.set(textNode(value), append(slices.Clone(path), kind, "link")...)
		}
	}}
}

// header reads what headerPart shows.
func (d *draft) header(path []string) (kind, value string, plain bool) {
	n := d.at(path...)
	switch {
	case n == nil:
		return "none", "", true
	case n.Kind == yaml.ScalarNode:
		return "text", n.Value, true
	}
	if found := keys(n); len(found) == 1 && slices.Contains([]string{"image", "video", "document"}, found[0]) {
		media := child(n, found[0])
		if link := child(media, "link"); link != nil && link.Kind == yaml.ScalarNode && len(keys(media)) == 1 {
			return found[0], link.Value, true
		}
	}
	return "none", "", false
}

// spare is how many empty fields stand behind those that are filled.
const spare = 2

// bodyPart is the body's parameters, a text each.
func (d *draft) bodyPart(path []string) part {
	texts, plain := d.texts(d.at(path...))
	p := part{}
	name, at := strings.Join(path, "."), place(path)
	for n := range len(texts) + spare {
		number := strconv.Itoa(n)
		i := &input{Name: name + "." + number, Label: "Parameter " + strconv.Itoa(n+1) + " of the body", Kept: !plain, List: "columns", path: at + "[" + number + "]"}
		if n < len(texts) {
			i.Value = texts[n]
		}
		p.inputs = append(p.inputs, i)
	}
	if !plain {
		p.inputs = p.inputs[:1]
		p.inputs[0].path = at
	}
	p.inputs[0].Hint = "a text, a column such as {{Name}}, or {{Name|what to say where it is empty}}"
	p.write = func(filled func(int) string) {
		var list []string
		for n := range p.inputs {
			if text := filled(n); text != "" {
				list = append(list, text)
			}
		}
		d.set(listNode(list), path...)
	}
	return p
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
