package cloud

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/whatsapp"
)

func TestBody(t *testing.T) {
	components := `[{"type":"body","parameters":[{"type":"text","text":"Ren\u00e9 \/ <b>"}]}]`
	for name, test := range map[string]struct {
		message whatsapp.Message
		want    string
	}{
		"whole": {
			whatsapp.Message{To: "+447700900123", Reference: "4503599627370512.1", Template: campaign.Template{
				Name: "spring_offer", Language: "en_GB", Components: json.RawMessage(components),
			}},
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+447700900123","type":"template",` +
				`"biz_opaque_callback_data":"4503599627370512.1",` +
				`"template":{"name":"spring_offer","language":{"code":"en_GB"},"components":` + components + `}}`,
		},
		"to a user ID": {
			whatsapp.Message{UserID: "US.13491208655302741918", Template: campaign.Template{Name: "hello", Language: "en"}},
			`{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"US.13491208655302741918","type":"template",` +
				`"template":{"name":"hello","language":{"code":"en"}}}`,
		},
		"without components and reference": {
			whatsapp.Message{To: "+447700900123", Template: campaign.Template{Name: "hello", Language: "en"}},
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+447700900123","type":"template",` +
				`"template":{"name":"hello","language":{"code":"en"}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(requestBody(test.message))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the texts are, the body is JSON and holds them.
func TestBodyHoldsAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := whatsapp.Message{
			To:        rapid.String().Draw(t, "to"),
			Reference: rapid.String().Draw(t, "reference"),
			Template: campaign.Template{
				Name:     rapid.String().Draw(t, "name"),
				Language: rapid.String().Draw(t, "language"),
			},
		}
		var got struct {
			To        string `json:"to"`
			Reference string `json:"biz_opaque_callback_data"`
			Template  struct {
				Name     string `json:"name"`
				Language struct {
					Code string `json:"code"`
				} `json:"language"`
			} `json:"template"`
		}
		if err := json.Unmarshal(requestBody(m), &got); err != nil {
			t.Fatal(err)
		}
		texts := []string{got.To, got.Reference, got.Template.Name, got.Template.Language.Code}
		want := []string{m.To, m.Reference, m.Template.Name, m.Template.Language}
		for i := range want {
			want[i] = strings.ToValidUTF8(want[i], "\ufffd")
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkBody(b *testing.B) {
	m := whatsapp.Message{To: "+447700900123", Reference: "4503599627370512.1", Template: campaign.Template{
		Name: "spring_offer", Language: "en_GB",
		Components: json.RawMessage(`[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]`),
	}}
	b.ReportAllocs()
	for b.Loop() {
		requestBody(m)
	}
}
