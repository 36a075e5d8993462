package pages

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// headerField is one field of a kind of header.
type headerField struct{ key, label, hint string }

// headerKinds are the kinds of headers, none first.
func headerKinds() []string {
	return []string{"none", "text", "image", "video", "gif", "document", "location", "product"}
}

// The ways in which a header's media are given.
const (
	byLink = "link"
	byFile = "file"
	byID   = "id"
)

// isMedia reports whether a header of the kind is a file.
func isMedia(kind string) bool {
	return slices.Contains([]string{"image", "video", "gif", "document"}, kind)
}

// headerFields are what is told of a header besides its kind.
func headerFields(kind string) []headerField {
	switch {
	case isMedia(kind):
		fields := []headerField{
			{"by", "The " + kind + " by", ""},
			{"value", "Header's " + kind, "a link, the name of a file that was uploaded here, or the provider's id; or a column"},
		}
		if kind == "document" {
			fields = append(fields, headerField{"filename", "Its name for people", ""})
		}
		return fields
	case kind == "location":
		return []headerField{{"latitude", "Latitude", "degrees, such as 37.483307"}, {"longitude", "Longitude", ""}, {"name", "Name of the place", ""}, {"address", "Its address", ""}}
	case kind == "product":
		return []headerField{{"catalog_id", "Catalog", "its id"}, {"product_retailer_id", "Product", "its id in the catalog"}}
	}
	return []headerField{{"value", "Header's text", ""}}
}

// headerPart is a header with the fields of its kind.
func (d *draft) headerPart(path []string, a *aids) part {
	kind, values, plain := d.header(path)
	name := strings.Join(path, ".")
	p := part{inputs: []*input{{Name: name + ".kind", Label: "Header", Value: kind, Kept: !plain, Options: headerKinds(), path: place(path)}}}
	fields := headerFields(kind)
	if !plain {
		fields = nil
	}
	for _, f := range fields {
		i := &input{Name: name + "." + f.key, Label: f.label, Hint: f.hint, Value: values[f.key], List: "columns", path: place(path)}
		switch {
		case f.key == "by":
			i.Options, i.List = []string{byLink, byFile, byID}, ""
		case f.key == "value" && values["by"] == byFile:
			i.Known, i.List = a.files, ""
		}
		p.inputs = append(p.inputs, i)
	}
	p.write = func(filled func(int) string) {
		given := map[string]string{}
		for n, f := range fields {
			given[f.key] = filled(n + 1)
		}
		d.set(headerNode(filled(0), given), path...)
	}
	return p
}

// headerNode writes a header; nil for none.
func headerNode(kind string, given map[string]string) *yaml.Node {
	content := &yaml.Node{Kind: yaml.MappingNode}
	switch {
	case kind == "none":
		return nil
	case kind == "text":
		return textNode(given["value"])
	case isMedia(kind):
		by := given["by"]
		if by == "" {
			by = byLink
		}
		replace(content, by, textNode(given["value"]))
		if given["filename"] != "" && kind == "document" {
			replace(content, "filename", textNode(given["filename"]))
		}
	default:
		for _, f := range headerFields(kind) {
			replace(content, f.key, textNode(given[f.key]))
		}
	}
	header := &yaml.Node{Kind: yaml.MappingNode}
	replace(header, kind, content)
	return header
}

// header reads what headerPart shows. plain is false where it has more than that.
func (d *draft) header(path []string) (kind string, values map[string]string, plain bool) {
	n := d.at(path...)
	switch {
	case n == nil:
		return "none", nil, true
	case n.Kind == yaml.ScalarNode:
		return "text", map[string]string{"value": n.Value}, true
	}
	found := keys(n)
	if len(found) != 1 || !slices.Contains(headerKinds()[2:], found[0]) {
		return "none", nil, false
	}
	kind = found[0]
	values, plain = scalars(child(n, kind))
	if !plain || !isMedia(kind) {
		return kind, values, plain && fits(values, kind)
	}
	shown := map[string]string{"filename": values["filename"]}
	for _, by := range []string{byLink, byFile, byID} {
		if value, given := values[by]; given {
			shown["by"], shown["value"] = by, value
			delete(values, by)
			break
		}
	}
	if kind == "document" {
		delete(values, "filename")
	}
	return kind, shown, len(values) == 0
}

// fits reports whether a header has nothing but what is shown of its kind.
func fits(values map[string]string, kind string) bool {
	for key := range values {
		if !slices.ContainsFunc(headerFields(kind), func(f headerField) bool { return f.key == key }) {
			return false
		}
	}
	return true
}

// scalars are the values of a mapping; plain is false where one is no single value.
func scalars(n *yaml.Node) (values map[string]string, plain bool) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, false
	}
	values = map[string]string{}
	for _, key := range keys(n) {
		value := child(n, key)
		if value.Kind != yaml.ScalarNode {
			return nil, false
		}
		values[key] = value.Value
	}
	return values, true
}
