package pages

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"carillon/api"
)

// form shows a draft as fields.
type form struct {
	Groups []group
	// Steps is how many steps there are.
	Steps int
	// Faults are the mistakes that belong to no field.
	Faults []api.Fault
}

// group is a part of a form under one heading.
type group struct {
	Legend string
	Inputs []*input
	// Kept are the keys that the form does not show. They stay as they are written.
	Kept []string
	// parts write what was changed.
	parts []part
}

// input is one field of a form.
type input struct {
	Name, Label, Value, Hint string
	// Options are the choices; none for a text.
	Options []string
	// List names the suggestions; empty for none.
	List string
	// Kept says that the draft has here what a field cannot show.
	Kept bool
	// Faults are the mistakes at this place.
	Faults []string
	// path is the place as mistakes name it.
	path string
}

// Described is where the field's hint and mistakes stand.
func (i *input) Described() bool { return i.Hint != "" || i.Kept || len(i.Faults) > 0 }

// part is a value of the draft, which one field or several show.
type part struct {
	inputs []*input
	write  func(filled func(n int) string)
}

// formOf shows a draft as fields.
func (d *draft) formOf() *form {
	f := &form{Steps: items(d.at("steps"))}
	general := group{Legend: "Campaign"}
	general.add(d.scalarPart("Name", textNode, "name"))
	general.add(d.channelsPart())
	general.add(d.scalarPart("Messages a second, at most", plainNode, "rate").hint("empty: as fast as the numbers may"))
	general.add(d.scalarPart("Expires", plainNode, "expires").hint("from the start, such as 72h; empty: never"))
	general.add(d.scalarPart("Send from", plainNode, "hours", "from").hint("a time of day such as 09:00; empty: at any time"))
	general.add(d.scalarPart("Send until", plainNode, "hours", "to"))
	general.add(d.scalarPart("On the days", plainNode, "hours", "days").hint("such as mon-sat; empty: all"))
	general.add(d.scalarPart("By the clock of", plainNode, "hours", "zone").hint("such as Europe/Madrid; empty: each recipient's own"))
	general.Kept = slices.DeleteFunc(keys(d.root()), func(key string) bool {
		return slices.Contains([]string{"name", "channel", "channels", "rate", "expires", "hours", "steps"}, key)
	})
	f.Groups = append(f.Groups, general)
	for i := range f.Steps {
		f.Groups = append(f.Groups, d.stepGroup(i))
	}
	return f
}

func (g *group) add(p part) {
	g.parts = append(g.parts, p)
	g.Inputs = append(g.Inputs, p.inputs...)
}

func (p part) hint(text string) part {
	p.inputs[0].Hint = text
	return p
}

func (p part) options(options ...string) part {
	p.inputs[0].Options = options
	if value := p.inputs[0].Value; !slices.Contains(options, value) {
		p.inputs[0].Options = append(options, value)
	}
	return p
}

func (p part) suggest(list string) part {
	for _, i := range p.inputs {
		i.List = list
	}
	return p
}

// stepGroup shows one step.
func (d *draft) stepGroup(step int) group {
	at := func(keys ...string) []string { return append([]string{"steps", strconv.Itoa(step)}, keys...) }
	g := group{Legend: "Step " + strconv.Itoa(step+1)}
	if step > 0 {
		g.add(d.scalarPart("After the step before was", plainNode, at("after")...).options("delivered", "read", "sent", "reply"))
		g.add(d.scalarPart("Then wait", plainNode, at("wait")...).hint("such as 10m or 2d"))
		g.add(d.scalarPart("Be patient for", plainNode, at("patience")...).hint("such as 72h, which is usual"))
		g.add(d.scalarPart("Otherwise", plainNode, at("otherwise")...).options("", "stop", "skip", "send").hint("what happens when that does not come; usual is stop"))
	}
	g.add(d.scalarPart("Template", textNode, at("template")...).hint("its name, as it was approved"))
	g.add(d.scalarPart("Category", plainNode, at("category")...).options("", "marketing", "utility", "authentication"))
	g.add(d.scalarPart("Language", textNode, at("language")...).hint("such as en_US, or a column").suggest("columns"))
	g.add(d.headerPart(at("header")))
	g.add(d.bodyPart(at("body")))
	g.add(d.buttonsPart(at("buttons")))
	g.Kept = slices.DeleteFunc(keys(d.at(at()...)), func(key string) bool {
		return slices.Contains([]string{"template", "category", "language", "header", "body", "buttons"}, key) ||
			step > 0 && slices.Contains([]string{"after", "wait", "patience", "otherwise"}, key)
	})
	return g
}

