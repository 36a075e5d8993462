package cloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// told reads a webhook whose one change has this field and value.
func told(t *testing.T, field, value string) whatsapp.Events {
	t.Helper()
	return receive(t, fmt.Appendf(nil, `{"entry":[{"id":"33","changes":[{"field":%q,"value":{
		"metadata":{"phone_number_id":%q},%s}}]}]}`, field, numberOne, value))
}

// TestWhoIsNamed: a person may be named by the number, by the user ID, by that of
// linked businesses, or by several, in the entry itself or in a contact beside it.
func TestWhoIsNamed(t *testing.T) {
	const phone, user, parent = "447700900123", "GB.11", "GB.ENT.22"
	all := whatsapp.Who{Phone: phone, UserID: user, ParentID: parent}
	for name, c := range map[string]struct {
		entry, contacts string
		want            whatsapp.Who
	}{
		"number":                  {`"from":"447700900123","recipient_id":"447700900123","wa_id":"447700900123"`, ``, whatsapp.Who{Phone: phone}},
		"user ID":                 {`"from_user_id":"GB.11","recipient_user_id":"GB.11","user_id":"GB.11"`, ``, whatsapp.Who{UserID: user}},
		"parent alone":            {`"from_parent_user_id":"GB.ENT.22","recipient_parent_user_id":"GB.ENT.22","parent_user_id":"GB.ENT.22"`, ``, whatsapp.Who{ParentID: parent}},
		"empty number":            {`"from":"","from_user_id":"GB.11","recipient_id":"","recipient_user_id":"GB.11","wa_id":"","user_id":"GB.11"`, ``, whatsapp.Who{UserID: user}},
		"null number":             {`"from":null,"from_user_id":"GB.11","recipient_id":null,"recipient_user_id":"GB.11","wa_id":null,"user_id":"GB.11"`, ``, whatsapp.Who{UserID: user}},
		"user name for a number":  {`"from":"@bo.k","from_user_id":"GB.11","recipient_id":"@bo.k","recipient_user_id":"GB.11","wa_id":"@bo.k","user_id":"GB.11"`, ``, whatsapp.Who{UserID: user}},
		"number, and the contact": {`"from":"447700900123","recipient_id":"447700900123","wa_id":"447700900123"`, `{"wa_id":"447700900123","user_id":"GB.11","parent_user_id":"GB.ENT.22"}`, all},
		"user ID, and the contact": {`"from_user_id":"GB.11","recipient_user_id":"GB.11","user_id":"GB.11"`,
			`{"wa_id":"447700900199","user_id":"GB.99"},{"wa_id":"447700900123","user_id":"GB.11","parent_user_id":"GB.ENT.22"}`, all},
		"parent, and the contact": {`"from_parent_user_id":"GB.ENT.22","recipient_parent_user_id":"GB.ENT.22","parent_user_id":"GB.ENT.22"`,
			`{"wa_id":"447700900123","user_id":"GB.11","parent_user_id":"GB.ENT.22"}`, all},
		"user ID for a number": {`"from":"GB.11","recipient_id":"GB.11","wa_id":"GB.11"`, ``, whatsapp.Who{UserID: user}},
		"another's contact":    {`"from_user_id":"GB.11","recipient_user_id":"GB.11","user_id":"GB.11"`, `{"wa_id":"447700900199"}`, whatsapp.Who{UserID: user}},
	} {
		t.Run(name, func(t *testing.T) {
			contacts := `"contacts":[` + c.contacts + `],`
			receipt := told(t, "messages", contacts+`"statuses":[{"id":"w","status":"delivered",`+c.entry+`}]`).Receipts
			if len(receipt) != 1 || receipt[0].Recipient != c.want {
				t.Errorf("receipt: %+v", receipt)
			}
			inbound := told(t, "messages", contacts+`"messages":[{"id":"w","type":"text","text":{"body":"STOP"},`+c.entry+`}]`).Inbound
			if len(inbound) != 1 || inbound[0].From != c.want {
				t.Errorf("inbound: %+v", inbound)
			}
			choice := told(t, "user_preferences", contacts+`"user_preferences":[{"category":"marketing_messages","value":"stop",`+c.entry+`}]`).Preferences
			if len(choice) != 1 || choice[0].From != c.want {
				t.Errorf("preference: %+v", choice)
			}
		})
	}
}

