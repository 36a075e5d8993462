package pages

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"carillon/campaign"
)

// takeTemplates gives the steps whose template has changed what the new ones need.
// before are the templates that the steps had.
func (d *draft) takeTemplates(before []string, a *aids) {
	for step, name := range d.templates() {
		if name == "" || step < len(before) && before[step] == name {
			continue
		}
		language, _ := d.scalar("steps", strconv.Itoa(step), "language")
		if found := a.template(name, language); found != nil {
			d.takeTemplate(step, found, a.languages(name))
		}
	}
}

// templates are those of the steps.
func (d *draft) templates() []string {
	all := make([]string, items(d.at("steps")))
	for i := range all {
		all[i], _ = d.scalar("steps", strconv.Itoa(i), "template")
	}
	return all
}

// takeTemplate gives a step what a template needs, as far as a form can show it: its
// category, a language that it has, the kind of its header and its buttons. What is
// filled in and still has its place stays.
func (d *draft) takeTemplate(step int, t *campaign.Approved, languages []string) {
	at := func(keys ...string) []string { return append([]string{"steps", strconv.Itoa(step)}, keys...) }
	if t.Category != "" {
		d.set(textNode(string(t.Category)), at("category")...)
	}
	if language, single := d.scalar(at("language")...); single && !strings.Contains(language, "{{") && !slices.Contains(languages, language) {
		d.set(textNode(t.Language), at("language")...)
	}
	outline, known := t.Outline()
	if !known || d.at(at("components")...) != nil {
		return
	}
	if kind, _, plain := d.header(at("header")); plain && (kind != outline.Header && outline.Header != "" || kind != "none" && outline.Header == "") {
		wanted := outline.Header
		if wanted == "" {
			wanted = "none"
		}
		d.set(headerNode(wanted, nil), at("header")...)
	}
	d.takeBody(outline, at("body"))
	d.takeButtons(outline.Buttons, at("buttons"))
}

// takeBody leaves a value for each variable, and gives it the variable's name.
func (d *draft) takeBody(outline campaign.Outline, path []string) {
	values, plain := d.values(d.at(path...))
	if !plain {
		return
	}
	values = values[:min(len(values), len(outline.Body))]
	for i := range values {
		values[i].name = ""
		if outline.Named {
			values[i].name = outline.Body[i]
		}
	}
	d.set(valuesNode(values), path...)
}

// takeButtons leaves the buttons that the template has, and adds those that need
// something.
func (d *draft) takeButtons(has []campaign.OutlineButton, path []string) {
	had, plain := d.buttons(path)
	if !plain {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, b := range has {
		index, value, given := strconv.Itoa(b.Index), "", b.Needed
		for _, h := range had {
			if h[0] == string(b.Kind) && h[1] == index {
				value, given = h[2], true
			}
		}
		if given {
			list.Content = append(list.Content, buttonNode(string(b.Kind), index, value))
		}
	}
	if len(list.Content) == 0 {
		list = nil
	}
	d.set(list, path...)
}

// stepText is a step that sends a template, as the text of a campaign has it.
func stepText(t *campaign.Approved) (string, error) {
	d, err := readDraft("")
	if err != nil {
		return "", err
	}
	d.addStep()
	d.set(textNode(t.Name), "steps", "0", "template")
	d.set(textNode(t.Language), "steps", "0", "language")
	d.takeTemplate(0, t, []string{t.Language})
	if outline, known := t.Outline(); known && len(outline.Body) > 0 {
		values := make([]value, len(outline.Body))
		for i, name := range outline.Body {
			values[i].text = "…"
			if outline.Named {
				values[i].name = name
			}
		}
		d.set(valuesNode(values), "steps", "0", "body")
	}
	return d.text()
}
