package contacts

import "unicode"

// narrow is how well half-width kana fit, which other encodings are read as.
const narrow = 0.85

// asianFit judges a run of bytes in one of the encodings of East Asia. They have
// thousands of characters, of which the first level, by each standard, holds those
// that people write: nearly all names are of them, and what is misread is hardly.
func (p codePage) asianFit(raw []byte, word []rune) float64 {
	if !scriptFits(word, p.script) || !halfWidthFits(word) {
		return no
	}
	sum, count := 0.0, 0
	for i := 0; i < len(raw); {
		lead := raw[i]
		if lead < 0x80 || p.name == "shift_jis" && lead >= 0xa1 && lead <= 0xdf {
			i++
			continue
		}
		if i+1 == len(raw) {
			return no
		}
		count++
		sum += p.level(lead, raw[i+1])
		i += 2
	}
	if count == 0 {
		return narrow
	}
	return sum / float64(count)
}

// level is how common a character of two bytes is in names.
// Sources: JIS X 0208, GB 2312, Big5, KS X 1001 and its extensions.
func (p codePage) level(lead, trail byte) float64 {
	within := func(low, high byte) bool { return lead >= low && lead <= high }
	switch p.name {
	case "shift_jis":
		return either(within(0x81, 0x84) || within(0x88, 0x98), within(0x99, 0x9f) || within(0xe0, 0xea))
	case "euc-jp":
		if lead == 0x8e { // half-width kana
			return narrow
		}
		return either(within(0xa1, 0xa5) || within(0xb0, 0xcf), within(0xd0, 0xf4))
	case "euc-kr":
		return either(within(0xb0, 0xc8) && trail >= 0xa1, within(0xa1, 0xaf) && trail >= 0xa1)
	case "gbk":
		return either((within(0xb0, 0xd7) || within(0xa1, 0xa3)) && trail >= 0xa1, within(0xd8, 0xf7) && trail >= 0xa1)
	}
	return either(within(0xa4, 0xc6) || within(0xa1, 0xa3), within(0xc9, 0xfe)) // Big5, with the characters of Hong Kong
}

// scriptFits reports whether the characters are those of a language, and Latin
// letters do not run into them.
func scriptFits(word []rune, s script) bool {
	for i, r := range word {
		if i > 0 && (r < 0x80) != (word[i-1] < 0x80) && (isSmall(r) || isSmall(word[i-1])) {
			return false
		}
		if r < 0x80 {
			continue
		}
		switch {
		case unicode.In(r, unicode.Greek, unicode.Cyrillic, unicode.Bopomofo), unicode.Is(unicode.Latin, r) && r < 0xff00:
			return false
		case s != japanese && unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return false
		case s == korean && unicode.Is(unicode.Han, r):
			return false
		}
	}
	return true
}

// halfWidthFits reports whether half-width kana make words of their own, with no
// signs among them and each mark on a kana that takes it: ｽｽﾞｷ.
func halfWidthFits(word []rune) bool {
	for i, r := range word {
		half := r >= 0xff61 && r <= 0xff9f
		before := rune(0)
		if i > 0 {
			before = word[i-1]
		}
		switch {
		case i > 0 && half != (before >= 0xff61 && before <= 0xff9f) && (half || before >= 0x80):
			return false
		case !half:
		case r <= 'ｦ' && r != '･', r >= 'ｧ' && r <= 'ｰ' && before == 0:
			return false
		case r == 'ﾞ' && before != 'ｳ' && (before < 'ｶ' || before > 'ﾄ') && (before < 'ﾊ' || before > 'ﾎ'), r == 'ﾟ' && (before < 'ﾊ' || before > 'ﾎ'):
			return false
		}
	}
	return true
}

// isSmall reports whether a rune is a small letter of ASCII.
func isSmall(r rune) bool { return r >= 'a' && r <= 'z' }
