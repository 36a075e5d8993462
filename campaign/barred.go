package campaign

// Barred says why a step may not be sent to a recipient, a number or a user ID, or
// returns an empty text. WhatsApp delivers no marketing to numbers of the United
// States since 1 April 2025 (Meta, per-user marketing template message limits), and
// no authentication templates to user IDs (Meta, business-scoped user IDs). Both are
// about templates, but a free-form step that may end as such a template is held back
// as a whole.
func (s Step) Barred(recipient string) string {
	part := s.TemplatePart()
	switch {
	case part == nil:
	case part.Category == Marketing && IsUS(recipient):
		return "WhatsApp delivers no marketing to numbers of the United States"
	case part.Category == Authentication && LooksLikeUserID(recipient):
		return "WhatsApp delivers no authentication templates to user IDs; put the person's phone number into the list"
	}
	return ""
}

// MayBar reports whether there is a recipient to whom the step may not be sent.
func (s Step) MayBar() bool {
	part := s.TemplatePart()
	return part != nil && (part.Category == Marketing || part.Category == Authentication)
}
