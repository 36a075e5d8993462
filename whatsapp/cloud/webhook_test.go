package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

const (
	numberOne = "5500000000000001"
	numberTwo = "5500000000000002"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// receive reads a signed body.
func receive(tb testing.TB, body []byte) whatsapp.Events {
	tb.Helper()
	events, err := post(newClient(tb, "https://example.com", nil), body)
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

func TestReceipts(t *testing.T) {
	ana := whatsapp.Who{Phone: "447700900123", UserID: "GB.7700000000000001"}
	for name, want := range map[string][]whatsapp.Receipt{
		"delivered_before_sent.json": {
			{Number: numberOne, ID: "wamid.early", Reference: "4503599627370512.1", Status: campaign.Delivered, At: at(1767000004), Recipient: ana},
			{Number: numberOne, ID: "wamid.early", Reference: "4503599627370512.1", Status: campaign.Sent, At: at(1767000001), Recipient: ana},
		},
		"read_only.json": {
			{Number: numberOne, ID: "wamid.read", Reference: "4503599627370528.2", Status: campaign.Read, At: at(1767000300), Recipient: whatsapp.Who{Phone: "447700900124"}},
		},
		"hidden_recipient.json": {
			{Number: numberOne, ID: "wamid.bsuid", Reference: "4503599627370560.1", Status: campaign.Delivered, At: at(1767000004), Recipient: whatsapp.Who{UserID: "GB.7700000000000002"}},
		},
		"two_numbers.json": {
			{Number: numberOne, ID: "wamid.one", Status: campaign.Sent, At: at(1767000001), Recipient: whatsapp.Who{Phone: "447700900123"}},
			{Number: numberTwo, ID: "wamid.two", Status: campaign.Delivered},
		},
		"inbound_escaped.json": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, receive(t, fixture(t, name)).Receipts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFailedReceipts(t *testing.T) {
	type failure struct {
		ID, Why, Message string
		Code             int
	}
	want := []failure{
		{"wamid.cap", "retry_slow user_marketing_limit budget=user wait=24h0m0s", "Not delivered: The person has had enough marketing for now.", 131049},
		{"wamid.late", "retry_soon request_timeout wait=5s", "Message is not valid: waited too long", 408},
		{"wamid.mute", "drop unexplained", "", 0},
		{"wamid.pace", "pause portfolio_paced scope=account", "Generic user error", 135000},
	}
	var got []failure
	for _, r := range receive(t, fixture(t, "failed.json")).Receipts {
		if r.Status != campaign.Failed || r.Err == nil || r.Err.HTTPStatus != 0 {
			t.Errorf("got %+v", r)
			continue
		}
		got = append(got, failure{r.ID, whatsapptest.Summary(r.Err), r.Err.Message, r.Err.Code})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOddErrorsInReceipts(t *testing.T) {
	for errs, want := range map[string]string{
		`[{"code":131026,"title":"Undeliverable","message":"Message undeliverable","error_data":{"details":"No such account."}}]`: "131026 undeliverable: Message undeliverable: Undeliverable: No such account.",
		`[{"code":"131026","title":"Gone"}]`:               "131026 undeliverable: Gone",
		`{"code":131026,"title":"Gone"}`:                   "131026 undeliverable: Gone",
		`[{"code":131026,"title":"a\u0000\u001b[1mb\nc"}]`: "131026 undeliverable: a [1mb c",
		`[{"code":99999999999,"title":"Gone"}]`:            "0 unknown_code: 99999999999: Gone",
		`[{"code":"GONE","title":"Gone away"}]`:            "0 unknown_code: GONE: Gone away",
		`[{"code":987654,"title":"Gone"}]`:                 "987654 unknown_code: Gone",
		`["gone"]`:                                         "0 unexplained: gone",
		`"gone"`:                                           "0 unexplained: gone",
		`[{"title":"gone"}]`:                               "0 unexplained: gone",
		`[null]`:                                           "0 unexplained: ",
		`null`:                                             "0 unexplained: ",
		`[]`:                                               "0 unexplained: ",
	} {
		body := `{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"wamid.1","status":"failed","errors":` + errs + `}]}}]}]}`
		told := receive(t, []byte(body)).Receipts
		if len(told) != 1 || told[0].Err == nil {
			t.Errorf("%s: %+v", errs, told)
			continue
		}
		if got := fmt.Sprintf("%d %s: %s", told[0].Err.Code, told[0].Err.Reason, told[0].Err.Message); got != want {
			t.Errorf("%s: got %q, want %q", errs, got, want)
		}
	}
}

func TestInbound(t *testing.T) {
	from := "447700900123"
	for name, want := range map[string][]whatsapp.Inbound{
		"inbound_escaped.json": {
			{Number: numberOne, ID: "wamid.in1", From: whatsapp.Who{Phone: from}, At: at(1767000400), Type: "text", Text: "Désabonner / إلغاء 👋"},
			{Number: numberOne, ID: "wamid.in2", From: whatsapp.Who{Phone: from}, At: at(1767000410), Type: "button", Text: "Stop promotions", Payload: "STOP_MKT", ReplyTo: "wamid.early"},
			{Number: numberOne, ID: "wamid.in3", From: whatsapp.Who{Phone: from}, At: at(1767000420), Type: "interactive", Text: "Yes", Payload: "yes", ReplyTo: "wamid.early"},
			{Number: numberOne, ID: "wamid.in4", From: whatsapp.Who{Phone: from}, At: at(1767000430), Type: "interactive", Text: "Tuesday", Payload: "slot-2"},
			{Number: numberOne, ID: "wamid.in5", From: whatsapp.Who{Phone: from}, At: at(1767000440), Type: "interactive", Text: "Sent", Payload: `{"size":"M"}`},
			{Number: numberOne, ID: "wamid.in6", From: whatsapp.Who{Phone: from}, At: at(1767000450), Type: "image", Text: "STOP?"},
		},
		"people.json": {
			{Number: numberOne, ID: "wamid.p1", From: whatsapp.Who{Phone: from}, At: at(1767000400), Type: "video", Text: "Stop it!", ReplyTo: "wamid.early"},
			{Number: numberOne, ID: "wamid.p2", From: whatsapp.Who{Phone: from}, At: at(1767000401), Type: "document", Text: "my order"},
			{Number: numberOne, ID: "wamid.p3", From: whatsapp.Who{Phone: from}, At: at(1767000402), Type: "audio"},
			{Number: numberOne, ID: "wamid.p4", From: whatsapp.Who{Phone: from}, At: at(1767000403), Type: "reaction", Text: "👍", ReplyTo: "wamid.early"},
			{Number: numberOne, ID: "wamid.p10", From: whatsapp.Who{Phone: "447700900127"}, At: at(1767000409), Type: "unsupported"},
		},
		"hidden_recipient.json": {
			{Number: numberOne, ID: "wamid.in0", From: whatsapp.Who{UserID: "GB.7700000000000002"}, At: at(1767000500), Type: "text", Text: "hello"},
		},
		"two_numbers.json": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, receive(t, fixture(t, name)).Inbound); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPreferencesAndNewNumbers(t *testing.T) {
	got := receive(t, fixture(t, "people.json"))
	preferences := []whatsapp.Preference{
		{Number: numberOne, From: whatsapp.Who{Phone: "447700900123"}, Stop: true, At: at(1767001100)},
		{Number: numberOne, From: whatsapp.Who{Phone: "447700900124"}, At: at(1767001101)},
		{Number: numberOne, Stop: true, At: at(1767001103)}, // somebody's, which the log tells
	}
	if diff := cmp.Diff(preferences, got.Preferences); diff != "" {
		t.Error(diff)
	}
	moves := []whatsapp.Move{
		{Number: numberOne, From: whatsapp.Who{Phone: "447700900125"}, To: whatsapp.Who{Phone: "447700900999"}},
		{Number: numberOne, From: whatsapp.Who{Phone: "447700900126"}, To: whatsapp.Who{Phone: "447700900998"}},
	}
	if diff := cmp.Diff(moves, got.Moves); diff != "" {
		t.Error(diff)
	}
}

// batch is a body with n statuses, as many as Meta puts into one (Meta,
// create-webhook-endpoint page: up to 1,000).
func batch(n int) []byte {
	statuses := make([]map[string]any, n)
	for i := range statuses {
		statuses[i] = map[string]any{
			"id": fmt.Sprintf("wamid.batch%d", i), "status": "delivered", "timestamp": "1767000004",
			"recipient_id": "447700900123", "biz_opaque_callback_data": campaign.MessageID(i + 1).Reference(1),
			"pricing": map[string]any{"billable": true, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
		}
	}
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry": []any{map[string]any{"id": "3300000000000007", "changes": []any{map[string]any{
			"field": "messages",
			"value": map[string]any{
				"messaging_product": "whatsapp",
				"metadata":          map[string]any{"phone_number_id": numberOne},
				"statuses":          statuses,
			},
		}}}},
	})
	if err != nil {
		panic(err) // maps of texts always marshal
	}
	return body
}

func BenchmarkReceive(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("statuses=%d", n), func(b *testing.B) {
			body := batch(n)
			header := signed(otherSecret, body)
			client := newClient(b, "https://example.com", nil)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := client.Receive(whatsapp.Request{Method: http.MethodPost, Header: header, Body: body}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "statuses/s")
		})
	}
}

// Whatever bytes are signed, reading them gives events that the rest of the
// program can rely on.
func FuzzReceive(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	client := newClient(f, "https://example.com", nil)
	reasons := Book().Reasons()
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := post(client, body)
		if err != nil {
			if !errors.Is(err, whatsapp.ErrMalformed) || json.Valid(body) && body[0] == '{' {
				t.Fatal(err)
			}
			return
		}
		whatsapptest.Sound(t, reasons, events)
		for _, n := range events.Notices {
			if problem := badNotice(n); problem != "" {
				t.Errorf("%s: %+v", problem, n)
			}
		}
	})
}
