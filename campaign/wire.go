package campaign

import (
	"fmt"
	"strconv"
)

// The components of a message as the provider wants them, before they are
// JSON: objects, lists, constants (string, int, bool, json.Number, nil) and
// the fields that differ from recipient to recipient.
type (
	object []member
	member struct {
		key   string
		value any
	}
	list []any
	// field is a text of the definition, which may name columns.
	field struct {
		path, text string
		rule       rule
	}
)

// wire lays out the step's components; it is empty for a template without
// variables.
func (s Step) wire() list {
	if len(s.Components) > 0 {
		return wireRaw("components", s.Components).(list)
	}
	components := wireContent("", s.Header, s.Body, bodyRule, s.Buttons)
	if s.LimitedTimeOffer != nil {
		components = append(components, component("limited_time_offer", object{
			{"type", "limited_time_offer"},
			{"limited_time_offer", object{
				{"expiration_time_ms", field{"limited_time_offer.expiration_time_ms", s.LimitedTimeOffer.ExpirationTime, expiryRule}},
			}},
		}))
	}
	if len(s.Carousel) > 0 {
		components = append(components, wireCarousel(s.Carousel))
	}
	return components
}

func component(kind string, parameters ...any) object {
	return object{{"type", kind}, {"parameters", list(parameters)}}
}

// wireContent lays out what a message and a card have in common. The texts of the
// body keep to a rule.
func wireContent(path string, header *Header, body []Parameter, texts rule, buttons []Button) list {
	var components list
	if header != nil {
		components = append(components, component("header", header.wire(path+"header")))
	}
	var parameters list
	for i, p := range body {
		parameters = append(parameters, p.wire(fmt.Sprintf("%sbody[%d]", path, i), texts))
	}
	for i, b := range buttons {
		if b.SubType == OTP { // the code stands in the body, too
			parameters = append(parameters, wireText(field{fmt.Sprintf("%sbuttons[%d].code", path, i), b.Code, codeRule}))
		}
	}
	if len(parameters) > 0 {
		components = append(components, component("body", parameters...))
	}
	for i, b := range buttons {
		components = append(components, b.wire(fmt.Sprintf("%sbuttons[%d]", path, i)))
	}
	return components
}

func wireCarousel(cards []Card) object {
	wired := make(list, len(cards))
	for i, card := range cards {
		wired[i] = object{
			{"card_index", i},
			{"components", wireContent(fmt.Sprintf("carousel[%d].", i), card.Header, card.Body, cardRule, card.Buttons)},
		}
	}
	return object{{"type", "carousel"}, {"cards", wired}}
}

func wireText(text field) object { return object{{"type", "text"}, {"text", text}} }

func (p Parameter) wire(path string, texts rule) object {
	switch {
	case p.Currency != nil:
		return p.Currency.wire(path + ".currency")
	case p.DateTime != nil:
		return object{
			{"type", "date_time"},
			{"date_time", object{{"fallback_value", field{path + ".date_time.fallback_value", p.DateTime.FallbackValue, bodyRule}}}},
		}
	case p.Name != "":
		return object{{"type", "text"}, {"parameter_name", p.Name}, {"text", field{path, p.Text, texts}}}
	}
	return wireText(field{path, p.Text, texts})
}

func (c Currency) wire(path string) object {
	amount := field{path + ".amount_1000", c.Amount1000, thousandthsRule}
	if c.Amount != "" {
		amount = field{path + ".amount", c.Amount, amountRule}
	}
	return object{
		{"type", "currency"},
		{"currency", object{
			{"fallback_value", field{path + ".fallback_value", c.FallbackValue, bodyRule}},
			{"code", field{path + ".code", c.Code, currencyRule}},
			{"amount_1000", amount},
		}},
	}
}

func (h *Header) wire(path string) object {
	if h.Text != nil {
		return h.Text.wire(path+".text", headerRule)
	}
	for _, m := range h.media() {
		if m.media != nil {
			return object{{"type", m.kind}, {m.kind, m.media.wire(path + "." + m.kind)}}
		}
	}
	switch {
	case h.Location != nil:
		return object{{"type", "location"}, {"location", h.Location.wire(path + ".location")}}
	case h.Product != nil:
		return object{{"type", "product"}, {"product", object{
			{"product_retailer_id", field{path + ".product.product_retailer_id", h.Product.RetailerID, bodyRule}},
			{"catalog_id", field{path + ".product.catalog_id", h.Product.CatalogID, bodyRule}},
		}}}
	}
	return wireText(field{path, "", headerRule})
}

