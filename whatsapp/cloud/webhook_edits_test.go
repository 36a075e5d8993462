package cloud

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/whatsapp"
)

// heard is what a webhook with one message tells.
func heard(t *testing.T, message string) []whatsapp.Inbound {
	t.Helper()
	return receive(t, fmt.Appendf(nil,
		`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%q},"messages":[%s]}}]}]}`, numberOne, message)).Inbound
}

// TestEdits: an edit says what the earlier message says now, in whichever shape
// it is told.
func TestEdits(t *testing.T) {
	const of = `"from":"447700900123","timestamp":"1767000400"`
	said := func(change func(*whatsapp.Inbound)) []whatsapp.Inbound {
		in := whatsapp.Inbound{Number: numberOne, ID: "wamid.e1", From: whatsapp.Who{Phone: "447700900123"}, At: at(1767000400), Type: "edit", Text: "STOP", Edits: "wamid.o1"}
		change(&in)
		return []whatsapp.Inbound{in}
	}
	same := func(*whatsapp.Inbound) {}
	tests := map[string]struct {
		message string
		want    []whatsapp.Inbound
	}{
		"a text": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"type":"text","text":{"body":"STOP"}}}}`, said(same),
		},
		"a text that quotes one of ours": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"context":{"id":"wamid.ours"},"type":"text","text":{"body":"STOP"}}}}`,
			said(func(in *whatsapp.Inbound) { in.ReplyTo = "wamid.ours" }),
		},
		"a context that is the earlier message": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","context":{"id":"wamid.o1"},"edit":{"original_message_id":"wamid.o1","message":{"type":"text","text":{"body":"STOP"}}}}`, said(same),
		},
		"a caption": {
			`{"id":"wamid.e1",` + of + `,"type":"EDIT","edit":{"original_message_id":"wamid.o1","message":{"type":"image","image":{"caption":"STOP","id":"7"}}}}`, said(same),
		},
		"a caption without a type": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"document":{"caption":"STOP"}}}}`, said(same),
		},
		"a caption that is gone": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"type":"image","image":{"id":"7"}}}}`,
			said(func(in *whatsapp.Inbound) { in.Text = "" }),
		},
		"a text beside the edit": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","text":{"body":"STOP"},"edit":{"original_message_id":"wamid.o1"}}`, said(same),
		},
		"a text that is marked": {
			`{"id":"wamid.o1",` + of + `,"type":"text","edited":true,"text":{"body":"STOP"}}`, said(func(in *whatsapp.Inbound) { in.ID = "wamid.o1" }),
		},
		"a text that is marked otherwise": {
			`{"id":"wamid.e1",` + of + `,"type":"text","is_edited":"true","original_message_id":"wamid.o1","text":{"body":"STOP"}}`, said(same),
		},
		"an edit of nobody knows what": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"message":{"type":"text","text":{"body":"STOP"}}}}`,
			said(func(in *whatsapp.Inbound) { in.Edits = "wamid.e1" }),
		},
		"an edit that does not tell what it says": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1"}}`,
			said(func(in *whatsapp.Inbound) { in.Text, in.Edits = "", "" }),
		},
		"an edit that says nothing readable": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"text":17}}}`,
			said(func(in *whatsapp.Inbound) { in.Text, in.Edits = "", "" }),
		},
		"an edit that is not supported": {
			`{"id":"wamid.e1",` + of + `,"type":"unsupported","unsupported":{"type":"edit"},"errors":[{"code":131051}]}`,
			said(func(in *whatsapp.Inbound) { in.Text, in.Edits = "", "" }),
		},
		"edits of edits without end": {
			`{"id":"wamid.e1",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"type":"edit","edit":{"message":{"type":"edit"}}}}}`,
			said(func(in *whatsapp.Inbound) { in.Text, in.Edits = "", "" }),
		},
		"no edit": {
			`{"id":"wamid.e1",` + of + `,"type":"text","edited":false,"is_edited":0,"edit":null,"text":{"body":"STOP"}}`,
			said(func(in *whatsapp.Inbound) { in.Type, in.Edits = "text", "" }),
		},
		"an edit in a group": {
			`{"id":"wamid.e1","group_id":"g",` + of + `,"type":"edit","edit":{"original_message_id":"wamid.o1","message":{"type":"text","text":{"body":"STOP"}}}}`, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, heard(t, test.message)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDeletedMessages tell that, and nothing that was said.
func TestDeletedMessages(t *testing.T) {
	want := []whatsapp.Inbound{{Number: numberOne, ID: "wamid.d1", From: whatsapp.Who{Phone: "447700900123"}, At: at(1767000400), Type: "revoke"}}
	for _, kind := range []string{
		`"type":"revoke","revoke":{"original_message_id":"wamid.o1"}`, `"type":"Deleted"`, `"type":"delete"`,
		`"type":"unsupported","unsupported":{"type":"revoke"}`,
	} {
		if diff := cmp.Diff(want, heard(t, `{"id":"wamid.d1","from":"447700900123","timestamp":"1767000400",`+kind+`}`)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}
