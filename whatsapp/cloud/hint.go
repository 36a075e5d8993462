package cloud

// Hint tells what to do about a refusal whose reason and code (0 for none) are
// on record; it is empty for one that is not in the tables.
func Hint(reason string, code int) string {
	for _, row := range codeTable {
		if row.Reason == reason && row.first <= code && code <= row.last {
			return row.Hint
		}
	}
	for _, v := range loose() {
		if v.Reason == reason {
			return v.Hint
		}
	}
	for _, row := range statusTable {
		if row.Reason == reason {
			return row.Hint
		}
	}
	return ""
}
