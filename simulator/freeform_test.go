package simulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/providers"
)

// contents are one step for each kind of message that is no template.
func contents() []string {
	return []string{
		`text: Hello`, `text: {body: "https://example.com", preview_url: true}`, `text: Hello, reply: true`,
		`image: {link: "https://example.com/a.jpg", caption: A}`, `video: {id: "7"}`, `audio: {link: "https://example.com/a.mp3"}`,
		`document: {link: "https://example.com/a.pdf"}`, `sticker: {link: "https://example.com/a.webp"}`,
		`location: {latitude: 37.5, longitude: 122}`, `reaction: 👍`,
		`contacts: [{name: {formatted_name: Ana Souza, first_name: Ana}}]`,
		`interactive: {type: button, body: {text: Well}, action: {buttons: [{type: reply, reply: {id: yes-7, title: Good}}]}}`,
	}
}

// channelTo opens a channel of the dialect's own provider to a simulator.
func channelTo(t *testing.T, o Options, base string) (whatsapp.Provider, whatsapp.Spec) {
	t.Helper()
	at := slices.IndexFunc(providers.All(), func(s whatsapp.Spec) bool { return s.Name == o.Dialect.Name() })
	spec := providers.All()[at]
	settings := spec.Settings()
	told, err := yaml.Marshal(o.Settings(base))
	if err == nil {
		err = yaml.Unmarshal(told, settings)
	}
	if err != nil {
		t.Fatal(err)
	}
	channel, err := settings.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	return channel, spec
}

// messageOf is the message of a step, nil where the provider refuses it.
func messageOf(t *testing.T, spec whatsapp.Spec, step, to string) *whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + step + "}]"))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Refuses(&definition.Steps[0]) != nil {
		return nil
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	free, err := renderer.RenderFree(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if definition.Steps[0].Reply || free.Kind == campaign.KindReaction {
		free.Answers = "wamid.theirs"
	}
	return &whatsapp.Message{To: to, Reference: "7.1", Free: &free}
}

// What is no template is taken by every dialect as its provider's channel sends it.
// It fails for whoever has not written, and arrives at whoever has.
func TestFreeForm(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		t.Run(d.Name(), func(t *testing.T) {
			t.Parallel()
			hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
			defer hook.Close()
			o := Options{Dialect: d, Webhook: hook.URL, AlsoPosts: true, AccessToken: "any-token", AppSecret: "any-secret", PhoneNumberID: testNumber}
			s := New(o)
			defer s.Close()
			server := httptest.NewServer(s)
			defer server.Close()
			channel, spec := channelTo(t, o, server.URL)
			const silent, open = "+447700900123", "+447700900124"
			if _, err := s.Tell(t.Context(), Event{Kind: inbound, From: open, Text: "Hello", Number: testNumber}); err != nil {
				t.Fatal(err)
			}
			sent := 0
			for _, step := range contents() {
				for _, to := range []string{silent, open} {
					m := messageOf(t, spec, step, to)
					if m == nil {
						continue
					}
					if _, err := channel.Send(t.Context(), *m); err != nil {
						t.Errorf("%s: %v", step, err)
					}
					sent++
				}
			}
			drain(t, s)
			truth := s.Truth()
			if len(truth.Messages) != sent || sent < 6 {
				t.Fatalf("%d messages were taken of %d", len(truth.Messages), sent)
			}
			for _, m := range truth.Messages {
				failed := slices.ContainsFunc(m.Receipts, func(r Receipt) bool { return r.Status == campaign.Failed && r.Code == d.failure(outsideWindow) })
				if failed != (m.To == silent) || !strings.HasPrefix(m.Template, "(") || len(m.Components) == 0 {
					t.Errorf("%s to %s: failed %v, %s", m.Template, m.To, failed, m.Components)
				}
			}
			marks(t, s, channel)
		})
	}
}

// marks has a message of a person marked as read where that can be.
func marks(t *testing.T, s *Simulator, channel whatsapp.Provider) {
	t.Helper()
	marker, ok := channel.(whatsapp.Marker)
	if !ok {
		return
	}
	before := s.Counts().Requests
	if err := marker.MarkRead(t.Context(), "wamid.theirs"); err != nil {
		t.Error(err)
	}
	if c := s.Counts(); c.Reads != 1 || c.Requests != before {
		t.Errorf("counted %+v", c)
	}
}

// The window is open for a day after each message of a person, to the moment.
func TestWindow(t *testing.T) {
	t.Parallel()
	b := newBook(nil)
	const person = "+447700900123"
	say := func(kind Kind, at time.Duration) {
		b.say(&saying{Inbound: Inbound{Kind: kind, Person: person, At: at}})
	}
	say(StopMarketing, time.Hour)
	say(ChangeNumber, time.Hour)
	say(Answer, 2*time.Hour)
	say(Press, 40*time.Hour)
	for now, want := range map[time.Duration]bool{
		time.Hour: false, 2*time.Hour - 1: false, 2 * time.Hour: true, 26*time.Hour - 1: true, 26 * time.Hour: false,
		40 * time.Hour: true, 63 * time.Hour: true, 64 * time.Hour: false,
	} {
		if got := b.open(person, now); got != want {
			t.Errorf("after %v the window is open: %v", now, got)
		}
	}
	if b.open("+447700900124", 3*time.Hour) {
		t.Error("somebody else's window is open")
	}
}

// What each API refuses of a message that is no template.
func TestFreeFormRefusals(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`"type":"text","text":{"body":""}`:                             131008,
		`"type":"text","text":7`:                                       100,
		`"type":"image","image":{"caption":"A"}`:                       131008,
		`"type":"image","image":{"id":"7","link":"https://a.example"}`: 131008,
		`"type":"location","location":{"longitude":"1"}`:               131008,
		`"type":"contacts","contacts":[]`:                              131008,
		`"type":"interactive","interactive":{"type":"button"}`:         131008,
		`"type":"reaction","reaction":{"emoji":"👍"}`:                   131008,
		`"type":"poll","poll":{}`:                                      131051,
		`"type":"reaction","reaction":{"message_id":"w","emoji":"👍"}`:  0,
	} {
		s := New(Options{})
		w := post(s, `{"messaging_product":"whatsapp","to":"+447700900123",`+body+`}`)
		if got := codeOf(t, w); got != want {
			t.Errorf("%s: code %d, want %d", body, got, want)
		}
		s.Close()
	}
}

// The audit knows a step by its content as well as by what goes out otherwise.
func TestStepName(t *testing.T) {
	t.Parallel()
	text, other := &campaign.Text{Body: "a"}, &campaign.Step{Template: "hello"}
	steps := []string{
		StepName(campaign.Step{Template: "first"}), StepName(campaign.Step{Text: text, OtherwiseTemplate: other}), StepName(campaign.Step{Text: text}),
	}
	a := &auditor{steps: steps}
	for _, c := range []struct {
		template string
		hint     int
		want     int
	}{{"first", -1, 0}, {"(text)", 1, 1}, {"hello", 1, 1}, {"(text)", 2, 2}, {"(text)", -1, 1}, {"hello", 0, 1}, {"(image)", 1, -1}, {steps[1], 1, 1}} {
		if got := a.place("+1", c.template, c.hint); got.step != c.want {
			t.Errorf("%s with the hint %d is of step %d, want %d", c.template, c.hint, got.step, c.want)
		}
	}
}
