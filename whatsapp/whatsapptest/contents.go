package whatsapptest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// contents are steps, one for each kind of what is no template.
func contents() map[string]string {
	return map[string]string{
		"text":             `text: "Désolé, *Ana* 👋\nhttps://example.com/a?b=1&c=2"`,
		"text, previewed":  `text: {body: "https://example.com/a?b=1&c=2", preview_url: true}`,
		"text, quoting":    `text: a, reply: true`,
		"image":            `image: {link: "https://example.com/a.jpg?b=1&c=2", caption: "Été"}`,
		"image by id":      `image: {id: "1037000000000001"}`,
		"video":            `video: {link: "https://example.com/a.mp4"}`,
		"audio":            `audio: {link: "https://example.com/a.mp3"}`,
		"audio, quoting":   `audio: {link: "https://example.com/a.mp3"}, reply: true`,
		"document":         `document: {link: "https://example.com/a.pdf", caption: Yours}`,
		"document, named":  `document: {link: "https://example.com/a.pdf", filename: "Invoice 7.pdf"}`,
		"sticker":          `sticker: {link: "https://example.com/a.webp"}`,
		"sticker by id":    `sticker: {id: "1037000000000001"}`,
		"location":         `location: {latitude: 37.483307, longitude: -122.14}`,
		"location, named":  `location: {latitude: "37.483307", longitude: "122.148981", name: Pablo, address: "1 Way, Town"}`,
		"reaction":         `reaction: 👍🏽`,
		"contacts":         `contacts: [{name: {formatted_name: "Ana \"A\" Souza", first_name: Ana}, phones: [{phone: "+447700900123", type: WORK}], birthday: 1990-12-31}]`,
		"buttons":          `interactive: {type: button, header: {type: image, image: {id: "1"}}, body: {text: Well}, footer: {text: Us}, action: {buttons: [{type: reply, reply: {id: yes-7, title: Good}}]}}`,
		"buttons, quoting": `interactive: {type: button, body: {text: Well}, action: {buttons: [{type: reply, reply: {id: yes-7, title: Good}}]}}, reply: true`,
		"list":             `interactive: {type: list, body: {text: When}, action: {button: Times, sections: [{rows: [{id: t9, title: At nine, description: sharp}]}]}}`,
		"link":             `interactive: {type: cta_url, body: {text: See}, action: {name: cta_url, parameters: {display_text: See, url: "https://example.com/a?b=1&c=2"}}}`,
		"flow":             `interactive: {type: flow, body: {text: Book}, action: {name: flow, parameters: {flow_message_version: "3", flow_name: a, flow_cta: Book, flow_action_payload: {data: {n: 12345678901234567}}}}}`,
		"where":            `interactive: {type: location_request_message, body: {text: Where}, action: {name: send_location}}`,
		"address":          `interactive: {type: address_message, body: {text: Where}, action: {name: address_message, parameters: {country: SG, values: {name: Ana}}}}`,
		"product":          `interactive: {type: product, action: {catalog_id: "194", product_retailer_id: sku1}}`,
		"products":         `interactive: {type: product_list, header: {type: text, text: Ours}, body: {text: Look}, action: {catalog_id: "194", sections: [{title: One, product_items: [{product_retailer_id: sku1}]}]}}`,
		"catalogue":        `interactive: {type: catalog_message, body: {text: Look}, action: {name: catalog_message}}`,
		"number":           `interactive: {type: request_contact_info, body: {text: May we}, action: {name: request_contact_info}}`,
	}
}

// answered is the person's message that quoting ones answer.
const answered = "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdC="

