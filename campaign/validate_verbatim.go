package campaign

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// needy are the kinds of parameters that are nothing without a field of the same
// name. Other kinds may be newer than this program, and are let through.
var needy = [...]string{
	"text", "currency", "date_time", "image", "video", "gif", "document", "location", "product",
	"payload", "coupon_code", "action", "limited_time_offer",
}

// verbatim checks components that are written in the provider's words, for what it
// would surely refuse and for nothing else.
func (v *validator) verbatim(path string, components []any) {
	for i, c := range components {
		at := fmt.Sprintf("%s[%d]", path, i)
		component, kind := kindOf(c)
		switch kind {
		case "":
			v.wrong(at, "must be a mapping with a type, such as {type: body, parameters: […]}")
			continue
		case "button":
			v.verbatimButton(at, component)
		case "carousel":
			v.verbatimCards(at+".cards", component["cards"])
		}
		parameters, given := component["parameters"]
		if !given || parameters == nil {
			continue
		}
		list, ok := parameters.([]any)
		if !ok {
			v.wrong(at+".parameters", "must be a list; write [ ] around it or a dash before each entry")
		}
		for j, p := range list {
			v.verbatimParameter(fmt.Sprintf("%s.parameters[%d]", at, j), p, kind != "button")
		}
	}
}

// kindOf is a mapping and its type, which may be written in capitals; the type is
// empty where there is none.
func kindOf(value any) (mapping map[string]any, kind string) {
	mapping, _ = value.(map[string]any)
	kind, _ = mapping["type"].(string)
	return mapping, strings.ToLower(kind)
}

func (v *validator) verbatimButton(path string, button map[string]any) {
	if kind, _ := button["sub_type"].(string); kind == "" {
		v.wrong(path+".sub_type", "is missing; write the button's kind, such as quick_reply or url")
	}
	var index string
	switch written := button["index"].(type) {
	case string:
		index = written
	case json.Number:
		index = written.String()
	}
	if n, err := strconv.Atoi(index); !strings.Contains(index, opening) && (err != nil || n < 0 || n >= maxButtons) {
		v.wrong(path+".index", "must be the button's place in the template, counted from 0 to %d", maxButtons-1)
	}
}

func (v *validator) verbatimCards(path string, cards any) {
	list, _ := cards.([]any)
	if len(list) == 0 {
		v.wrong(path, "is missing; list the cards, each with its card_index and components")
	}
	if len(list) > maxCards {
		v.wrong(path, "has %d cards, %d are allowed", len(list), maxCards)
	}
	for i, c := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		card, _ := c.(map[string]any)
		components, ok := card["components"].([]any)
		if !ok {
			v.wrong(at+".components", "is missing; list what the card holds")
			continue
		}
		v.verbatim(at+".components", components)
	}
}

// tooManySpaces is one more than maxSpaces.
const tooManySpaces = "     "

// verbatimParameter checks what fills one variable. Only texts that people read have
// rules about spaces.
func (v *validator) verbatimParameter(path string, value any, read bool) {
	parameter, kind := kindOf(value)
	if kind == "" {
		v.wrong(path, "must be a mapping with a type, such as {type: text, text: \"{{Name}}\"}")
		return
	}
	content, given := parameter[kind]
	if slices.Contains(needy[:], kind) && (!given || content == nil || content == "") {
		v.wrong(path+"."+kind, "is missing; a parameter of type %s needs it", kind)
		return
	}
	switch kind {
	case "text":
		if text, _ := content.(string); read && (strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, tooManySpaces)) {
			v.wrong(path+".text", "has a line break, a tab or more than four spaces in a row; write single spaces")
		}
	case "image", "video", "gif", "document":
		if media, ok := content.(map[string]any); !ok || media["id"] == nil && media["link"] == nil {
			v.wrong(path+"."+kind, "needs either a link or an id")
		}
	}
}
