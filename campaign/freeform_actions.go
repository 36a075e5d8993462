package campaign

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (v *validator) replyButtons(path string, action map[string]any) {
	var ids, titles unlike
	v.each(path+".buttons", action["buttons"], maxReplies, func(at string, button map[string]any) {
		if button["type"] != "reply" {
			v.wrong(at+".type", "must be reply")
		}
		if reply, ok := v.object(at+".reply", button["reply"]); ok && v.needs(at+".reply", reply, "id", "title") {
			ids.add(v, at+".reply.id", reply["id"])
			titles.add(v, at+".reply.title", reply["title"])
		}
	})
}

func (v *validator) listAction(path string, action map[string]any) {
	v.needs(path, action, "button")
	var ids unlike
	rows, sections := 0, v.list(path+".sections", action["sections"])
	v.each(path+".sections", action["sections"], maxListSections, func(at string, section map[string]any) {
		if len(sections) > 1 {
			v.needs(at, section, "title")
		}
		rows += len(v.list(at+".rows", section["rows"]))
		v.each(at+".rows", section["rows"], maxRows, func(at string, row map[string]any) {
			if v.needs(at, row, "id", "title") {
				ids.add(v, at+".id", row["id"])
			}
		})
	})
	if rows > maxRows {
		v.wrong(path+".sections", "has %d rows in all, %d are allowed", rows, maxRows)
	}
}

func (v *validator) linkAction(path string, action map[string]any) {
	if parameters, ok := v.object(path+".parameters", action["parameters"]); ok {
		v.needs(path+".parameters", parameters, "display_text", "url")
	}
}

func (v *validator) flowAction(path string, action map[string]any) {
	path += ".parameters"
	parameters, ok := v.object(path, action["parameters"])
	if !ok {
		return
	}
	v.needs(path, parameters, "flow_message_version", "flow_cta")
	if (parameters["flow_id"] == nil) == (parameters["flow_name"] == nil) {
		v.wrong(path, "needs either flow_id or flow_name, not both")
	}
	v.choice(path+".mode", parameters["mode"], "draft", "published")
	v.choice(path+".flow_action", parameters["flow_action"], "navigate", "data_exchange")
	if payload := parameters["flow_action_payload"]; payload != nil {
		v.object(path+".flow_action_payload", payload)
	}
}

// choice wants one of some words, or nothing.
func (v *validator) choice(path string, value any, words ...string) {
	if word, _ := value.(string); value != nil && !slices.Contains(words, word) {
		v.wrong(path, "must be %s", strings.Join(words, " or "))
	}
}

func (v *validator) productAction(path string, action map[string]any) {
	v.needs(path, action, "catalog_id", "product_retailer_id")
}

func (v *validator) productsAction(path string, action map[string]any) {
	v.needs(path, action, "catalog_id")
	products, sections := 0, v.list(path+".sections", action["sections"])
	v.each(path+".sections", action["sections"], maxSections, func(at string, section map[string]any) {
		if len(sections) > 1 {
			v.needs(at, section, "title")
		}
		products += len(v.list(at+".product_items", section["product_items"]))
		v.each(at+".product_items", section["product_items"], maxProducts, func(at string, item map[string]any) {
			v.needs(at, item, "product_retailer_id")
		})
	})
	if products > maxProducts {
		v.wrong(path+".sections", "has %d products in all, %d are allowed", products, maxProducts)
	}
}

func (v *validator) catalogAction(path string, action map[string]any) {
	if action["parameters"] == nil {
		return
	}
	if parameters, ok := v.object(path+".parameters", action["parameters"]); ok {
		v.needs(path+".parameters", parameters, "thumbnail_product_retailer_id")
	}
}

// addressCountry is a country whose people can be asked for an address.
type addressCountry struct {
	name string
	// code is its country calling code, with the plus sign.
	code string
	// fields are those of an address there.
	fields []string
}

// addressCountries are the countries of address messages, by their ISO code (Meta,
// address messages page).
func addressCountries() map[string]addressCountry {
	return map[string]addressCountry{
		"IN": {"India", "+91", []string{
			"name", "phone_number", "in_pin_code", "house_number", "floor_number", "tower_number", "building_name",
			"address", "landmark_area", "city", "state",
		}},
		"SG": {"Singapore", "+65", []string{"name", "phone_number", "sg_post_code", "address", "unit_number", "city"}},
	}
}

func (v *validator) addressAction(path string, action map[string]any) {
	path += ".parameters"
	parameters, ok := v.object(path, action["parameters"])
	if !ok || !v.needs(path, parameters, "country") {
		return
	}
	country, known := addressCountries()[fmt.Sprint(parameters["country"])]
	check := func(at string, value any) {
		if fields, ok := v.object(at, value); ok && known {
			v.addressFields(at, country, fields)
		}
	}
	for _, key := range []string{"values", "validation_errors"} {
		if parameters[key] != nil {
			check(path+"."+key, parameters[key])
		}
	}
	for i, saved := range v.list(path+".saved_addresses", parameters["saved_addresses"]) {
		at := fmt.Sprintf("%s.saved_addresses[%d]", path, i)
		if saved, ok := v.object(at, saved); ok && v.needs(at, saved, "id") {
			check(at+".value", saved["value"])
		}
	}
}

// addressFields wants texts for the fields that an address of the country has.
func (v *validator) addressFields(path string, country addressCountry, fields map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(country.fields, key) {
			v.wrong(path+"."+key, "is no part of an address in %s; the keys here are %s", country.name, strings.Join(country.fields, ", "))
		} else if _, ok := fields[key].(string); !ok {
			v.wrong(path+"."+key, "must be a text; put it in quotes")
		}
	}
}

// countryPath is where an address message names its country.
const countryPath = "interactive.action.parameters.country"

func parseAddressCountry(text string) (string, error) {
	code := strings.ToUpper(text)
	if _, known := addressCountries()[code]; !known {
		return "", fmt.Errorf("%q is not IN or SG; people can be asked for an address in India and Singapore alone", excerpt(text))
	}
	return code, nil
}

// addressCountry is where the step's message names a country, nil where it asks for
// no address. Content is what was made of the message.
func (s Step) addressCountry(content *stencil) *placeholder {
	action, _ := s.Interactive["action"].(map[string]any)
	parameters, _ := action["parameters"].(map[string]any)
	text, _ := parameters["country"].(string)
	if s.Interactive["type"] != "address_message" || text == "" {
		return nil
	}
	for i := range content.placeholders {
		if content.placeholders[i].path == countryPath {
			return &content.placeholders[i]
		}
	}
	a := assembler{}
	if country, ok := a.placeholder(field{countryPath, text, addressCountryRule}); ok {
		return &country
	}
	return nil
}

// abroad is why a person with this number cannot be asked for an address, one
// problem for each step that does.
func (r *Renderer) abroad(phone string, values []string) []Problem {
	var problems []Problem
	for i := range r.steps {
		asked := r.steps[i].country
		if asked == nil {
			continue
		}
		code, broken := asked.resolve(values)
		country := addressCountries()[code]
		if broken == nil && !strings.HasPrefix(phone, country.code) {
			problems = append(problems, Problem{i, asked.columns(), asked.path, fmt.Sprintf(
				"asks for an address in %s, and the number does not begin with %s; leave the row out, or write the country of the number", country.name, country.code)})
		}
	}
	return problems
}
