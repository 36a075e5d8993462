package campaign

// Barred says why a step may not be sent to a recipient, a number or a user ID, or
// returns an empty text. WhatsApp delivers no marketing to numbers of the United
// States since 1 April 2025 (Meta, per-user marketing template message limits), and
// no authentication templates to user IDs (Meta, business-scoped user IDs).
func (s Step) Barred(recipient string) string {
	switch {
	case s.Category == Marketing && IsUS(recipient):
		return "WhatsApp delivers no marketing to numbers of the United States"
	case s.Category == Authentication && LooksLikeUserID(recipient):
		return "WhatsApp delivers no authentication templates to user IDs; put the person's phone number into the list"
	}
	return ""
}

// MayBar reports whether there is a recipient to whom the step may not be sent.
func (s Step) MayBar() bool { return s.Category == Marketing || s.Category == Authentication }
