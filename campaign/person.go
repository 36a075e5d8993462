package campaign

// Person is the key under which one person is known, however their number is
// written: the E.164 number with the national twins of three countries folded.
// A wa_id, which providers tell without the plus, is passed as "+" and its
// digits. Anything that is no such twin is returned as it is, and folding
// twice changes nothing.
//
//	country    twins                            the form that is kept
//	Brazil     +55 AA 9NNNN NNNN, +55 AA NNNN…  with the ninth digit
//	Mexico     +52 1 NN…, +52 NN…               without the legacy 1
//	Argentina  +54 9 NN…, +54 NN…               without the mobile 9
//
// Brazil's old form has a twin only where its first digit is 6 to 9: those were
// the mobile numbers before the ninth digit came, 2 to 5 are fixed lines
// (Anatel, resolution 553 of 2010).
func Person(e164 string) string {
	const (
		brazilOld    = len("+55") + 10
		mexicoOld    = len("+52") + 11
		argentineNew = len("+54") + 11
	)
	if len(e164) < len("+55") {
		return e164
	}
	switch prefix, rest := e164[:3], e164[3:]; {
	case prefix == "+55" && len(e164) == brazilOld && rest[2] >= '6' && rest[2] <= '9':
		return prefix + rest[:2] + "9" + rest[2:]
	case prefix == "+52" && len(e164) == mexicoOld && rest[0] == '1':
		return prefix + rest[1:]
	case prefix == "+54" && len(e164) == argentineNew && rest[0] == '9':
		return prefix + rest[1:]
	}
	return e164
}
