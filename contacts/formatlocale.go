package contacts

import (
	"strconv"
	"strings"
)

// locale is whose names of months and separators a date has.
type locale struct {
	// language is a code such as de; empty for English.
	language string
	// unknown says that it is another language than those whose names are known.
	unknown bool
	// system says that the date is written as the machine of the reader does.
	system bool
}

// parseLocale reads what stands behind the hyphen in [$€-407] or [$-de-DE]: a
// Windows language id, in hexadecimal (Microsoft, MS-LCID), or a tag.
// It is not ok for one with another calendar or other digits.
func parseLocale(where string) (l locale, ok bool) {
	where, _, _ = strings.Cut(strings.ToLower(where), ",")
	switch where {
	case "":
		return locale{}, true
	case "f800", "f400", "x-sysdate", "x-systime":
		return locale{system: true}, true
	}
	if language, _, isTag := strings.Cut(where, "-"); isTag {
		return localeOf(language, true), true
	}
	id, err := strconv.ParseUint(where, 16, 32)
	if err != nil || id > 0xffff {
		return locale{}, false
	}
	const primary = 0x3ff
	language, usual := "other", true
	switch id & primary {
	case 0x00, 0x02, 0x09: // none, the euro sign's own id, English
		return locale{}, true
	case 0x07:
		language, usual = "de", id == 0x407
	case 0x0a:
		language, usual = "es", id == 0x40a || id == 0xc0a
	case 0x0c:
		language, usual = "fr", id == 0x40c
	case 0x10:
		language, usual = "it", id == 0x410
	case 0x13:
		language, usual = "nl", id == 0x413
	case 0x16:
		language, usual = "pt", id == 0x416 || id == 0x816
	}
	return localeOf(language, usual), true
}

// localeOf is a locale whose names are known, or one that says that they are
// not. Some countries of a language have other separators than usual.
func localeOf(language string, usual bool) locale {
	if language == "en" {
		return locale{}
	}
	if _, known := namesIn(language); !known || !usual {
		return locale{unknown: true}
	}
	return locale{language: language}
}

// dateNames are the words of a language's dates, and what stands between their
// parts.
type dateNames struct {
	months, shortMonths, days, shortDays []string // from January, from Sunday
	separator                            string
}

// namesIn has the words as Excel writes them in a language.
func namesIn(language string) (dateNames, bool) {
	var lists [4]string
	separator := "/"
	switch language {
	case "":
		lists = [4]string{"January February March April May June July August September October November December",
			"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
			"Sunday Monday Tuesday Wednesday Thursday Friday Saturday", "Sun Mon Tue Wed Thu Fri Sat"}
	case "de":
		lists = [4]string{"Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
			"Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
			"Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag", "So Mo Di Mi Do Fr Sa"}
		separator = "."
	case "es":
		lists = [4]string{"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
			"ene feb mar abr may jun jul ago sep oct nov dic",
			"domingo lunes martes miércoles jueves viernes sábado", "dom lun mar mié jue vie sáb"}
	case "fr":
		lists = [4]string{"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
			"janv févr mars avr mai juin juil août sept oct nov déc",
			"dimanche lundi mardi mercredi jeudi vendredi samedi", "dim lun mar mer jeu ven sam"}
	case "it":
		lists = [4]string{"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
			"gen feb mar apr mag giu lug ago set ott nov dic",
			"domenica lunedì martedì mercoledì giovedì venerdì sabato", "dom lun mar mer gio ven sab"}
	case "nl":
		lists = [4]string{"januari februari maart april mei juni juli augustus september oktober november december",
			"jan feb mrt apr mei jun jul aug sep okt nov dec",
			"zondag maandag dinsdag woensdag donderdag vrijdag zaterdag", "zo ma di wo do vr za"}
		separator = "-"
	case "pt":
		lists = [4]string{"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
			"jan fev mar abr mai jun jul ago set out nov dez",
			"domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado", "dom seg ter qua qui sex sáb"}
	default:
		return dateNames{}, false
	}
	words := func(i int) []string { return strings.Fields(lists[i]) }
	return dateNames{words(0), words(1), words(2), words(3), separator}, true
}
