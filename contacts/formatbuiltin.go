package contacts

// builtinFormat is the code of a number format that a workbook names by its id
// alone (ECMA-376, part 1, 18.8.30). Days whose form is that of the reader's
// machine have the code of one; currencies of the machine are not known.
func builtinFormat(id int) (code string, known bool) {
	const (
		systemDate = "[$-F800]yyyy"
		systemTime = "[$-F400]h"
	)
	codes := map[int]string{
		0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
		14: systemDate, 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
		22: systemDate, 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)",
		41: `_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)`, 43: `_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)`,
		45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
	}
	switch { // of East Asia, each in the form of its country
	case id >= 32 && id <= 35, id == 55, id == 56:
		return systemTime, true
	case id >= 27 && id <= 36, id >= 50 && id <= 58:
		return systemDate, true
	}
	code, known = codes[id]
	return code, known
}
