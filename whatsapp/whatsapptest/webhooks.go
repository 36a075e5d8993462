package whatsapptest

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// progress are receipts of one message with these statuses.
func progress(statuses ...campaign.Status) (told whatsapp.Events) {
	for _, status := range statuses {
		r := whatsapp.Receipt{
			ID: "id-1", Reference: reference, Status: status,
			// The provider's clock says when it was, whatever the order.
			At: at(1767000000 + 10*int64(status)), Recipient: whatsapp.Who{Phone: phone},
		}
		if status == campaign.Failed {
			r.Err = &whatsapp.Error{}
		}
		told.Receipts = append(told.Receipts, r)
	}
	return told
}

// words is what a person writes and presses.
func words() whatsapp.Events {
	return whatsapp.Events{Inbound: []whatsapp.Inbound{
		{ID: "in-1", From: whatsapp.Who{Phone: phone}, At: at(1767000400), Type: "text", Text: "Désabonner / إلغاء 👋"},
		{ID: "in-2", From: whatsapp.Who{Phone: phone, UserID: "GB.7700000000000001"}, At: at(1767000410), Type: "button", Text: "Stop", Payload: "STOP_MKT", ReplyTo: "id-1"},
	}}
}

// hook is the right channel as a taker of webhooks.
func (s Suite) hook(t *testing.T) whatsapp.Hook {
	t.Helper()
	return s.open(t, s.Settings(nowhere), whatsapp.Opening{}).(whatsapp.Hook)
}

// proven is a webhook as the provider sends it.
func (s Suite) proven(body []byte) whatsapp.Request {
	r := whatsapp.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	s.Proof.Prove(&r, fields(s.Settings(nowhere))[s.Proof.Key].String())
	return r
}

// receive has a channel take proven bodies one after the other.
func (s Suite) receive(t *testing.T, hook whatsapp.Hook, bodies ...[]byte) (all whatsapp.Events) {
	t.Helper()
	for _, body := range bodies {
		told, reply, err := hook.Receive(s.proven(body))
		if err != nil || reply != nil {
			t.Errorf("%s: replied %v, %v", body, reply, err)
		}
		all.Receipts = append(all.Receipts, told.Receipts...)
		all.Inbound = append(all.Inbound, told.Inbound...)
		all.Preferences = append(all.Preferences, told.Preferences...)
		all.Notices = append(all.Notices, told.Notices...)
		all.Moves = append(all.Moves, told.Moves...)
		all.Contacts = append(all.Contacts, told.Contacts...)
	}
	Sound(t, s.Spec.Reasons, all)
	return all
}

// tell has a channel take what is told, and wants it to understand all of it that
// the bodies say.
func (s Suite) tell(t *testing.T, hook whatsapp.Hook, told whatsapp.Events) {
	t.Helper()
	want := whatsapp.Events{Receipts: slices.Clone(told.Receipts), Inbound: slices.Clone(told.Inbound)}
	for i := range want.Receipts {
		if !s.Spec.Traits.Echoes {
			want.Receipts[i].Reference = ""
		}
	}
	bodies := s.Wire.Webhook(want)
	got := s.receive(t, hook, bodies...)
	said := s.said(whatsapp.Events{Receipts: want.Receipts})
	for i := range want.Receipts {
		want.Receipts[i].Recipient = who(said, want.Receipts[i].Recipient)
	}
	said = s.said(whatsapp.Events{Inbound: want.Inbound})
	for i := range want.Inbound {
		want.Inbound[i].From = who(said, want.Inbound[i].From)
	}
	s.numbered(t, &got)
	got.Contacts = nil // names of one person, which the provider may tell or not
	compareErrors := gocmp.Comparer(func(a, b *whatsapp.Error) bool { return (a == nil) == (b == nil) })
	if diff := gocmp.Diff(want, got, compareErrors); diff != "" {
		t.Errorf("%s\n%s", slices.Concat(bodies...), diff)
	}
}

// said is all the text of the webhooks that tell something.
func (s Suite) said(told whatsapp.Events) string {
	return string(slices.Concat(s.Wire.Webhook(told)...))
}

// who is what bodies say of a person.
func who(said string, w whatsapp.Who) whatsapp.Who {
	return whatsapp.Who{Phone: toldIn(said, w.Phone), UserID: toldIn(said, w.UserID), ParentID: toldIn(said, w.ParentID)}
}

// numbered wants all that is told to be about the channel's number, or about
// none: then it is about the channel whose address was called. It takes the
// number out.
func (s Suite) numbered(t *testing.T, told *whatsapp.Events) {
	t.Helper()
	own := s.Settings(nowhere).Identity().Number
	check := func(number *string) {
		if *number != "" && *number != own {
			t.Errorf("told of number %q, and the channel is %q", *number, own)
		}
		*number = ""
	}
	for i := range told.Receipts {
		check(&told.Receipts[i].Number)
	}
	for i := range told.Inbound {
		check(&told.Inbound[i].Number)
	}
}