type namedMedia struct {
	kind  string
	media *Media
}

func (h *Header) media() []namedMedia {
	return []namedMedia{{"image", h.Image}, {"video", h.Video}, {"gif", h.GIF}, {"document", h.Document}}
}

func (m *Media) wire(path string) object {
	source := member{"link", field{path + ".link", m.Link, linkRule}}
	switch {
	case m.File != "":
		source = member{"", field{path + "." + fileKey, m.File, fileRule}} // which writes its own key
	case m.ID != "":
		source = member{"id", field{path + ".id", m.ID, bodyRule}}
	}
	wired := object{source}
	if m.Caption != "" {
		wired = append(wired, member{"caption", field{path + ".caption", m.Caption, captionRule}})
	}
	if m.Filename != "" {
		wired = append(wired, member{"filename", field{path + ".filename", m.Filename, bodyRule}})
	}
	return wired
}

func (l *Location) wire(path string) object {
	return object{
		{"latitude", field{path + ".latitude", l.Latitude, latitudeRule}},
		{"longitude", field{path + ".longitude", l.Longitude, longitudeRule}},
		{"name", field{path + ".name", l.Name, bodyRule}},
		{"address", field{path + ".address", l.Address, bodyRule}},
	}
}

func (b Button) wire(path string) object {
	kind, parameters := string(b.SubType), list(nil)
	switch b.SubType {
	case QuickReply:
		parameters = list{object{{"type", "payload"}, {"payload", field{path + ".payload", b.Payload, payloadRule}}}}
	case URLButton:
		parameters = list{wireText(field{path + ".text", b.Text, suffixRule})}
	case OTP:
		kind = string(URLButton)
		parameters = list{wireText(field{path + ".code", b.Code, codeRule})}
	case CopyCode:
		parameters = list{object{{"type", "coupon_code"}, {"coupon_code", field{path + ".coupon_code", b.CouponCode, couponRule}}}}
	case Flow, Catalog, MultiProduct, OrderDetails:
		if action := b.action(path); len(action) > 0 {
			parameters = list{object{{"type", "action"}, {"action", action}}}
		}
	}
	// Meta's samples write the index as a text and as a number; a text is what
	// its schema asks for.
	wired := object{{"type", "button"}, {"sub_type", kind}, {"index", strconv.Itoa(b.Index)}}
	if len(parameters) > 0 {
		wired = append(wired, member{"parameters", parameters})
	}
	return wired
}

func (b Button) action(path string) object {
	var action object
	if b.SubType == Flow {
		token := b.FlowToken
		if token == "" {
			token = "unused" // Meta's own default
		}
		action = append(action, member{"flow_token", field{path + ".flow_token", token, bodyRule}})
		if len(b.FlowActionData) > 0 {
			action = append(action, member{"flow_action_data", wireRaw(path+".flow_action_data", b.FlowActionData)})
		}
	}
	if len(b.OrderDetails) > 0 {
		action = append(action, member{"order_details", wireRaw(path+".order_details", b.OrderDetails)})
	}
	if b.Thumbnail != "" {
		action = append(action, member{"thumbnail_product_retailer_id",
			field{path + ".thumbnail_product_retailer_id", b.Thumbnail, bodyRule}})
	}
	if len(b.Sections) == 0 {
		return action
	}
	sections := make(list, len(b.Sections))
	for i, s := range b.Sections {
		at := fmt.Sprintf("%s.sections[%d]", path, i)
		items := make(list, len(s.Products))
		for j, sku := range s.Products {
			items[j] = object{{"product_retailer_id", field{fmt.Sprintf("%s.product_items[%d]", at, j), sku, bodyRule}}}
		}
		sections[i] = object{{"title", field{at + ".title", s.Title, titleRule}}, {"product_items", items}}
	}
	return append(action, member{"sections", sections})
}

// wireRaw lays out what the definition wrote word for word.
func wireRaw(path string, value any) any {
	return wireWorded(path, "", value, func(string) rule { return rawRule })
}