// TestANamelessMessageIsTheOnlyContacts: where several could be meant nobody is.
func TestANamelessMessageIsTheOnlyContacts(t *testing.T) {
	const contact = `"contacts":[{"user_id":"GB.11","wa_id":"447700900123"}],`
	one := told(t, "messages", contact+`"messages":[{"id":"w","type":"text","text":{"body":"STOP"}}]`)
	if len(one.Inbound) != 1 || one.Inbound[0].From != (whatsapp.Who{Phone: "447700900123", UserID: "GB.11"}) || len(one.Contacts) != 0 {
		t.Errorf("got %+v", one)
	}
	two := told(t, "messages", contact+`"messages":[{"id":"w","type":"text","text":{"body":"STOP"}},{"id":"v","from":"447700900124","type":"text"}]`)
	if len(two.Inbound) != 2 || two.Inbound[0].From.Known() || len(two.Contacts) != 1 {
		t.Errorf("got %+v", two)
	}
}

// TestANamelessReceiptIsTheOnlyContacts does the same for receipts. A group's message
// is none of a single person's.
func TestANamelessReceiptIsTheOnlyContacts(t *testing.T) {
	const contact = `"contacts":[{"user_id":"GB.11","wa_id":"447700900123"}],`
	bo := whatsapp.Who{Phone: "447700900123", UserID: "GB.11"}
	for value, want := range map[string]whatsapp.Who{
		`"statuses":[{"id":"w","status":"sent"}]`:                                             bo,
		`"statuses":[{"id":"w","status":"sent","recipient_id":null}]`:                         bo,
		`"statuses":[{"id":"w","status":"sent","recipient_id":"g","recipient_type":"group"}]`: {},
		`"statuses":[{"id":"w","status":"sent"},{"id":"v","status":"sent"}]`:                  {},
		`"statuses":[{"id":"w","status":"sent"}],"messages":[{"id":"x","type":"text"}]`:       {},
	} {
		got := told(t, "messages", contact+value).Receipts
		if len(got) == 0 || got[0].Recipient != want {
			t.Errorf("%s: %+v", value, got)
		}
	}
}

