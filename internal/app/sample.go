package app

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"carillon/campaign"
	"carillon/whatsapp"
)

// sampleButtons is the line of the sample campaign that not every provider can send.
const sampleButtons = `    buttons: [{index: 0, sub_type: quick_reply, payload: "track-{{Order ID}}"}]
`

const sampleCampaign = `name: demo
channel: main
steps:
  - template: order_update
    category: utility
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}", "{{Order ID}}", "{{Amount}}"]
` + sampleButtons + `  - after: delivered
    template: order_feedback
    category: utility
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}"]
`

// sampleName is a name with the language its bearer reads and a mobile number
// of that country, whose last six digits are drawn.
type sampleName struct{ name, language, prefix string }

func sampleNames() []sampleName {
	return []sampleName{
		{"Jürgen Groß", "de", "+4915123"},
		{"Siân O'Brien", "en_GB", "+447400"},
		{"Iñaki Peña", "es", "+34612"},
		{"Zoë Lefèvre", "fr", "+336124"},
		{"Nicolò D'Amico", "it", "+393123"},
		{"Łucja Źródło", "pl_PL", "+48512"},
		{"João Conceição", "pt_BR", "+551196"},
		{"Şule Çağlar", "tr", "+905012"},
		{"Олександра Ґудзь", "uk", "+380501"},
		{"Әйгерім Нұрлан", "kk", "+77710"},
		{"Μαρία Ξένου", "el", "+306912"},
		{"نورا العلي", "ar", "+971501"},
		{"פנינה לוי", "he", "+972502"},
		{"अनन्या शर्मा", "hi", "+918123"},
		{"আনিকা দাস", "bn", "+880181"},
		{"ณัฐวุฒิ ใจดี", "th", "+66812"},
		{"田中 さくら", "ja", "+819012"},
		{"김하늘", "ko", "+821020"},
		{"陳美玲", "zh_TW", "+886912"},
		{"Nguyễn Thị Ánh", "vi", "+84912"},
		{"Adaeze 🌻 Okafor", "en", "+234802"},
		{"", "", "+628127"},
	}
}

// sampleFor is the sample campaign as a kind of provider can send it.
func sampleFor(spec whatsapp.Spec) (string, error) {
	definition, err := campaign.Parse([]byte(sampleCampaign))
	if err != nil {
		return "", err
	}
	for i := range definition.Steps {
		if spec.Supports(&definition.Steps[i]) != nil {
			return strings.Replace(sampleCampaign, sampleButtons, "", 1), nil
		}
	}
	return sampleCampaign, nil
}

// sampleTemplates are the templates of the sample campaign in all languages of the
// sample list.
func sampleTemplates() []campaign.Approved {
	const reply = `,{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Track"}]}`
	languages := []string{"en_US"}
	for _, who := range sampleNames() {
		if who.language != "" {
			languages = append(languages, who.language)
		}
	}
	var all []campaign.Approved
	for _, language := range languages {
		for name, components := range map[string]string{
			"order_update":   `[{"type":"BODY","text":"Hello {{1}}, your order {{2}} of {{3}} is on its way."}` + reply + `]`,
			"order_feedback": `[{"type":"BODY","text":"Hello {{1}}, are you happy with your order?"}]`,
		} {
			all = append(all, campaign.Approved{
				TemplateName: campaign.TemplateName{Name: name, Language: language}, Category: campaign.Utility, Status: campaign.StatusApproved,
				Components: json.RawMessage(components),
			})
		}
	}
	return all
}

// writeSample writes a campaign and a sample list of n people into a folder.
func writeSample(folder, text string, n int) (definition, contacts string, err error) {
	definition = filepath.Join(folder, "campaign.yaml")
	contacts = filepath.Join(folder, "contacts.csv")
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		return "", "", err
	}
	file, err := os.OpenFile(contacts, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	list := csv.NewWriter(file)
	rows := [][]string{{"Full Name", "Phone Number", "Language", "Order ID", "Amount"}}
	names := sampleNames()
	for i := range n {
		who := names[i%len(names)]
		rows = append(rows, []string{
			who.name, who.prefix + lastDigits(who.prefix, i), who.language,
			fmt.Sprintf("A-%06d", i), strconv.Itoa(i%90+10) + ".50",
		})
	}
	return definition, contacts, list.WriteAll(rows)
}

// lastDigits completes a number of a country to the length that its plan asks
// for.
func lastDigits(prefix string, i int) string {
	length := map[string]int{
		"+4915123": 6, "+447400": 6, "+34612": 6, "+336124": 5, "+393123": 6, "+48512": 6, "+551196": 7, "+905012": 6,
		"+380501": 6, "+77710": 6, "+306912": 6, "+971501": 6, "+972502": 6, "+918123": 6, "+880181": 7, "+66812": 6,
		"+819012": 6, "+821020": 6, "+886912": 6, "+84912": 6, "+234802": 7, "+628127": 6,
	}[prefix]
	return fmt.Sprintf("%0*d", length, i+1)
}
