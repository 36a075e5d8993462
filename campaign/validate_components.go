package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on what a template can hold. Sources: Meta, template components page
// (buttons), media card carousel templates page (cards); multi-product templates page (sections, products).
const (
	maxButtons     = 10
	maxURLButtons  = 2
	maxCards       = 10
	maxCardButtons = 2
	maxSections    = 10
	maxProducts    = 30
)

func (v *validator) components(path string, s *Step) {
	typed := s.Header != nil || len(s.Body) > 0 || len(s.Buttons) > 0 || s.LimitedTimeOffer != nil || len(s.Carousel) > 0
	if typed && len(s.Components) > 0 {
		v.wrong(path+".components", "cannot stand beside header, body, buttons, limited_time_offer or carousel; write components or those")
	}
	v.verbatim(path+".components", s.Components)
	names := new(parameterNames)
	v.contents(path, s.Header, s.Body, s.Buttons, names)
	if s.LimitedTimeOffer != nil {
		v.required(path+".limited_time_offer.expiration_time_ms", s.LimitedTimeOffer.ExpirationTime, "when the offer ends")
	}
	v.carousel(path+".carousel", s.Carousel, names)
	v.together(path, s)
	if len(names.named) > 0 && len(names.unnamed) > 0 {
		v.wrong(names.unnamed[0], "has no name while %s has one; name all texts of a template or none", names.named[0])
	}
}

// parameterNames are the paths of a template's texts with and without a name.
type parameterNames struct{ named, unnamed []string }

func (v *validator) contents(path string, header *Header, body []Parameter, buttons []Button, names *parameterNames) {
	if header != nil {
		v.header(path+".header", header, names)
	}
	seen := make(map[string]bool)
	for i := range body {
		at := fmt.Sprintf("%s.body[%d]", path, i)
		v.parameter(at, &body[i], names)
		if name := body[i].Name; name != "" && seen[name] {
			v.wrong(at, "the name %q is given twice", name)
		}
		seen[body[i].Name] = true
	}
	v.buttons(path+".buttons", buttons)
	if len(body) > 0 && slices.ContainsFunc(buttons, func(b Button) bool { return b.SubType == OTP }) {
		v.wrong(path+".body", "an otp button fills the body with its code; remove body")
	}
}

func (v *validator) header(path string, h *Header, names *parameterNames) {
	var kinds []string
	for _, m := range h.media() {
		if m.media != nil {
			kinds = append(kinds, m.kind)
			v.headerMedia(path+"."+m.kind, m.media, Kind(m.kind))
		}
	}
	if h.Text != nil {
		kinds = append(kinds, "text")
		if h.Text.Currency != nil || h.Text.DateTime != nil {
			v.wrong(path+".text", "must be a text")
		}
		v.parameter(path+".text", h.Text, names)
	}
	if l := h.Location; l != nil {
		kinds = append(kinds, "location")
		v.required(path+".location.latitude", l.Latitude, "degrees, such as 37.483307")
		v.required(path+".location.longitude", l.Longitude, "degrees, such as 122.148981")
		v.required(path+".location.name", l.Name, "what the place is called")
		v.required(path+".location.address", l.Address, "its address")
	}
	if p := h.Product; p != nil {
		kinds = append(kinds, "product")
		v.required(path+".product.product_retailer_id", p.RetailerID, "the product's SKU")
		v.required(path+".product.catalog_id", p.CatalogID, "the id of the catalogue")
	}
	if len(kinds) != 1 {
		v.wrong(path, "has %s; write exactly one of text, image, video, gif, document, location, product", countOf(kinds))
	}
}

func countOf(kinds []string) string {
	if len(kinds) == 0 {
		return "nothing in it"
	}
	return strings.Join(kinds, " and ")
}

