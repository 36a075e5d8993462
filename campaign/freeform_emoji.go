package campaign

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Signs that join or change an emoji (Unicode, UTS 51).
const (
	joiner       = '\u200d'
	emojiStyle   = '\ufe0f'
	keycap       = '\u20e3'
	lightestSkin = '\U0001f3fb'
	darkestSkin  = '\U0001f3ff'
	firstFlag    = '\U0001f1e6'
	lastFlag     = '\U0001f1ff'
	firstTag     = '\U000e0020'
	lastTag      = '\U000e007f'
)

// pictures are the blocks of Unicode that emojis are in. They hold some signs that
// are none.
var pictures = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xa9, 0xae, 5}, {0x203c, 0x203c, 1}, {0x2049, 0x2049, 1}, {0x2122, 0x2122, 1}, {0x2139, 0x2139, 1}, {0x2194, 0x21aa, 1},
		{0x231a, 0x23ff, 1}, {0x24c2, 0x24c2, 1}, {0x25aa, 0x25fe, 1}, {0x2600, 0x27bf, 1}, {0x2934, 0x2935, 1}, {0x2b05, 0x2b55, 1},
		{0x3030, 0x3030, 1}, {0x303d, 0x303d, 1}, {0x3297, 0x3299, 2},
	},
	R32:         []unicode.Range32{{0x1f000, 0x1f1e5, 1}, {0x1f200, 0x1faff, 1}},
	LatinOffset: 1,
}

func parseEmoji(text string) (string, error) {
	if rest := cutEmoji(text); rest == text || rest != "" {
		return "", fmt.Errorf("%q is not one emoji; write one, such as 👍", excerpt(text))
	}
	return text, nil
}

// cutEmoji is the text behind the emoji that it begins with; the whole text where
// it begins with none.
func cutEmoji(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	rest := text[size:]
	switch {
	case first >= firstFlag && first <= lastFlag:
		second, size := utf8.DecodeRuneInString(rest)
		if second < firstFlag || second > lastFlag {
			return text
		}
		return rest[size:]
	case first >= '0' && first <= '9' || first == '#' || first == '*':
		rest = cutRune(rest, func(r rune) bool { return r == emojiStyle })
		if after := cutRune(rest, func(r rune) bool { return r == keycap }); after != rest {
			return after
		}
		return text
	case !unicode.Is(pictures, first):
		return text
	}
	rest = cutRune(rest, func(r rune) bool { return r == emojiStyle || r >= lightestSkin && r <= darkestSkin })
	rest = strings.TrimLeftFunc(rest, func(r rune) bool { return r >= firstTag && r <= lastTag })
	if joined := cutRune(rest, func(r rune) bool { return r == joiner }); joined != rest {
		if after := cutEmoji(joined); after != joined {
			return after
		}
	}
	return rest
}

// cutRune takes away the first character where it is of a kind.
func cutRune(text string, is func(rune) bool) string {
	if r, size := utf8.DecodeRuneInString(text); size > 0 && is(r) {
		return text[size:]
	}
	return text
}
