package pages

import (
	"fmt"
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
	// Says is what people read of the step's template, empty where that is not known.
	Says string
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
	// Several says that more than one of the options may be chosen; Value has them with
	// commas between them.
	Several bool
	// List names the suggestions of many fields, Known are those of this one.
	List  string
	Known []string
	// Kept says that the draft has here what a field cannot show.
	Kept bool
	// Faults are the mistakes at this place.
	Faults []string
	// path is the place as mistakes name it.
	path string
}

// Described is where the field's hint and mistakes stand.
func (i *input) Described() bool { return i.Hint != "" || i.Kept || len(i.Faults) > 0 }

// Chosen reports whether an option is.
func (i *input) Chosen(option string) bool {
	return option == i.Value || i.Several && slices.Contains(separate(i.Value), option)
}

// separate takes names apart that have commas or spaces between them.
func separate(names string) []string {
	return strings.FieldsFunc(names, func(c rune) bool { return c == ',' || c == ' ' })
}

// part is a value of the draft, which one field or several show.
type part struct {
	inputs []*input
	write  func(filled func(n int) string)
}

// formOf shows a draft as fields.
func (d *draft) formOf(a *aids) *form {
	f := &form{Steps: items(d.at("steps"))}
	general := group{Legend: "Campaign"}
	general.add(d.scalarPart("Name", textNode, "name"))
	general.add(d.channelsPart(a.channels))
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
		f.Groups = append(f.Groups, d.stepGroup(i, a))
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
func (d *draft) stepGroup(step int, a *aids) group {
	at := func(keys ...string) []string { return append([]string{"steps", strconv.Itoa(step)}, keys...) }
	g := group{Legend: "Step " + strconv.Itoa(step+1)}
	if step > 0 {
		g.add(d.scalarPart("After the step before was", plainNode, at("after")...).options("delivered", "read", "sent", "reply"))
		g.add(d.scalarPart("Then wait", plainNode, at("wait")...).hint("such as 10m or 2d"))
		g.add(d.scalarPart("Be patient for", plainNode, at("patience")...).hint("such as 72h, which is usual"))
		g.add(d.scalarPart("Otherwise", plainNode, at("otherwise")...).options("", "stop", "skip", "send").hint("what happens when that does not come; usual is stop"))
	}
	template := d.scalarPart("Template", textNode, at("template")...).hint("its name, as it was approved")
	if choices := a.choices(); len(choices) > 0 {
		template = template.hint("one that the provider has approved; Update shows the fields that it needs").options(append([]string{""}, choices...)...)
	}
	g.add(template)
	g.add(d.scalarPart("Category", plainNode, at("category")...).options("", "marketing", "utility", "authentication"))
	g.add(d.languagePart(at("language"), a.languages(template.inputs[0].Value)))
	g.add(d.headerPart(at("header"), a))
	g.add(d.bodyPart(at("body"), a))
	g.add(d.buttonsPart(at("buttons")))
	g.says(a, d, step)
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

// languagePart is the language of a template, of which some may be known.
func (d *draft) languagePart(path, known []string) part {
	p := d.scalarPart("Language", textNode, path...).hint("such as en_US, or a column such as {{Language|en_US}}").suggest("columns")
	if len(known) > 0 {
		p = p.hint("the template has " + strings.Join(known, ", ") + "; or a column such as {{Language|" + known[0] + "}}").suggest("")
		p.inputs[0].Known = known
	}
	return p
}

// says shows what people read of a step's template.
func (g *group) says(a *aids, d *draft, step int) {
	outline, known := a.outline(d, strconv.Itoa(step))
	if !known {
		return
	}
	g.Says = outline.Text
	for _, b := range outline.Buttons {
		g.Says += fmt.Sprintf("\n[%d: %s]", b.Index, b.Label)
	}
}

// channelsPart is the campaign's one channel, or several.
func (d *draft) channelsPart(known []string) part {
	value, single := d.scalar("channel")
	if several := d.at("channels"); several != nil {
		texts, plain := d.texts(several)
		value, single = strings.Join(texts, ", "), plain && value == ""
	}
	i := &input{Name: "channels", Label: "Channels", Value: value, Kept: !single, path: "channel", Hint: "the numbers that it is sent from", Several: true, Options: slices.Clone(known)}
	for _, name := range separate(value) {
		if !slices.Contains(i.Options, name) {
			i.Options = append(i.Options, name)
		}
	}
	return part{[]*input{i}, func(filled func(int) string) {
		names := separate(filled(0))
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
				typed, sent := values[i.Name]
				switch {
				case !sent || i.Kept:
				case i.Several:
					return strings.Join(slices.DeleteFunc(slices.Clone(typed), func(name string) bool { return name == "" }), ", ")
				default:
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