func (v *validator) parameter(path string, p *Parameter, names *parameterNames) {
	kinds := 0
	for _, given := range []bool{p.Text != "", p.Currency != nil, p.DateTime != nil} {
		if given {
			kinds++
		}
	}
	if kinds == 0 {
		v.wrong(path, "is empty; write a text, a currency or a date_time")
		return
	}
	if kinds > 1 {
		v.wrong(path, "must be only one of text, currency and date_time")
		return
	}
	if p.Name == "" {
		names.unnamed = append(names.unnamed, path)
	} else {
		names.named = append(names.named, path)
		if p.Text == "" {
			v.wrong(path, "has a name, but only a text can have one")
		}
		if !all(p.Name, isNameByte) {
			v.wrong(path+".name", "%q is not a variable's name, which has only lower-case letters, digits and underscores", excerpt(p.Name))
		}
	}
	if p.DateTime != nil {
		v.required(path+".date_time.fallback_value", p.DateTime.FallbackValue, "the date as the recipient reads it")
	}
	if c := p.Currency; c != nil {
		v.required(path+".currency.fallback_value", c.FallbackValue, "the amount as the recipient reads it")
		v.required(path+".currency.code", c.Code, "the currency's three letters, such as EUR")
		if (c.Amount == "") == (c.Amount1000 == "") {
			v.wrong(path+".currency", "needs either amount (such as 12.50) or amount_1000 (12500), not both")
		}
	}
}

// together checks what a template never has at once, and what only some categories
// have (Meta, template components page; authentication templates page).
func (v *validator) together(path string, s *Step) {
	code := slices.ContainsFunc(s.Buttons, func(b Button) bool { return b.SubType == OTP })
	for _, part := range []struct {
		key   string
		given bool
	}{{"header", s.Header != nil}, {"buttons", len(s.Buttons) > 0}, {"limited_time_offer", s.LimitedTimeOffer != nil}} {
		if part.given && len(s.Carousel) > 0 {
			v.wrong(path+"."+part.key, "cannot stand beside a carousel; remove it, or put it into the cards")
		}
		if part.given && code && part.key != "buttons" {
			v.wrong(path+"."+part.key, "cannot stand beside an otp button; remove it")
		}
	}
	if code && len(s.Buttons) > 1 {
		v.wrong(path+".buttons", "an otp button is a template's only one; remove the others")
	}
	switch s.Category {
	case Utility, Authentication:
		if s.Header != nil && s.Header.GIF != nil {
			v.wrong(path+".header.gif", "stands only in templates of category marketing; take a video, or correct category")
		}
		if code && s.Category == Utility {
			v.wrong(path+".category", "must be authentication, because the template has an otp button")
		}
	case Marketing:
		if code {
			v.wrong(path+".category", "must be authentication, because the template has an otp button")
		}
	}
}

func (v *validator) carousel(path string, cards []Card, names *parameterNames) {
	if len(cards) > maxCards {
		v.wrong(path, "has %d cards, %d are allowed", len(cards), maxCards)
	}
	if len(cards) == 1 {
		v.wrong(path, "has one card; a carousel has at least two")
	}
	for i := range cards {
		at := fmt.Sprintf("%s[%d]", path, i)
		c := &cards[i]
		v.contents(at, c.Header, c.Body, c.Buttons, names)
		switch {
		case c.Header == nil || c.Header.Image == nil && c.Header.Video == nil && c.Header.Product == nil:
			v.wrong(at+".header", "a card needs an image, a video or a product")
		case cards[0].Header != nil && c.shape() != cards[0].shape():
			v.wrong(at, "differs from the first card; all cards need the same kind of header, texts and buttons")
		}
		for j, b := range c.Buttons {
			if b.SubType != QuickReply && b.SubType != URLButton {
				v.wrong(fmt.Sprintf("%s.buttons[%d].sub_type", at, j), "a card has buttons of sub_type quick_reply and url alone")
			}
		}
		if len(c.Buttons) > maxCardButtons {
			v.wrong(at+".buttons", "has %d buttons, a card has at most %d", len(c.Buttons), maxCardButtons)
		}
	}
}

// shape is what the cards of a carousel have in common.
func (c *Card) shape() string {
	var shape strings.Builder
	fmt.Fprint(&shape, c.Header.Image != nil, c.Header.Video != nil, c.Header.Product != nil, len(c.Body))
	for _, b := range c.Buttons {
		fmt.Fprint(&shape, b.Index, b.SubType)
	}
	return shape.String()
}