// contents sends what is no template. It arrives whole, or the step is refused with a
// reason, and so is a message that was rendered of it all the same, without a request.
func (s Suite) contents(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(contents())) {
		definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + contents()[name] + "}]"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		step := &definition.Steps[0]
		renderer, err := definition.Compile(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		free, err := renderer.RenderFree(0, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if step.Reply || free.Kind == campaign.KindReaction {
			free.Answers = answered
		}
		m := whatsapp.Message{To: "+" + phone, Reference: reference, Free: &free}
		if err := s.Spec.Refuses(step); err != nil {
			if len(err.Error()) < 40 {
				t.Errorf("%s is not supported, and %q does not say why and what to do", name, err)
			}
			if !s.sendsNone(t, m) {
				t.Errorf("%s is not supported, and was sent", name)
			}
			continue
		}
		got := s.asked(t, m)
		if got.Free == nil {
			t.Errorf("%s: asked for %+v", name, got)
			continue
		}
		if got.Free.Kind != free.Kind || got.Free.Answers != free.Answers || got.Template.Name != "" {
			t.Errorf("%s: asked for a %s that answers %q", name, got.Free.Kind, got.Free.Answers)
		}
		if diff := gocmp.Diff(document(t, free.Content), document(t, got.Free.Content)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	s.noContents(t)
}

// noContents tries what no provider can send, and what goes out otherwise and cannot.
func (s Suite) noContents(t *testing.T) {
	two := letter()
	two.Free = &campaign.FreeForm{Kind: campaign.KindText, Content: json.RawMessage(`{"body":"a"}`)}
	for name, m := range map[string]whatsapp.Message{
		"two contents":          two,
		"a reaction to nothing": {To: "+" + phone, Free: &campaign.FreeForm{Kind: campaign.KindReaction, Content: json.RawMessage(`{"emoji":"👍"}`)}},
		"nothing":               {To: "+" + phone, Free: &campaign.FreeForm{Kind: campaign.KindText}},
	} {
		if !s.sendsNone(t, m) {
			t.Errorf("%s was sent", name)
		}
	}
	other := &campaign.Step{
		Text:              &campaign.Text{Body: "a"},
		OtherwiseTemplate: &campaign.Step{Category: campaign.Marketing, MarketingMessages: &campaign.MarketingMessages{}},
	}
	if refused := s.Spec.Refuses(other) != nil; refused == s.Spec.Traits.MarketingMessages {
		t.Errorf("Traits.MarketingMessages is %v, and what goes out otherwise is refused: %v", s.Spec.Traits.MarketingMessages, refused)
	}
}

// marks tells that a person's message was read, where the provider can be told.
func (s Suite) marks(t *testing.T) {
	c := s.answering(t, Answer{Status: http.StatusOK, Header: jsonHeader(), Body: `{"success":true}`})
	marker, ok := c.Provider.(whatsapp.Marker)
	if !ok {
		return
	}
	if err := marker.MarkRead(t.Context(), answered); err != nil || c.requests.Load() != 1 {
		t.Errorf("got %v after %d requests", err, c.requests.Load())
	}
	fault := codes.Fault{Mode: codes.InAnswer, Code: s.unknownCode(), Message: "Words of the provider"}
	answer := s.Wire.Refuse(fault)
	fault.Status = answer.Status
	refusing, _ := s.answering(t, answer).Provider.(whatsapp.Marker)
	sameRefusal(t, "a message that is not theirs", refusal(t, refusing.MarkRead(t.Context(), answered)), s.Book.Judge(fault))
}

// ReadFree reads the members of a free-form message that the Cloud API's body has: of
// a reaction, the message that it is about is told in Answers.
func ReadFree(body []byte) (*campaign.FreeForm, error) {
	var members map[string]json.RawMessage
	var told struct {
		Kind    campaign.Kind `json:"type"`
		Context struct {
			ID string `json:"message_id"`
		} `json:"context"`
	}
	if err := errors.Join(json.Unmarshal(body, &members), json.Unmarshal(body, &told)); err != nil {
		return nil, err
	}
	content, ok := members[string(told.Kind)]
	if !ok {
		return nil, fmt.Errorf("nothing stands under %q", told.Kind)
	}
	free := &campaign.FreeForm{Kind: told.Kind, Content: content, Answers: told.Context.ID}
	if told.Kind != campaign.KindReaction {
		return free, nil
	}
	var about struct {
		ID    string `json:"message_id"`
		Emoji string `json:"emoji"`
	}
	if err := json.Unmarshal(content, &about); err != nil || told.Context.ID != "" {
		return nil, fmt.Errorf("a reaction that quotes %q: %w", told.Context.ID, err)
	}
	free.Answers = cmp.Or(about.ID, "no message")
	free.Content = encode(object{"emoji": about.Emoji})
	return free, nil
}
