package campaign

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of interactive messages (Meta: interactive reply buttons, list and
// multi-product messages pages).
const (
	maxReplies      = 3
	maxListSections = 10
	maxRows         = 10
)

// interactiveKind is what one kind of interactive message may have around its
// action.
type interactiveKind struct {
	// headers are the kinds of header that it may have; needed says that it has one.
	headers []string
	needed  bool
	// bodiless may do without a body, footless has no footer.
	bodiless, footless bool
	// name is what its action is called, empty where it has no name.
	name string
	// action checks the rest of it; nil where there is nothing.
	action func(v *validator, path string, action map[string]any)
}

func interactiveKinds() map[string]interactiveKind {
	text, all := []string{"text"}, []string{"text", "image", "video", "document"}
	return map[string]interactiveKind{
		"button":                   {headers: all, action: (*validator).replyButtons},
		"list":                     {headers: text, action: (*validator).listAction},
		"cta_url":                  {headers: all, name: "cta_url", action: (*validator).linkAction},
		"flow":                     {headers: all, name: "flow", action: (*validator).flowAction},
		"address_message":          {headers: text, name: "address_message", action: (*validator).addressAction},
		"location_request_message": {footless: true, name: "send_location"},
		"product":                  {bodiless: true, action: (*validator).productAction},
		"product_list":             {headers: text, needed: true, action: (*validator).productsAction},
		"catalog_message":          {name: "catalog_message", action: (*validator).catalogAction},
		"call_permission_request":  {name: "call_permission_request"},
		"voice_call":               {name: "voice_call"},
		"request_contact_info":     {name: "request_contact_info"},
	}
}

// interactive checks a message with something to press, which is written in the
// Cloud API's words.
func (v *validator) interactive(path string, message map[string]any) {
	of, _ := message["type"].(string)
	kind, known := interactiveKinds()[of]
	if !known {
		v.wrong(path+".type", "%q is not a kind; write one of %s", excerpt(of),
			strings.Join(slices.Sorted(maps.Keys(interactiveKinds())), ", "))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(message)) {
		if !slices.Contains([]string{"type", "header", "body", "footer", "action"}, key) {
			v.wrong(path+"."+key, "unknown key; the keys here are type, header, body, footer, action")
		}
	}
	v.interactiveHeader(path+".header", of, kind, message["header"])
	if message["body"] == nil && !kind.bodiless {
		v.wrong(path+".body", "is missing; write {text: …}")
	}
	v.worded(path+".body", message["body"])
	if message["footer"] != nil && kind.footless {
		v.wrong(path+".footer", "a message of type %s has none; remove it", of)
	}
	v.worded(path+".footer", message["footer"])
	if message["action"] == nil {
		v.wrong(path+".action", "is missing; a message of type %s needs it", of)
		return
	}
	action, ok := v.object(path+".action", message["action"])
	if !ok {
		return
	}
	if name, _ := action["name"].(string); kind.name != "" && name != kind.name {
		v.wrong(path+".action.name", "must be %s in a message of type %s", kind.name, of)
	}
	if kind.action != nil {
		kind.action(v, path+".action", action)
	}
}

func (v *validator) interactiveHeader(path, of string, kind interactiveKind, value any) {
	switch {
	case value == nil:
		if kind.needed {
			v.wrong(path, "is missing; a message of type %s needs {type: text, text: …}", of)
		}
		return
	case len(kind.headers) == 0:
		v.wrong(path, "a message of type %s has none; remove it", of)
		return
	}
	header, ok := v.object(path, value)
	if !ok {
		return
	}
	is, _ := header["type"].(string)
	if !slices.Contains(kind.headers, is) {
		v.wrong(path+".type", "%q is not a kind of header here; a message of type %s has %s", excerpt(is), of, strings.Join(kind.headers, ", "))
		return
	}
	if is == "text" {
		v.needs(path, header, "text")
		return
	}
	if media, ok := v.object(path+"."+is, header[is]); ok {
		v.oneSource(path+"."+is, media["link"] != nil, media["id"] != nil, media[fileKey] != nil)
	}
}

// worded wants of a body or footer that is given a text.
func (v *validator) worded(path string, value any) {
	if value == nil {
		return
	}
	if part, ok := v.object(path, value); ok {
		v.needs(path, part, "text")
	}
}

// object wants a mapping.
func (v *validator) object(path string, value any) (map[string]any, bool) {
	mapping, ok := value.(map[string]any)
	if !ok {
		v.wrong(path, "must be a mapping of keys and values")
	}
	return mapping, ok
}

// list wants a list, or nothing.
func (v *validator) list(path string, value any) []any {
	list, ok := value.([]any)
	if !ok && value != nil {
		v.wrong(path, "must be a list; write [ ] around it or a dash before each entry")
	}
	return list
}

// needs wants texts under some keys of a mapping.
func (v *validator) needs(path string, mapping map[string]any, keys ...string) bool {
	whole := true
	for _, key := range keys {
		at := path + "." + key
		switch text := mapping[key].(type) {
		case string:
			if strings.TrimSpace(text) == "" {
				v.wrong(at, "is empty; write a text")
				whole = false
			}
		case nil:
			v.wrong(at, "is missing; write a text")
			whole = false
		case json.Number:
			v.wrong(at, "must be a text; put it in quotes")
			whole = false
		default:
			v.wrong(at, "must be a text")
			whole = false
		}
	}
	return whole
}

// unlike wants texts that differ from each other. Those that name a column are not
// compared.
type unlike struct{ seen map[string]string }

func (u *unlike) add(v *validator, path string, value any) {
	text, _ := value.(string)
	if u.seen == nil {
		u.seen = map[string]string{}
	}
	if earlier, twice := u.seen[text]; twice && text != "" {
		v.wrong(path, "%q stands in %s, too; write a different one", excerpt(text), earlier)
		return
	}
	u.seen[text] = path
}

// each checks the mappings of a list of at least one and at most so many.
func (v *validator) each(path string, value any, most int, check func(path string, entry map[string]any)) {
	entries, ok := value.([]any)
	if !ok && value != nil {
		v.list(path, value)
		return
	}
	if len(entries) == 0 || len(entries) > most {
		v.wrong(path, "has %d entries; write between 1 and %d", len(entries), most)
	}
	for i, entry := range entries {
		at := fmt.Sprintf("%s[%d]", path, i)
		if mapping, ok := v.object(at, entry); ok {
			check(at, mapping)
		}
	}
}
