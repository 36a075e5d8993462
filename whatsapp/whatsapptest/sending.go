package whatsapptest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

func (s Suite) sending(t *testing.T) {
	t.Run("accepted", s.accepted)
	t.Run("numbers", s.numbers)
	t.Run("templates", s.templates)
	t.Run("at once", s.atOnce)
	t.Run("contents", s.contents)
	t.Run("marks", s.marks)
	t.Run("marketing messages", s.marketing)
	t.Run("user IDs", s.userIDs)
}

// userIDs sends to a user ID, and reads an answer and a receipt that tell nothing
// else of the person. Where only numbers are taken no request is made.
func (s Suite) userIDs(t *testing.T) {
	m := letter()
	m.To, m.UserID = "", userID
	if err := s.Spec.RefusesUserIDs(); (err == nil) != s.Spec.Traits.UserIDs {
		t.Errorf("Traits.UserIDs is %v, and a list with one is answered: %v", s.Spec.Traits.UserIDs, err)
	}
	given := whatsapp.Accepted{ID: "id-1", Recipient: whatsapp.Who{UserID: userID}}
	c := s.answering(t, s.Wire.Accept(given))
	got, err := c.Send(t.Context(), m)
	if !s.Spec.Traits.UserIDs {
		if n := c.requests.Load(); n > 0 {
			t.Errorf("%d requests were made", n)
		}
		sameRefusal(t, "a user ID", refusal(t, err), codes.NumbersOnly().Because(nil))
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(given, got); diff != "" {
		t.Error(diff)
	}
	if asked := s.asked(t, m); asked.UserID != userID || asked.To != "" {
		t.Errorf("asked for user ID %q and number %q", asked.UserID, asked.To)
	}
	if _, takesWebhooks := s.abilitiesOf(); !takesWebhooks {
		return
	}
	told := progress(campaign.Sent, campaign.Failed)
	for n := range told.Receipts {
		told.Receipts[n].Recipient = given.Recipient
	}
	s.tell(t, s.hook(t), told)
}

// marketing sends by the endpoint for marketing messages. Where there is none the
// step is refused, and so is a message that was rendered of it all the same.
func (s Suite) marketing(t *testing.T) {
	yes, no := true, false
	for _, how := range []campaign.MarketingMessages{
		{}, {ProductPolicy: campaign.Strict, ActivitySharing: &yes}, {ProductPolicy: campaign.CloudAPIFallback, ActivitySharing: &no},
	} {
		m := letter()
		m.Template.MarketingMessages = &how
		err := s.Spec.Refuses(&campaign.Step{Category: campaign.Marketing, MarketingMessages: &how})
		if refused := err != nil; refused == s.Spec.Traits.MarketingMessages {
			t.Errorf("Traits.MarketingMessages is %v, and the step is answered: %v", s.Spec.Traits.MarketingMessages, err)
		}
		if !s.Spec.Traits.MarketingMessages {
			if !s.sendsNone(t, m) {
				t.Error("the message was sent by another endpoint")
			}
			continue
		}
		if diff := cmp.Diff(m.Template, s.asked(t, m).Template); diff != "" {
			t.Error(diff)
		}
	}
}

// sendsNone reports whether a content is refused before any request, and wants the
// refusal to say that it is.
func (s Suite) sendsNone(t *testing.T, m whatsapp.Message) bool {
	t.Helper()
	c := s.answering(t, s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}))
	_, err := c.Send(t.Context(), m)
	if err == nil || c.requests.Load() > 0 {
		return false
	}
	sameRefusal(t, "a content", refusal(t, err), codes.NoSuchContent().Because(nil))
	return true
}

// asked sends a message and gives what the API was asked for.
func (s Suite) asked(t *testing.T, m whatsapp.Message) (read whatsapp.Message) {
	t.Helper()
	c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			read, err = s.Wire.Read(r, body)
		}
		if err != nil {
			t.Errorf("%v in %s", err, body)
		}
		for name := range r.Header {
			if strings.Contains(name, "Idempotency") {
				t.Errorf("the request has %s, which no provider knows", name)
			}
		}
		s.Wire.Accept(whatsapp.Accepted{ID: "id-1"}).write(w)
	})
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n := int(c.requests.Load()); n > s.Spec.Traits.Requests {
		t.Errorf("one send made %d requests, and %d are the most", n, s.Spec.Traits.Requests)
	}
	return read
}

func (s Suite) accepted(t *testing.T) {
	given := whatsapp.Accepted{ID: "id-1", Recipient: whatsapp.Who{Phone: phone}}
	answer := s.Wire.Accept(given)
	want := given
	want.Recipient.Phone = toldIn(answer.Body, phone)
	for _, body := range []string{answer.Body, string(grown(t, []byte(answer.Body)))} {
		answer.Body = body
		got, err := s.answering(t, answer).Send(t.Context(), letter())
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", body, diff)
		}
	}
	without := s.asked(t, whatsapp.Message{To: "+" + phone, Template: campaign.Template{Name: "hello", Language: "en"}})
	if without.Reference != "" || len(without.Template.Components) > 0 {
		t.Errorf("made up: %+v", without)
	}
	if got := s.asked(t, letter()).Reference; s.Spec.Traits.Echoes && got != reference {
		t.Errorf("the reference that comes back is %q, want %q", got, reference)
	}
}

// toldIn is a text where the body tells it.
func toldIn(body, text string) string {
	if strings.Contains(body, text) {
		return text
	}
	return ""
}

