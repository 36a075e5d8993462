package campaign

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" STOP! ":            "stop",
		"*_STOP_*":           "stop",
		"Arrêt":              "arret",
		"ＳＴＯＰ":               "stop",
		"Ⓢⓣⓞⓟ 𝐚𝐥𝐥":           "stop all",
		"Stop   promotions":  "stop promotions",
		"STOP 🛑":             "stop",
		"S\u200bT\u2060OP️":  "stop",
		"\u202bstop\u202c":   "stop",
		"s\u00adt\u034fop":   "stop",
		"mʼabonner":          "m abonner",
		"Straße":             "strasse",
		"Łódź":               "lodz",
		"Hủy đăng ký":        "huy dang ky",
		"œuvre, Ærø":         "oeuvre aero",
		"إلغاء":              "الغاء",
		"ٱلغاء":              "الغاء",
		"إلـغـاءٌ":           "الغاء",
		"الرسالة":            "الرساله",
		"على":                "علي",
		"ﺗﻮﻗﻒ":               "توقف",
		"הָסֵר":              "הסר",
		"退订。":                "退订",
		"ΣΤΟΠ ως":            "στοπ ωσ",
		"İPTAL":              "iptal",
		"ıptal":              "iptal",
		"बंद":                "बद",
		"बँद":                "बद",
		"बढ़ाएँ":             "बढाए",
		"करें":               "करे",
		"दो":                 "दो",
		"दु":                 "दु",
		"ไม่":                "ไม่",
		"ｽﾄｯﾌﾟ":              Plain("ストップ"),
		"수신\u3164거부":         Plain("수신거부"),
		"👍":                  "",
		"":                   "",
		"!?…\u200b\ufe0f\t ": "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		once := Plain(rapid.String().Draw(t, "text"))
		if twice := Plain(once); twice != once {
			t.Fatalf("%q became %q when it was made plain again", once, twice)
		}
	})
}

// TestPlainKeepsWordsApart: what is ignored must not make two words one.
func TestPlainKeepsWordsApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"कल", "कुल"},     // tomorrow, total
		{"ใช่", "ใช้"},    // yes, to use
		{"ปี", "ปู"},      // year, crab
		{"はす", "ばす"},      // lotus, bus
		{"かき", "かぎ"},      // oyster, key
		{"예", "네"},        // two ways to say yes
		{"stop", "stops"}, // another word
	} {
		if Plain(pair[0]) == Plain(pair[1]) {
			t.Errorf("%q and %q are one word", pair[0], pair[1])
		}
	}
}

func TestSameText(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"später", "SPAETER"}, {"spater", "Später!"}, {"Loschen", "löschen"}, {"Nei på", "nei paa"}, {"Smørrebrød", "smoerrebroed"},
		{"Größe", "groesse"}, {"sí, claro", "Si claro"}, {"हाँ", "हां"},
	} {
		if !sameText(pair[0], pair[1]) || !sameText(pair[1], pair[0]) {
			t.Errorf("%q is not %q", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"", ""}, {"👍", "👎"}, {"no", "now"}, {"un subscribe", "unsubscribe"}} {
		if sameText(pair[0], pair[1]) {
			t.Errorf("%q is %q", pair[0], pair[1])
		}
	}
}
