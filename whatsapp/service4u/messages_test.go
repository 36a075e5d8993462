package service4u

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// bothWays is what the channel makes of a value that comes in the envelope and of
// the same without. The second tells no number.
func bothWays(t *testing.T, value string, check func(t *testing.T, number string, got whatsapp.Events)) {
	t.Helper()
	t.Run("flat", func(t *testing.T) { check(t, "", receive(t, "{"+value+"}")) })
	t.Run("envelope", func(t *testing.T) {
		check(t, "16315550123", receive(t, `{"object":"whatsapp_business_account","entry":[{"id":"7","changes":[{"field":"messages",
			"value":{"metadata":{"display_phone_number":"16315550123","phone_number_id":"106540352242922"},`+value+`}}]}]}`))
	})
}

// Every kind of message that a person can send is told, with the message of ours
// that it answers: it opens the day in which the person may be written to freely.
func TestEveryKindOfMessageIsTold(t *testing.T) {
	const file = `{"id":"1037000000000001","mime_type":"x/y","sha256":"c2hh"`
	for name, test := range map[string]struct {
		content             string // fields of the message
		kind, text, payload string
	}{
		"text":                {`"type":"text","text":{"body":"Hello"}`, "text", "Hello", ""},
		"image":               {`"type":"image","image":` + file + `}`, "image", "", ""},
		"image with words":    {`"type":"image","image":` + file + `,"caption":"Hello"}`, "image", "Hello", ""},
		"video":               {`"type":"video","video":` + file + `,"caption":"Hello"}`, "video", "Hello", ""},
		"document":            {`"type":"document","document":` + file + `,"filename":"a.pdf","caption":"Hello"}`, "document", "Hello", ""},
		"audio":               {`"type":"audio","audio":` + file + `,"voice":true}`, "audio", "", ""},
		"sticker":             {`"type":"sticker","sticker":` + file + `,"animated":false}`, "sticker", "", ""},
		"location":            {`"type":"location","location":{"latitude":37.483307,"longitude":122.148981,"name":"Shop","address":"1 Hacker Way"}`, "location", "", ""},
		"contacts":            {`"type":"contacts","contacts":[{"name":{"formatted_name":"Pablo Morales"},"phones":[{"phone":"+447700900999","wa_id":"447700900999"}]}]`, "contacts", "", ""},
		"order":               {`"type":"order","order":{"catalog_id":"194","text":"Hello","product_items":[{"product_retailer_id":"2lc20305pt","quantity":1,"item_price":10.5,"currency":"USD"}]}`, "order", "", ""},
		"quick reply":         {`"type":"button","button":{"payload":"PAYLOAD","text":"Yes"}`, "button", "Yes", "PAYLOAD"},
		"reply button":        {`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"UNIQUE_BUTTON_ID_1","title":"BUTTON_TITLE_1"}}`, "interactive", "BUTTON_TITLE_1", "UNIQUE_BUTTON_ID_1"},
		"list reply":          {`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"SECTION_1_ROW_1_ID","title":"SECTION_1_ROW_1_TITLE","description":"SECTION_1_ROW_1_DESCRIPTION"}}`, "interactive", "SECTION_1_ROW_1_TITLE", "SECTION_1_ROW_1_ID"},
		"with capitals":       {`"Type":"Interactive","Interactive":{"Type":"Button_Reply","Button_Reply":{"Id":"yes","Title":"Yes"}}`, "interactive", "Yes", "yes"},
		"a later kind of it":  {`"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept"}}`, "interactive", "", ""},
		"what WhatsApp hides": {`"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown"}]`, "unsupported", "", ""},
		"a later kind":        {`"type":"hologram","hologram":{}`, "hologram", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			value := `"contacts":[{"profile":{"name":"Ana"},"wa_id":"447700900123"}],"messages":[{"from":"447700900123","id":"in.1",
				"timestamp":"1670394125","context":{"from":"16315550123","id":"wamid.ours"},` + test.content + `}]`
			bothWays(t, value, func(t *testing.T, number string, got whatsapp.Events) {
				want := whatsapp.Events{Inbound: []whatsapp.Inbound{{
					Number: number, ID: "in.1", From: whatsapp.Who{Phone: "447700900123"}, At: time.Unix(1670394125, 0).UTC(),
					Type: test.kind, Text: test.text, Payload: test.payload, ReplyTo: "wamid.ours",
				}}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// A reaction names our message in a place of its own. One that is taken back has
// no sign.
func TestReactionNamesTheMessage(t *testing.T) {
	for reaction, sign := range map[string]string{`{"message_id":"wamid.ours","emoji":"\uD83D\uDE00"}`: "😀", `{"message_id":"wamid.ours"}`: ""} {
		value := `"messages":[{"from":"447700900123","id":"in.1","type":"reaction","reaction":` + reaction + `}]`
		bothWays(t, value, func(t *testing.T, number string, got whatsapp.Events) {
			want := whatsapp.Events{Inbound: []whatsapp.Inbound{{
				Number: number, ID: "in.1", From: whatsapp.Who{Phone: "447700900123"}, Type: "reaction", Text: sign, ReplyTo: "wamid.ours",
			}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Several things in one webhook keep their order, and one that cannot be read
// takes none of the others with it.
func TestSeveralThingsInOneWebhook(t *testing.T) {
	const value = `"messages":[{"from":"447700900123","id":"in.1","type":"location","location":"here"},3,{"from":"447700900124","id":"in.2","type":"text","text":{"body":"STOP"}}],
		"statuses":[{"id":"wamid.1","status":"deleted"},{"id":"wamid.2","status":"read","type":"message"}]`
	bothWays(t, value, func(t *testing.T, number string, got whatsapp.Events) {
		want := whatsapp.Events{
			Receipts: []whatsapp.Receipt{{Number: number, ID: "wamid.2", Status: campaign.Read}},
			Inbound: []whatsapp.Inbound{
				{Number: number, ID: "in.1", From: whatsapp.Who{Phone: "447700900123"}, Type: "location"},
				{Number: number, ID: "in.2", From: whatsapp.Who{Phone: "447700900124"}, Type: "text", Text: "STOP"},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// The documentation has two codes: 1026, and 131009 for a reaction that was too
// late, to a message that is gone, or to another reaction. Neither says anything
// against the person, and neither is tried again.
func TestCodesOfTheDocumentation(t *testing.T) {
	for code, want := range map[string]string{"1026": "drop receiver_incapable", "131009": "bad_request invalid_parameter"} {
		for _, errs := range []string{
			`[{"code":` + code + `,"title":"No","href":"https://developers.facebook.com/docs/whatsapp/api/errors/"}]`,
			`[{"code":"` + code + `","message":"No","error_data":{"details":"No"}}]`,
		} {
			value := `"statuses":[{"id":"wamid.1","status":"failed","message":{"recipient_id":"+447700900123"},"errors":` + errs + `}]`
			bothWays(t, value, func(t *testing.T, _ string, got whatsapp.Events) {
				if len(got.Receipts) != 1 || got.Receipts[0].Err == nil || got.Receipts[0].Recipient.Phone != "447700900123" {
					t.Fatalf("got %+v", got)
				}
				if summary := whatsapptest.Summary(got.Receipts[0].Err); summary != want {
					t.Errorf("%s: got %s", code, summary)
				}
			})
		}
	}
}
