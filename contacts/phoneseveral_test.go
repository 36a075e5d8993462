package contacts

import (
	"strings"
	"testing"

	"carillon/campaign"
)

func TestSeveralNumbersInACell(t *testing.T) {
	const a, b = "+44 7911 123456", "+44 7911 123457"
	between := []string{" ::: ", ":::", ";", "; ", ",", ", ", "/", " / ", "|", " | ", "&", " & ", " or ", " and ", " oder ", " und ", " y ", " o ", " e ", " ou ", " et ",
		" или ", "\n", "\r\n", "\u2028", " ", "  ", "\t", " - ", " – ", "、", "，", "；", "／", " · ", " + ", "\\", " * ", " (alt) ", ", mobile: ", " then "}
	for _, sep := range between {
		texts := []string{a + sep + b, "00447911123456" + sep + "00447911123457", "07911 123456" + sep + "07911 123457"}
		switch strings.TrimSpace(sep) { // digits in groups do not tell where the first number ends
		case "", "·":
			if sep != "\n" && sep != "\r\n" && sep != "\u2028" {
				texts[2] = "07911123456" + sep + "07911123457"
			}
		case "–", "+":
			texts = texts[:1]
		}
		if sep == " · " {
			texts = texts[:1]
		}
		for _, text := range texts {
			for _, region := range []string{"", "GB"} {
				e164, verdict, detail := ParsePhone(text, campaign.ContactOptions{DefaultRegion: region})
				if e164 != "" || verdict != campaign.Invalid || !strings.Contains(detail, "holds more than one number") {
					t.Errorf("%q in %q: %s, %s, %s", text, region, e164, verdict, detail)
				}
			}
		}
	}
	for _, text := range []string{"+44 7911 123456 / +44 7911 123457 / +44 7911 123458", "Mobile +44 7911 123456 Work +44 7911 123457",
		"07911123456-07911123457", "07911123456.07911123457", "447911123456–447911123457", "tel:+447911123456 tel:+447911123457", "https://wa.me/447911123456, https://wa.me/447911123457"} {
		if _, verdict, detail := ParsePhone(text, campaign.ContactOptions{}); verdict != campaign.Invalid || !strings.Contains(detail, "more than one") {
			t.Errorf("%q: %s, %s", text, verdict, detail)
		}
	}
}

func TestOneNumberIsNotTakenForSeveral(t *testing.T) {
	for _, c := range []struct {
		text, region, e164 string
		verdict            campaign.Verdict
	}{
		{"030/1234567", "DE", "+49301234567", campaign.NotMobile},
		{"0151/23018622", "DE", "+4915123018622", campaign.OK},
		{"+49 151/230/18622", "", "+4915123018622", campaign.OK},
		{"+49 (0)151 / 23018622", "", "+4915123018622", campaign.OK},
		{"+44 7911\n123456", "", "+447911123456", campaign.OK},
		{"+44\n7911 123456\n", "", "+447911123456", campaign.OK},
		{"+55 11 96123/4567", "", "+5511961234567", campaign.OK},
	} {
		if e164, verdict, detail := ParsePhone(c.text, campaign.ContactOptions{DefaultRegion: c.region}); e164 != c.e164 || verdict != c.verdict {
			t.Errorf("%q: %s, %s, %s; want %s", c.text, e164, verdict, detail, c.e164)
		}
	}
	for text, why := range map[string]string{
		"+44 7911 123456 / 7": "after the number", "+44 7911 123456/57": "after the number", "+49 30 123456 / 78": "after the number",
		"+49 30 1234567 / 4568": "after the number", "+44 7911 123456, 7": "','", "+44 7911 123456;ext=7": "extension", "+1 201 503 0326 ext. 12": "extension",
		"+44 7911 123456 #12": "extension", "+44 7911 123456 x 1234": "extension", "+44 7911 123456 & Co": "'&'", "+44 7911 123456:7": "':'",
	} {
		if e164, verdict, detail := ParsePhone(text, campaign.ContactOptions{}); e164 != "" || verdict != campaign.Invalid || !strings.Contains(detail, why) || strings.Contains(detail, "more than one") {
			t.Errorf("%q: %s, %s, %s; want %s", text, e164, verdict, detail, why)
		}
	}
}
