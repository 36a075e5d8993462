package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func script(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantUsable wants what scripts/page.js looks for.
func (w *tab) wantUsable(l look) {
	w.Helper()
	var problems []string
	w.eval(script(w, "page.js"), &problems)
	w.complain(l, problems)
}

// node is what a screen reader is told of an element.
type node struct {
	ID       string   `json:"nodeId"`
	Ignored  bool     `json:"ignored"`
	Role     property `json:"role"`
	Name     property `json:"name"`
	Children []string `json:"childIds"`
	Parent   string   `json:"parentId"`
}

type property struct {
	Value any `json:"value"`
}

func (p property) String() string {
	text, _ := p.Value.(string)
	return strings.TrimSpace(text)
}

// controlRoles are the roles of what people use.
func controlRoles() []string {
	return []string{
		"button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "spinbutton",
		"menuitem", "tab", "option", "DisclosureTriangle", "Date", "DateTime", "InputTime", "ColorWell",
	}
}

// wantNamedControls wants a name and a role for every control, and the page's parts
// to be known as such.
func (w *tab) wantNamedControls(l look) {
	w.Helper()
	var tree struct{ Nodes []node }
	before := w.controls()
	w.raw("Accessibility.getFullAXTree", map[string]any{}, &tree)
	shown := min(before, w.controls()) // a page may change meanwhile
	var problems []string
	parts, controls := map[string][]string{}, 0
	for _, n := range tree.Nodes {
		role, name := n.Role.String(), n.Name.String()
		switch {
		case n.Ignored:
		case slices.Contains(controlRoles(), role):
			controls++
			if name == "" && role != "option" { // the empty choice of a list has none
				problems = append(problems, fmt.Sprintf("a control of the role %s has no name", role))
			}
		case slices.Contains([]string{"main", "banner", "navigation", "search", "region", "form"}, role):
			parts[role] = append(parts[role], name)
		}
	}
	if controls == 0 {
		problems = append(problems, "the page has no control, not even a link")
	}
	for _, role := range []string{"main", "banner"} {
		if len(parts[role]) != 1 {
			problems = append(problems, fmt.Sprintf("the page has %d parts of the role %s", len(parts[role]), role))
		}
	}
	for _, role := range []string{"navigation", "region"} {
		names := slices.Sorted(slices.Values(parts[role]))
		if slices.Contains(names, "") || len(slices.Compact(slices.Clone(names))) != len(names) {
			problems = append(problems, fmt.Sprintf("parts of the role %s cannot be told apart: %q", role, names))
		}
	}
	w.complain(l, append(problems, unseenControls(tree.Nodes, shown)...))
}

// controls counts what people use on the page.
func (w *tab) controls() (n int) {
	w.Helper()
	w.eval(`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")].filter((e) => e.checkVisibility()).length`, &n)
	return n
}

// unseenControls are those that the tree lacks: everything that takes the focus has
// to be in it.
func unseenControls(nodes []node, wanted int) []string {
	found := 0
	for _, n := range nodes {
		// A file's field is a button with another name in the tree.
		if role := n.Role.String(); !n.Ignored && role != "option" && role != "MenuListPopup" && slices.Contains(controlRoles(), role) {
			found++
		}
	}
	if found < wanted {
		return []string{fmt.Sprintf("a screen reader is told of %d controls of %d", found, wanted)}
	}
	return nil
}

// wantVisibleFocus goes through the page with the tabulator key.
func (w *tab) wantVisibleFocus(l look) {
	w.Helper()
	var stops int
	w.eval(script(w, "focus_begin.js"), &stops)
	for range 4*stops + 10 { // a field for a date has several stops
		var at struct {
			Done     bool
			Problems []string
		}
		w.do("press the tabulator key", chromedp.KeyEvent(kb.Tab))
		w.eval(script(w, "focus_next.js"), &at)
		w.complain(l, at.Problems)
		if at.Done {
			return
		}
	}
	w.complain(l, []string{"the tabulator key never gets to the end"})
}

// wantStillness wants nothing to move for those who ask for that.
func (w *tab) wantStillness() {
	w.Helper()
	w.wear(look{}, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	var moving []string
	w.eval(script(w, "moving.js"), &moving)
	w.complain(look{}, moving)
	w.wear(look{})
}
