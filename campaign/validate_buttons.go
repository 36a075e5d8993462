package campaign

import (
	"fmt"
	"slices"
	"strings"
)

func (v *validator) buttons(path string, buttons []Button) {
	if len(buttons) > maxButtons {
		v.wrong(path, "has %d buttons, %d are allowed", len(buttons), maxButtons)
	}
	urls := 0
	seen := make(map[int]int)
	for i := range buttons {
		at := fmt.Sprintf("%s[%d]", path, i)
		b := &buttons[i]
		if earlier, twice := seen[b.Index]; twice {
			v.wrong(at+".index", "is %d, the same as in buttons[%d]; count the template's buttons from 0", b.Index, earlier)
		}
		seen[b.Index] = i
		if b.Index < 0 || b.Index >= maxButtons {
			v.wrong(at+".index", "is %d; a template's buttons are counted from 0 to %d", b.Index, maxButtons-1)
		}
		if b.SubType == URLButton || b.SubType == OTP {
			urls++
		}
		if b.SubType == OTP && b.Index != 0 {
			v.wrong(at+".index", "must be 0 for an otp button")
		}
		v.button(at, b)
	}
	if urls > maxURLButtons {
		v.wrong(path, "has %d URL buttons, %d are allowed", urls, maxURLButtons)
	}
	v.single(path, buttons)
	v.contiguous(path, buttons)
}

// single wants those buttons once of which a template has one (Meta, template
// components page).
func (v *validator) single(path string, buttons []Button) {
	first := make(map[ButtonType]int)
	for i, b := range buttons {
		switch b.SubType {
		case CopyCode, OTP, Catalog, MultiProduct, OrderDetails:
			if earlier, twice := first[b.SubType]; twice {
				v.wrong(fmt.Sprintf("%s[%d].sub_type", path, i), "is %s, as that of buttons[%d]; a template has one of them", b.SubType, earlier)
				continue
			}
			first[b.SubType] = i
		}
	}
}

// contiguous wants no other button between quick replies: templates have those
// together (Meta, template components page).
func (v *validator) contiguous(path string, buttons []Button) {
	low, high := maxButtons, -1
	for _, b := range buttons {
		if b.SubType == QuickReply {
			low, high = min(low, b.Index), max(high, b.Index)
		}
	}
	for i, b := range buttons {
		if b.SubType != QuickReply && low < b.Index && b.Index < high {
			v.wrong(fmt.Sprintf("%s[%d].index", path, i), "is %d, between quick replies; a template has its quick replies together", b.Index)
		}
	}
}

// buttonKey is a key of a button: which kinds have it, and whether it is given.
type buttonKey struct {
	name  string
	given bool
	// needs and takes are the kinds that cannot do without the key and those
	// that can.
	needs, takes []ButtonType
}

func (b *Button) keys() []buttonKey {
	return []buttonKey{
		{"payload", b.Payload != "", []ButtonType{QuickReply}, nil},
		{"text", b.Text != "", []ButtonType{URLButton}, nil},
		{"coupon_code", b.CouponCode != "", []ButtonType{CopyCode}, nil},
		{"code", b.Code != "", []ButtonType{OTP}, nil},
		{"flow_token", b.FlowToken != "", nil, []ButtonType{Flow}},
		{"flow_action_data", len(b.FlowActionData) > 0, nil, []ButtonType{Flow}},
		{"thumbnail_product_retailer_id", b.Thumbnail != "", []ButtonType{MultiProduct}, []ButtonType{Catalog}},
		{"sections", len(b.Sections) > 0, []ButtonType{MultiProduct}, nil},
		{"order_details", len(b.OrderDetails) > 0, []ButtonType{OrderDetails}, nil},
	}
}

func (v *validator) button(path string, b *Button) {
	kinds := []ButtonType{QuickReply, URLButton, CopyCode, OTP, Flow, Catalog, MultiProduct, OrderDetails}
	if !slices.Contains(kinds, b.SubType) {
		v.wrong(path+".sub_type", "%q is not a sub_type; write quick_reply, url, copy_code, otp, flow, catalog, mpm or order_details, and leave out buttons without parameters, such as phone numbers", b.SubType)
		return
	}
	for _, key := range b.keys() {
		needed := slices.Contains(key.needs, b.SubType)
		switch {
		case key.given && !needed && !slices.Contains(key.takes, b.SubType):
			v.wrong(path+"."+key.name, "does not belong to sub_type %s; remove it", b.SubType)
		case needed && !key.given:
			v.wrong(path+"."+key.name, "is missing; sub_type %s needs it", b.SubType)
		}
	}
	v.sections(path+".sections", b.Sections)
}

func (v *validator) sections(path string, sections []Section) {
	if len(sections) > maxSections {
		v.wrong(path, "has %d sections, %d are allowed", len(sections), maxSections)
	}
	products := 0
	for i, s := range sections {
		at := fmt.Sprintf("%s[%d]", path, i)
		v.required(at+".title", s.Title, "the section's title")
		if len(s.Products) == 0 {
			v.wrong(at+".product_items", "is missing; list at least one SKU")
		}
		products += len(s.Products)
		for j, sku := range s.Products {
			if strings.TrimSpace(sku) == "" {
				v.wrong(fmt.Sprintf("%s.product_items[%d]", at, j), "is empty; write a SKU")
			}
		}
	}
	if products > maxProducts {
		v.wrong(path, "has %d products, %d are allowed", products, maxProducts)
	}
}