// Sound wants events that the rest of the program can rely on: known statuses, a
// message that is named, an explanation with each failure and with nothing else,
// times that can be written.
func Sound(t *testing.T, reasons []string, told whatsapp.Events) {
	t.Helper()
	known := []campaign.Status{campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed}
	timed := func(of any, at time.Time) {
		if _, err := at.MarshalText(); err != nil {
			t.Errorf("%+v: %v", of, err)
		}
	}
	for _, r := range told.Receipts {
		if !slices.Contains(known, r.Status) || cmp.Or(r.ID, r.Reference) == "" || (r.Status == campaign.Failed) != (r.Err != nil) {
			t.Errorf("receipt %+v", r)
		}
		if r.Err != nil && (!slices.Contains(reasons, r.Err.Reason) || r.Err.Hint == "" || r.Err.HTTPStatus != 0) {
			t.Errorf("failure %+v", r.Err)
		}
		timed(r, r.At)
	}
	for _, m := range told.Inbound {
		if m.ID == "" && !m.From.Known() {
			t.Errorf("message %+v", m)
		}
		timed(m, m.At)
	}
	for _, p := range told.Preferences {
		timed(p, p.At)
	}
	for _, m := range told.Moves {
		if !m.From.Known() || !m.To.Known() || m.From == m.To {
			t.Errorf("move %+v", m)
		}
	}
}

func (s Suite) webhooks(t *testing.T) {
	hook := s.hook(t)
	t.Run("orders", func(t *testing.T) {
		for _, order := range permutations(campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed) {
			for n := range order {
				s.tell(t, hook, progress(order[:n+1]...))
			}
		}
		s.tell(t, hook, progress(campaign.Delivered, campaign.Delivered))
	})
	t.Run("many", func(t *testing.T) { s.tell(t, hook, batch(1000)) })
	t.Run("people", func(t *testing.T) { s.tell(t, hook, words()) })
	t.Run("both", func(t *testing.T) {
		both := progress(campaign.Delivered)
		both.Inbound = words().Inbound
		s.tell(t, hook, both)
	})
	t.Run("keys of people", s.people)
	t.Run("before the answer", s.early)
}

// permutations are all orders of the statuses.
func permutations(statuses ...campaign.Status) (all [][]campaign.Status) {
	if len(statuses) == 0 {
		return [][]campaign.Status{nil}
	}
	for i, first := range statuses {
		rest := slices.Delete(slices.Clone(statuses), i, i+1)
		for _, order := range permutations(rest...) {
			all = append(all, append([]campaign.Status{first}, order...))
		}
	}
	return all
}

// batch are receipts of n messages.
func batch(n int) (told whatsapp.Events) {
	for i := range n {
		r := progress(campaign.Delivered).Receipts[0]
		r.ID, r.Reference = fmt.Sprintf("id-%d", i), campaign.MessageID(i+1).Reference(1)
		told.Receipts = append(told.Receipts, r)
	}
	return told
}

// people wants a person to have the keys that the campaigns know them by,
// wherever they are told.
func (s Suite) people(t *testing.T) {
	told := s.receive(t, s.hook(t), s.Wire.Webhook(words())...)
	if len(told.Inbound) == 0 || !slices.Contains(told.Inbound[0].From.Keys(), campaign.Person("+"+phone)) {
		t.Errorf("%+v lacks the key of +%s", told.Inbound, phone)
	}
	told = s.receive(t, s.hook(t), s.Wire.Webhook(progress(campaign.Read))...)
	tells := strings.Contains(s.said(progress(campaign.Read)), phone)
	if tells && (len(told.Receipts) == 0 || !slices.Contains(told.Receipts[0].Recipient.Keys(), campaign.Person("+"+phone))) {
		t.Errorf("%+v lacks the key of +%s", told.Receipts, phone)
	}
}

// early has the receipts of a message come before it is sent, before its answer,
// and after it.
func (s Suite) early(t *testing.T) {
	told := progress(campaign.Delivered, campaign.Sent, campaign.Failed)
	var c channel
	c = s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.tell(t, c.Provider.(whatsapp.Hook), told)
		s.Wire.Accept(whatsapp.Accepted{ID: told.Receipts[0].ID}).write(w)
	})
	s.tell(t, c.Provider.(whatsapp.Hook), told)
	if _, err := c.Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
	s.tell(t, c.Provider.(whatsapp.Hook), told)
}

// failures has receipts tell of failures with every code that can come so, with
// an unknown one, and with none.
func (s Suite) failures(t *testing.T) {
	hook := s.hook(t)
	faults := []codes.Fault{{Mode: codes.InReceipt, Code: s.unknownCode()}}
	for at := range s.Book.Codes {
		faults = append(faults, reach(s.Book.Codes, at, codeFault)...)
	}
	for _, f := range faults {
		if f.Mode != codes.InReceipt || f.Subcode != 0 { // no receipt has a subcode
			continue
		}
		f.Message = inWords(f)
		told := progress(campaign.Failed)
		told.Receipts[0].Err = &whatsapp.Error{Code: f.Code, Message: f.Message}
		s.failed(t, hook, told, s.Book.Judge(f))
	}
	told := progress(campaign.Failed)
	told.Receipts[0].Err = nil
	s.failed(t, hook, told, s.Book.Others.Unexplained.Of(codes.Fault{}))
}

func (s Suite) failed(t *testing.T, hook whatsapp.Hook, told whatsapp.Events, want *whatsapp.Error) {
	t.Helper()
	bodies := s.Wire.Webhook(told)
	for _, body := range slices.Clone(bodies) {
		bodies = append(bodies, grown(t, body))
	}
	got := s.receive(t, hook, bodies...).Receipts
	if len(got) != 2 {
		t.Fatalf("code %d: %d receipts of a failure, want 2", want.Code, len(got))
	}
	for _, r := range got {
		if r.Err != nil { // receive has said so
			sameRefusal(t, fmt.Sprintf("code %d in a receipt", want.Code), r.Err, want)
		}
	}
}
