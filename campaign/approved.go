package campaign

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Approved is a template as its provider knows it, approved or not.
type Approved struct {
	TemplateName
	// Category is in lower case, empty if it is not told.
	Category Category
	// Status is the provider's word in lower case, such as approved, paused or
	// rejected; empty if it is not told.
	Status string
	// Components is the template's definition in the Cloud API's JSON (Meta,
	// template components page).
	Components json.RawMessage
}

// Sendable reports whether the provider takes messages of the template. A status
// that is not told speaks for it.
func (a *Approved) Sendable() bool { return a.Status == "" || a.Status == StatusApproved }

// StatusApproved is the one status of a template that sends (Meta, template
// status).
const StatusApproved = "approved"

// TemplateList is what is known of the templates of the account that a channel
// belongs to.
type TemplateList struct {
	// Channel is the channel that was asked about.
	Channel string
	// Templates are all that the provider has listed.
	Templates []Approved
	// Fetched is when it listed them; the zero time for never. Then nothing is known.
	Fetched time.Time
	// Trouble says why there is no list, or no newer one; empty where all is well.
	Trouble string
}

// Known reports whether the provider has ever listed its templates.
func (l *TemplateList) Known() bool { return !l.Fetched.IsZero() }

// Note says what a check against the list could not rely on, at a time; empty where
// it could.
func (l *TemplateList) Note(now time.Time) string {
	switch {
	case l.Trouble == "":
		return ""
	case !l.Known():
		return fmt.Sprintf("channel %q: the templates were not checked: %s", l.Channel, l.Trouble)
	}
	return fmt.Sprintf("channel %q: the templates were checked against the list of %s ago: %s",
		l.Channel, Duration(max(now.Sub(l.Fetched), 0).Truncate(time.Second)), l.Trouble)
}

// Find returns the template of a name, nil where there is none.
func (l *TemplateList) Find(name TemplateName) *Approved {
	for i := range l.Templates {
		if l.Templates[i].TemplateName == name {
			return &l.Templates[i]
		}
	}
	return nil
}

// named are the templates of a name, one for each of its languages, sorted.
func (l *TemplateList) named(name string) []*Approved {
	var found []*Approved
	for i := range l.Templates {
		if l.Templates[i].Name == name {
			found = append(found, &l.Templates[i])
		}
	}
	slices.SortFunc(found, func(a, b *Approved) int { return a.Compare(b.TemplateName) })
	return found
}

// Check holds a step against the list: that its template exists in its language and
// may be sent, and that the step gives what it expects, which also has to fit into
// its length. Where the list of people has the language, one of the template's has to
// do; the rows are judged by the Renderer. Paths start at the step. Of a list that is
// not known nothing is wrong.
func (l *TemplateList) Check(step *Step) []*Mistake {
	part := step.TemplatePart()
	switch {
	case !l.Known() || part == nil:
		return nil
	case part != step:
		wrong := l.Check(part)
		for _, m := range wrong {
			m.Path = otherwisePath + m.Path
		}
		return wrong
	}
	found := l.named(step.Template)
	if len(found) == 0 {
		return []*Mistake{mistakeAt("template", "the account has no template %q; %s", step.Template, l.others())}
	}
	if wanted, fixed := step.FixedTemplate(); fixed {
		for _, a := range found {
			if a.Language == wanted.Language {
				return a.check(step)
			}
		}
		return []*Mistake{mistakeAt("language", "%s", noLanguage(wanted, found))}
	}
	var first []*Mistake
	for _, a := range found {
		wrong := a.check(step)
		if len(wrong) == 0 {
			return nil
		}
		if first == nil || len(wrong) < len(first) {
			first = wrong
		}
	}
	return first
}

// check holds a step against one template.
func (a *Approved) check(step *Step) []*Mistake {
	if !a.Sendable() {
		return []*Mistake{mistakeAt("template", "%s is %s, and only an approved template is sent; %s", a.TemplateName, a.Status, statusHint(a.Status))}
	}
	var wrong []*Mistake
	if step.Category != "" && a.Category != "" && step.Category != a.Category {
		wrong = append(wrong, mistakeAt("category", "is %s, but %s is a template for %s; write %s", step.Category, a.TemplateName, a.Category, a.Category))
	}
	shape, err := a.shape()
	if err != nil {
		return wrong // a definition that cannot be read refuses nothing
	}
	given := contentOf(step.wire(), len(step.Components) > 0)
	c := comparison{template: a.TemplateName, wrong: wrong}
	c.compare(shape, &given)
	for _, s := range shape.sums(&given, nil) {
		if len(s.parts) == 0 && s.fixed > s.most {
			c.add(s.path, "%s", s.tooLong(s.fixed))
		}
	}
	return c.wrong
}

// others names some templates that there are.
func (l *TemplateList) others() string {
	const most = 10
	var names []string
	for i := range l.Templates {
		names = append(names, l.Templates[i].Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch n := len(names); {
	case n == 0:
		return "it has none at all; create it, and wait until it is approved"
	case n > most:
		return fmt.Sprintf("it has %s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return "it has " + strings.Join(names, ", ")
}

func noLanguage(wanted TemplateName, found []*Approved) string {
	var languages []string
	for _, a := range found {
		languages = append(languages, a.Language)
	}
	return fmt.Sprintf("template %s has no language %s; it has %s", wanted.Name, wanted.Language, strings.Join(languages, ", "))
}

// statusHint says what to do about a template that is not approved.
func statusHint(status string) string {
	switch status {
	case "paused":
		return "wait until the provider releases it, or edit it there"
	case "pending", "in_appeal":
		return "wait until it is approved"
	}
	return "edit it at the provider and have it approved, or use another one"
}