// numbers sends to numbers of several countries, up to the longest there are.
func (s Suite) numbers(t *testing.T) {
	for _, number := range []string{"+447700900123", "+5511987654321", "+12025550143", "+6591234567", "+2290195123456", "+290227", "+423620012345678"} {
		m, want := letter(), number
		m.To = number
		if s.Digits {
			want = strings.TrimPrefix(number, "+")
		}
		if got := s.asked(t, m).To; got != want {
			t.Errorf("%s is written %q, want %q", number, got, want)
		}
	}
}

// shapes are steps, one for each kind of what a template can hold.
func shapes() map[string]string {
	return map[string]string{
		"nothing":        `language: en`,
		"one text":       `language: en_GB, body: [Ana]`,
		"texts":          `language: pt-BR, body: ["Zoë \"Zo\" O'Neil", "10 %", "a/b\\c <b> {x} 👋"]`,
		"names":          `language: en, body: [{text: "A/17", name: order_id}, {text: soon, name: day_1}]`,
		"amounts":        `language: en, body: [{currency: {fallback_value: "$1", code: USD, amount_1000: 1000}}, {date_time: {fallback_value: "February 25"}}]`,
		"text above":     `language: en, header: Pablo, body: [Ana]`,
		"image":          `language: en, header: {image: {link: "https://example.com/a.jpg?x=1&y=2"}}, body: [Ana]`,
		"image by id":    `language: en, header: {image: {id: "1037000000000001"}}`,
		"video":          `language: en, header: {video: {id: "1037000000000001"}}`,
		"document":       `language: en, header: {document: {link: "https://example.com/a.pdf", filename: "Invoice 7.pdf"}}`,
		"location":       `language: en, header: {location: {latitude: 37.483307, longitude: "122.148981", name: Pablo, address: "1 Way, Town"}}`,
		"product":        `language: en, header: {product: {product_retailer_id: nseiw1x3ch, catalog_id: "194836987003835"}}`,
		"quick replies":  `language: en, body: [Ana], buttons: [{index: 0, sub_type: quick_reply, payload: yes-7}, {index: 1, sub_type: quick_reply, payload: no-7}]`,
		"links":          `language: en, buttons: [{index: 0, sub_type: url, text: "track/7?who=Ana"}]`,
		"coupon":         `language: en, buttons: [{index: 0, sub_type: copy_code, coupon_code: 10OFF}]`,
		"code":           `language: en, category: authentication, buttons: [{index: 0, sub_type: otp, code: "123456"}]`,
		"flow":           `language: en, buttons: [{sub_type: flow, flow_token: order-7, flow_action_data: {name: Ana, count: 3, vip: true}}]`,
		"catalogue":      `language: en, buttons: [{sub_type: catalog, thumbnail_product_retailer_id: nseiw1x3ch}]`,
		"products":       `language: en, buttons: [{sub_type: mpm, thumbnail_product_retailer_id: "2", sections: [{title: Popular, product_items: ["2", "3"]}]}]`,
		"order":          `language: en, buttons: [{sub_type: order_details, order_details: {reference_id: order-7, total_amount: {value: 10000, offset: 100}}}]`,
		"offer":          `language: en, body: [Ana], limited_time_offer: {expiration_time_ms: 1767139200000}`,
		"carousel":       `language: en, body: [Ana], carousel: [{header: {image: {id: "1"}}, body: [a]}, {header: {image: {id: "2"}}, body: [b]}]`,
		"word for word":  `language: en, components: [{type: body, parameters: [{type: text, text: "  kept  "}, {type: new_kind, new_kind: {n: 12345678901234567}}]}]`,
		"without values": `language: en, components: []`,
	}
}

// templates sends each shape that the provider supports, and wants it whole on
// the other side. What it does not support it has to say.
func (s Suite) templates(t *testing.T) {
	sent := 0
	for _, name := range slices.Sorted(maps.Keys(shapes())) {
		definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{template: spring_offer, " + shapes()[name] + "}]"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Spec.Refuses(&definition.Steps[0]); err != nil {
			if len(err.Error()) < 10 {
				t.Errorf("%s is not supported, and %q does not say why", name, err)
			}
			continue
		}
		renderer, err := definition.Compile(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m := letter()
		if m.Template, err = renderer.Render(0, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := s.asked(t, m).Template
		if got.Name != m.Template.Name || got.Language != m.Template.Language {
			t.Errorf("%s: asked for %s in %s, want %s in %s", name, got.Name, got.Language, m.Template.Name, m.Template.Language)
		}
		if diff := cmp.Diff(document(t, m.Template.Components), document(t, got.Components)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		sent++
	}
	if sent == 0 {
		t.Error("the provider supports no template at all")
	}
}

// document is what a JSON document holds, nothing for an empty one or an empty
// list.
func document(t *testing.T, text []byte) any {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	value := decode(t, text)
	if list, ok := value.([]any); ok && len(list) == 0 {
		return nil
	}
	return value
}

// atOnce sends many messages at once: each gets its own answer.
func (s Suite) atOnce(t *testing.T) {
	c := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		m, err := s.Wire.Read(r, body)
		if err != nil {
			t.Error(err)
		}
		s.Wire.Accept(whatsapp.Accepted{ID: "id-" + strings.TrimPrefix(m.To, "+")}).write(w)
	})
	var senders sync.WaitGroup
	for i := range 50 {
		senders.Go(func() {
			m := letter()
			m.To = fmt.Sprintf("+4477009001%02d", i)
			got, err := c.Send(t.Context(), m)
			if err != nil || got.ID != "id-"+m.To[1:] {
				t.Errorf("%s: got %+v, %v", m.To, got, err)
			}
		})
	}
	senders.Wait()
	if n := int(c.requests.Load()); n > 50*s.Spec.Traits.Requests {
		t.Errorf("50 messages made %d requests", n)
	}
}
