package contacts

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// script is a family of code pages: those of the languages that are written with
// the same letters.
type script int8

const (
	western script = iota
	nordic         // of Iceland and the Faroes
	estonian
	central
	baltic
	turkish
	vietnamese
	cyrillic
	balkan // Cyrillic of Serbia and its neighbours
	greek
	hebrew
	arabic
	thai
	japanese
	korean
	simplified
	traditional
	scripts
)

// scriptsOf are the scripts that the machines of a country write, by its calling
// code (ITU-T E.164). A country that is not named here writes Western ones.
func scriptsOf(callingCode string) []script {
	switch callingCode {
	case "7", "375", "380", "359", "992", "996":
		return []script{cyrillic}
	case "381", "382", "387":
		return []script{central, balkan}
	case "389":
		return []script{balkan}
	case "48", "420", "421", "36", "40", "385", "386", "355", "383":
		return []script{central}
	case "354", "298":
		return []script{nordic, western}
	case "370", "371":
		return []script{baltic}
	case "372":
		return []script{baltic, estonian}
	case "373":
		return []script{central, cyrillic}
	case "90", "994":
		return []script{turkish}
	case "84":
		return []script{vietnamese}
	case "30", "357":
		return []script{greek}
	case "972":
		return []script{hebrew, arabic}
	case "20", "962", "963", "964", "965", "966", "967", "968", "970", "971", "973", "974", "218", "249", "98", "92", "93":
		return []script{arabic}
	case "212", "213", "216", "961", "222", "253":
		return []script{arabic, western}
	case "66":
		return []script{thai}
	case "81":
		return []script{japanese}
	case "82":
		return []script{korean}
	case "86":
		return []script{simplified}
	case "65", "60":
		return []script{western, simplified}
	case "886", "852", "853":
		return []script{traditional}
	}
	return []script{western}
}

// countries counts the numbers of a list by the scripts of their countries.
type countries struct {
	numbers int
	of      [scripts]int
}

func (c *countries) add(callingCode string) {
	c.numbers++
	for _, s := range scriptsOf(callingCode) {
		c.of[s]++
	}
}

// write reports whether nearly all numbers are of countries with a script.
func (c *countries) write(s script) bool {
	const nearly = 0.8
	return c.numbers > 0 && float64(c.of[s]) >= nearly*float64(c.numbers)
}

// callingCode is the code at the beginning of a number's digits, of which there may
// be too few.
func callingCode(digits string) string {
	const longest = 3
	for n := 1; n <= longest && n <= len(digits); n++ {
		code, err := strconv.Atoi(digits[:n])
		if err == nil && phonenumbers.GetRegionCodeForCountryCode(code) != "ZZ" {
			return digits[:n]
		}
	}
	return ""
}
