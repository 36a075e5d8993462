package campaign

// MarketingMessages sends a step by the provider's endpoint for marketing
// messages, which decides itself to whom and when an offer is delivered (Meta,
// Marketing Messages API).
type MarketingMessages struct {
	// ProductPolicy says what happens if the account may not use the endpoint yet;
	// empty leaves it to the provider, which takes CloudAPIFallback.
	ProductPolicy ProductPolicy `yaml:"product_policy" json:"product_policy,omitempty"`
	// ActivitySharing lets Meta use what people do with the message; nil leaves it
	// to the account's setting.
	ActivitySharing *bool `yaml:"message_activity_sharing" json:"message_activity_sharing,omitempty"`
}

// ProductPolicy says how a message goes out from an account that may not use the
// endpoint for marketing messages yet.
type ProductPolicy string

const (
	// CloudAPIFallback sends it as any other message.
	CloudAPIFallback ProductPolicy = "CLOUD_API_FALLBACK"
	// Strict refuses it.
	Strict ProductPolicy = "STRICT"
)

// marketingMessages wants an offer and a policy that there is.
func (v *validator) marketingMessages(path string, s *Step) {
	if s.MarketingMessages == nil {
		return
	}
	if s.Category != Marketing {
		v.wrong(path+".marketing_messages", "takes only templates of category: marketing; write that category, or remove this key")
	}
	switch policy := s.MarketingMessages.ProductPolicy; policy {
	case "", CloudAPIFallback, Strict:
	default:
		v.wrong(path+".marketing_messages.product_policy", "%q is not a policy; write CLOUD_API_FALLBACK or STRICT", excerpt(string(policy)))
	}
}
