package campaign

// Parameter fills one variable of a template. It is a text, a currency or a
// date; a file may write the text alone in its place.
type Parameter struct {
	// Text is what the variable says, at most 1,024 characters.
	Text string `yaml:"text" json:"text,omitempty"`
	// Name is the variable's name where the template has named ones. All texts
	// of a template have a name, or none has.
	Name string `yaml:"name" json:"name,omitempty"`
	// Currency is an amount of money.
	Currency *Currency `yaml:"currency" json:"currency,omitempty"`
	// DateTime is a date as the recipient reads it.
	DateTime *DateTime `yaml:"date_time" json:"date_time,omitempty"`
}

// Currency is an amount of money, in thousandths or in units, never both.
type Currency struct {
	// FallbackValue is the amount as text; it is what most recipients see.
	FallbackValue string `yaml:"fallback_value" json:"fallback_value"`
	// Code is the ISO 4217 code, three letters.
	Code string `yaml:"code" json:"code"`
	// Amount1000 is the amount in thousandths, a whole number.
	Amount1000 string `yaml:"amount_1000" json:"amount_1000,omitempty"`
	// Amount is the amount in units as people write it: 1,234.50.
	Amount string `yaml:"amount" json:"amount,omitempty"`
}

// DateTime is a date. The Cloud API shows its text and ignores all else.
type DateTime struct {
	FallbackValue string `yaml:"fallback_value" json:"fallback_value"`
}

// Header is the part above the body: exactly one of its fields is given. A
// file may write a text alone in its place.
type Header struct {
	// Text fills the header's one variable, at most 60 characters.
	Text     *Parameter `yaml:"text" json:"text,omitempty"`
	Image    *Media     `yaml:"image" json:"image,omitempty"`
	Video    *Media     `yaml:"video" json:"video,omitempty"`
	GIF      *Media     `yaml:"gif" json:"gif,omitempty"`
	Document *Media     `yaml:"document" json:"document,omitempty"`
	Location *Location  `yaml:"location" json:"location,omitempty"`
	Product  *Product   `yaml:"product" json:"product,omitempty"`
}

// Media points at a picture, video or document: by exactly one of link, id and
// file.
type Media struct {
	// Link is a public http or https address. A column at its beginning is
	// taken as a piece of URL, one further on as a value: see Button.Text.
	Link string `yaml:"link" json:"link,omitempty"`
	// ID is what the provider called the file when it was uploaded.
	ID string `yaml:"id" json:"id,omitempty"`
	// File is the name of a file that comes with the campaign; it is uploaded once
	// for each number.
	File string `yaml:"file" json:"file,omitempty"`
	// Caption stands below a picture, video or document that is no template's.
	Caption string `yaml:"caption" json:"caption,omitempty"`
	// Filename is the name a document is shown under.
	Filename string `yaml:"filename" json:"filename,omitempty"`
}

// Location is a place on the map. The provider wants all four.
type Location struct {
	// Latitude and Longitude are degrees, such as 37.483307.
	Latitude  string `yaml:"latitude" json:"latitude"`
	Longitude string `yaml:"longitude" json:"longitude"`
	Name      string `yaml:"name" json:"name"`
	Address   string `yaml:"address" json:"address"`
}

// Product is an item of a catalogue.
type Product struct {
	RetailerID string `yaml:"product_retailer_id" json:"product_retailer_id"`
	CatalogID  string `yaml:"catalog_id" json:"catalog_id"`
}

// Button fills what a button leaves open. Buttons that leave nothing open,
// such as a phone number, are not listed.
type Button struct {
	// Index is the button's place in the template, 0 being the first.
	Index int `yaml:"index" json:"index"`
	// SubType is the button's kind; it decides which of the fields below are
	// given.
	SubType ButtonType `yaml:"sub_type" json:"sub_type"`
	// Payload comes back when a quick reply is pressed, at most 128
	// characters.
	Payload string `yaml:"payload" json:"payload,omitempty"`
	// Text is what follows the fixed part of a URL. It is percent-encoded: a
	// column that stands alone is taken as a piece of URL, so that its
	// slashes and question marks keep their meaning; one beside other text is
	// a value, of which all but letters, digits and -_.~ is encoded.
	Text string `yaml:"text" json:"text,omitempty"`
	// CouponCode is what a copy_code button copies: at most 20 letters and
	// digits.
	CouponCode string `yaml:"coupon_code" json:"coupon_code,omitempty"`
	// Code is the one-time password of an otp button, at most 15 characters.
	// It fills the body as well.
	Code string `yaml:"code" json:"code,omitempty"`
	// FlowToken identifies the flow's session; "unused" when empty.
	FlowToken string `yaml:"flow_token" json:"flow_token,omitempty"`
	// FlowActionData is handed to the flow's first screen.
	FlowActionData map[string]any `yaml:"flow_action_data" json:"flow_action_data,omitempty"`
	// Thumbnail is the product whose picture heads a catalog or mpm message.
	Thumbnail string `yaml:"thumbnail_product_retailer_id" json:"thumbnail_product_retailer_id,omitempty"`
	// Sections are the products of an mpm message.
	Sections []Section `yaml:"sections" json:"sections,omitempty"`
	// OrderDetails are the order that an order_details button has people pay, word
	// for word as the provider's page on payments has it.
	OrderDetails map[string]any `yaml:"order_details" json:"order_details,omitempty"`
}

// ButtonType is the kind of a button.
type ButtonType string

// The buttons that take something when a message is sent. OTP is written to
// the provider as a URL button: that is how it stores all of its one-time
// password buttons.
const (
	QuickReply   ButtonType = "quick_reply"
	URLButton    ButtonType = "url"
	CopyCode     ButtonType = "copy_code"
	OTP          ButtonType = "otp"
	Flow         ButtonType = "flow"
	Catalog      ButtonType = "catalog"
	MultiProduct ButtonType = "mpm"
	OrderDetails ButtonType = "order_details"
)

// Section is a titled group of products.
type Section struct {
	// Title has at most 24 characters.
	Title string `yaml:"title" json:"title"`
	// Products are the retailer's ids (SKUs).
	Products []string `yaml:"product_items" json:"product_items"`
}

// LimitedTimeOffer is the end of an offer, shown as a countdown.
type LimitedTimeOffer struct {
	// ExpirationTime is a time in RFC 3339, or Unix time in milliseconds.
	ExpirationTime string `yaml:"expiration_time_ms" json:"expiration_time_ms"`
}

// Card is one card of a carousel. All cards of a carousel have the same shape.
type Card struct {
	// Header is an image, a video or a product.
	Header  *Header     `yaml:"header" json:"header"`
	Body    []Parameter `yaml:"body" json:"body,omitempty"`
	Buttons []Button    `yaml:"buttons" json:"buttons,omitempty"`
}