// place is a path as mistakes name it.
func place(path []string) string {
	var text strings.Builder
	for i, key := range path {
		switch _, err := strconv.Atoi(key); {
		case err == nil:
			text.WriteString("[" + key + "]")
		case i > 0:
			text.WriteString("." + key)
		default:
			text.WriteString(key)
		}
	}
	return text.String()
}

// scalarPart is one value.
func (d *draft) scalarPart(label string, node func(string) *yaml.Node, path ...string) part {
	value, single := d.scalar(path...)
	i := &input{Name: strings.Join(path, "."), Label: label, Value: value, Kept: !single, path: place(path)}
	return part{[]*input{i}, func(filled func(int) string) {
		if text := filled(0); text == "" {
			d.set(nil, path...)
		} else {
			d.set(node(text), path...)
		}
	}}
}

// channelsPart is the campaign's one channel, or several.
func (d *draft) channelsPart() part {
	value, single := d.scalar("channel")
	if several := d.at("channels"); several != nil {
		texts, plain := d.texts(several)
		value, single = strings.Join(texts, ", "), plain && value == ""
	}
	i := &input{Name: "channels", Label: "Channels", Value: value, Kept: !single, path: "channel", Hint: "the numbers that it is sent from, with commas between them", List: "channels-known"}
	return part{[]*input{i}, func(filled func(int) string) {
		names := strings.FieldsFunc(filled(0), func(c rune) bool { return c == ',' || c == ' ' })
		was, is, value := "channels", "channel", listNode(names)
		if len(names) > 1 {
			was, is = is, was
		} else if len(names) == 1 {
			value = textNode(names[0])
		}
		if d.at(is) == nil {
			rename(d.root(), was, is)
		}
		d.set(nil, was)
		d.set(value, is)
	}}
}

// texts are the entries of a list; plain is false where one is no text.
func (d *draft) texts(list *yaml.Node) (texts []string, plain bool) {
	if list == nil {
		return nil, true
	}
	if list.Kind != yaml.SequenceNode {
		return nil, false
	}
	for _, item := range list.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, false
		}
		texts = append(texts, item.Value)
	}
	return texts, true
}

// fill writes what was filled in, where it differs from what the form showed.
func (f *form) fill(values url.Values) {
	for _, g := range f.Groups {
		for _, p := range g.parts {
			changed := false
			filled := func(n int) string {
				i := p.inputs[n]
				if typed, sent := values[i.Name]; sent && !i.Kept {
					return strings.TrimSpace(typed[0])
				}
				return i.Value
			}
			for n, i := range p.inputs {
				changed = changed || filled(n) != i.Value
			}
			if changed {
				p.write(filled)
			}
		}
	}
}

// tell puts mistakes at their places.
func (f *form) tell(faults []api.Fault) {
	for _, fault := range faults {
		var nearest *input
		for _, g := range f.Groups {
			for _, i := range g.Inputs {
				if (within(fault.Path, i.path) || within(i.path, fault.Path)) && (nearest == nil || len(i.path) > len(nearest.path) && within(fault.Path, i.path)) {
					nearest = i
				}
			}
		}
		if nearest == nil || fault.Path == "" {
			f.Faults = append(f.Faults, fault)
			continue
		}
		nearest.Faults = append(nearest.Faults, fault.Detail)
	}
}

// within reports whether a path is another one or leads into it. The places of one
// channel and of several are one.
func within(inner, outer string) bool {
	if strings.HasPrefix(inner, "channels") {
		inner = "channel"
	}
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && outer != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