// TestContactsOfNobodyElse: a contact that tells several names of one person is
// worth keeping even if nothing else is told of them.
func TestContactsOfNobodyElse(t *testing.T) {
	got := told(t, "messages", `"contacts":[{"wa_id":"447700900123","user_id":"GB.11"},{"wa_id":"447700900124"},{"user_id":"GB.12"}]`).Contacts
	want := []whatsapp.Contact{{Number: numberOne, Who: whatsapp.Who{Phone: "447700900123", UserID: "GB.11"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRecipientsOfGroupsAreNobody: what a group's message tells is no person's.
func TestRecipientsOfGroupsAreNobody(t *testing.T) {
	got := told(t, "messages", `"statuses":[{"id":"w","status":"sent","recipient_type":"group","recipient_id":"447700900123"}]`).Receipts
	if len(got) != 1 || got[0].Recipient.Known() {
		t.Errorf("got %+v", got)
	}
}

// TestNothingToldHoldsANull: PostgreSQL stores none, and would refuse the webhook
// however often it came.
func TestNothingToldHoldsANull(t *testing.T) {
	const nul = `\u0000`
	for field, value := range map[string]string{
		"messages": `"contacts":[{"wa_id":"4477` + nul + `","user_id":"GB.` + nul + `1","parent_user_id":"GB.ENT.1"}],
			"errors":[{"code":1,"title":"t` + nul + `","error_data":{"details":"` + nul + `"}}]`,
		"message_template_status_update": `"event":"PAUSED","message_template_name":"a` + nul + `","message_template_language":"en` + nul + `","reason":"` + nul + `"`,
	} {
		events, err := json.Marshal(told(t, field, value))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(events, []byte(nul)) {
			t.Errorf("%s: %s", field, events)
		}
	}
}

func TestNewNumbersAndUserIDs(t *testing.T) {
	phone, who := func(phone string) whatsapp.Who { return whatsapp.Who{Phone: phone} }, func(phone, user string) whatsapp.Who {
		return whatsapp.Who{Phone: phone, UserID: user}
	}
	system := func(s, more string) string {
		return `"messages":[{"id":"w","type":"system","system":{` + s + `}` + more + `}]`
	}
	for value, want := range map[string]*whatsapp.Move{
		system(`"type":"user_changed_number","wa_id":"447700900999"`, `,"from":"447700900123"`): {From: phone("447700900123"), To: phone("447700900999")},
		system(`"type":"user_changed_number","wa_id":"447700900999","user_id":"GB.2"`, `,"from":"447700900123","from_user_id":"GB.1"`): {
			From: who("447700900123", "GB.1"), To: who("447700900999", "GB.2")},
		system(`"type":"user_changed_number","user_id":"GB.2"`, `,"from_user_id":"GB.1"`):                       {From: who("", "GB.1"), To: who("", "GB.2")},
		system(`"type":"user_changed_user_id","user_id":"GB.2"`, `,"from":"447700900123"`):                      {From: phone("447700900123"), To: who("", "GB.2")},
		system(`"type":"user_changed_user_id","user_id":"GB.2","previous_user_id":"GB.1"`, ``):                  {From: who("", "GB.1"), To: who("", "GB.2")},
		system(`"type":"user_changed_user_id","user_id":"GB.2","body":"User Bo changed from GB.1 to GB.2"`, ``): {From: who("", "GB.1"), To: who("", "GB.2")},
		system(`"type":"user_changed_user_id","body":"User Bo changed from GB.1 to GB.2"`, ``):                  {From: who("", "GB.1"), To: who("", "GB.2")},
		system(`"type":"user_changed_user_id","user_id":"GB.2"`, ``):                                            nil, // it is not told whose it was
		system(`"type":"user_changed_user_id","user_id":"GB.1"`, `,"from_user_id":"GB.1"`):                      nil,
		system(`"type":"user_identity_changed","user_id":"GB.2"`, `,"from_user_id":"GB.1"`):                     nil,
		`"user_id_update":[{"wa_id":"447700900999","user_id":{"previous":"GB.1","current":"GB.2"}}]`:            {From: who("", "GB.1"), To: who("447700900999", "GB.2")},
		`"contacts":[{"user_id":"GB.2","wa_id":"447700900999"}],"user_id_update":[{"user_id":{"previous":"GB.1","current":"GB.2"}}]`: {
			From: who("", "GB.1"), To: who("447700900999", "GB.2")},
		`"user_id_update":[{"parent_user_id":{"previous":"GB.ENT.1","current":"GB.ENT.2"}}]`: {
			From: whatsapp.Who{ParentID: "GB.ENT.1"}, To: whatsapp.Who{ParentID: "GB.ENT.2"}},
		`"user_id_update":[{"user_id":{"current":"GB.2"}}]`: nil,
	} {
		var got []whatsapp.Move
		for _, field := range []string{"messages", "user_id_update"} {
			got = append(got, told(t, field, value).Moves...)
		}
		var all []whatsapp.Move
		if want != nil {
			want.Number = numberOne
			all = append(all, *want)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("%s\n%s", value, diff)
		}
	}
}

func TestAnswersTellUserIDs(t *testing.T) {
	var body answerBody
	if err := wire.Decode([]byte(`{"contacts":[{"input":"+447700900123","wa_id":"447700900123","user_id":"GB.11"}],"messages":[{"id":"w"}]}`), &body); err != nil {
		t.Fatal(err)
	}
	if got := body.accepted().Recipient; got != (whatsapp.Who{Phone: "447700900123", UserID: "GB.11"}) {
		t.Errorf("got %+v", got)
	}
}
