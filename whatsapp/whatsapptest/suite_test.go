package whatsapptest_test

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
	"carillon/whatsapp/wire"
)

// The pigeon post shares nothing with the Cloud API: numbers are digits, a
// template has texts alone, a webhook tells one thing and brings a secret, and
// nothing echoes.

func pigeonBook() *codes.Book {
	const again = "It is tried again, and later by `carillon retry`."
	lost := codes.Ambiguous("lost", "It may have been sent: a receipt will tell.")
	slow := codes.Slow(whatsapp.AccountBudget, time.Minute, "throttled", "Nothing to do: it is sent later.")
	bad := codes.Bad("bad_letter", "Correct the campaign's file and launch it again.")
	return &codes.Book{
		Codes: codes.Table{
			codes.One(1).Means(codes.Drop(whatsapp.SuppressSoft, "no_loft", "Nobody is there: check the number.")),
			codes.Range(2, 4).Means(codes.Soon("storm", again).Times(2)),
			codes.One(5).In(codes.InReceipt).Means(codes.Drop(whatsapp.SuppressAll, "shot", "The person wants no pigeons.")),
			codes.One(5).Means(slow),
		},
		Statuses: codes.Table{
			codes.One(401).Means(codes.Pause(whatsapp.AccountScope, "no_licence", "Renew the licence, then resume.")),
			codes.One(429).Means(slow),
			codes.Range(300, 499).Means(bad),
		},
		Others: codes.Others{
			NoMessageID: lost, NoVerdict: lost, Throttled: slow, UnknownFault: codes.Soon("storm", again),
			UnknownCode: bad, Unexplained: codes.Drop(whatsapp.NoSuppression, "unexplained", "Ask the post what happened."),
		},
	}
}

type pigeonSettings struct {
	BaseURL string          `yaml:"base_url"`
	Loft    string          `yaml:"loft"`
	Licence whatsapp.Secret `yaml:"licence"`
	Ring    whatsapp.Secret `yaml:"ring"`
}

func (s *pigeonSettings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, "https://post.example.com")
	r.Need(s.Loft != "", "loft", "is missing; it stands on the roof")
	r.Token("licence", s.Licence, "ask the post for one")
	r.Key("ring", s.Ring, "it is on the pigeon's leg")
}

func (s *pigeonSettings) Identity() whatsapp.Identity { return whatsapp.Identity{Number: s.Loft} }

func (s *pigeonSettings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	prototype, err := http.NewRequest(http.MethodPost, s.BaseURL, nil)
	if err != nil {
		return nil, err
	}
	prototype.Header.Set("Licence", string(s.Licence))
	return &pigeon{settings: s, prototype: prototype, Client: call.New(o.Timeout, o.Transport), book: pigeonBook()}, nil
}

type pigeon struct {
	*call.Client
	settings  *pigeonSettings
	prototype *http.Request
	book      *codes.Book
}

// slip is all that is ever written: a letter, an answer to it, news.
type slip struct {
	Letter wire.Text   `json:"letter,omitempty"`
	To     wire.Text   `json:"to,omitempty"`
	From   wire.Text   `json:"from,omitempty"`
	Form   wire.Text   `json:"form,omitempty"`
	Tongue wire.Text   `json:"tongue,omitempty"`
	Words  []wire.Text `json:"words,omitempty"`
	News   wire.Text   `json:"news,omitempty"`
	Answer wire.Text   `json:"answer,omitempty"`
	Why    wire.Text   `json:"why,omitempty"`
	Number *int        `json:"number,omitempty"`
	Second wire.Text   `json:"second,omitempty"`
}

// texts are the components of a template that has texts alone.
type texts []struct {
	Type       string `json:"type"`
	Parameters []struct {
		Type string    `json:"type"`
		Text wire.Text `json:"text"`
	} `json:"parameters"`
}

func (p *pigeon) Identity() whatsapp.Identity { return p.settings.Identity() }

func (p *pigeon) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	if m.Free != nil || m.Template.MarketingMessages != nil {
		return whatsapp.Accepted{}, codes.NoSuchContent().Of(codes.Fault{})
	}
	if m.UserID != "" {
		return whatsapp.Accepted{}, codes.NumbersOnly().Of(codes.Fault{})
	}
	letter := slip{To: wire.Text(strings.TrimPrefix(m.To, "+")), Form: wire.Text(m.Template.Name), Tongue: wire.Text(m.Template.Language)}
	var components texts
	if len(m.Template.Components) > 0 {
		if err := json.Unmarshal(m.Template.Components, &components); err != nil {
			return whatsapp.Accepted{}, p.book.Others.UnknownCode.Because(err)
		}
	}
	for _, c := range components {
		for _, parameter := range c.Parameters {
			letter.Words = append(letter.Words, parameter.Text)
		}
	}
	answer, refusal := p.Do(ctx, p.prototype, written(letter))
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	var told slip
	if err := wire.Decode(answer.Body, &told); err == nil && answer.OK() && answer.Broken == nil && told.Letter != "" {
		return whatsapp.Accepted{ID: string(told.Letter)}, nil
	}
	f := codes.Fault{Mode: codes.InAnswer, Status: answer.Status, Message: string(told.Why)}
	switch {
	case answer.OK():
		refusal = p.book.Others.NoMessageID.Of(f)
	case told.Number == nil:
		refusal = p.book.JudgeStatus(f)
	default:
		f.Code = *told.Number
		refusal = p.book.Judge(f)
	}
	answer.RaiseWait(refusal, time.Now(), 0)
	return whatsapp.Accepted{}, refusal
}

func (p *pigeon) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	if ring := p.settings.Ring; ring == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Ring")), []byte(ring)) != 1 {
		return whatsapp.Events{}, nil, fmt.Errorf("%w: another ring", whatsapp.ErrRefused)
	}
	var told slip
	if err := wire.Decode(r.Body, &told); err != nil {
		return whatsapp.Events{}, nil, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	if told.News == "said" && told.Letter != "" {
		return whatsapp.Events{Inbound: []whatsapp.Inbound{{
			ID: string(told.Letter), From: whatsapp.Who{Phone: told.From.Digits()}, At: told.Second.Time(), Type: string(told.Form),
			Text: string(told.Why), Payload: string(told.Tongue), ReplyTo: string(told.Answer),
		}}}, nil, nil
	}
	receipt := whatsapp.Receipt{ID: string(told.Letter), At: told.Second.Time(), Status: news()[string(told.News)]}
	if receipt.ID == "" || receipt.Status == 0 {
		return whatsapp.Events{}, nil, nil
	}
	f := codes.Fault{Mode: codes.InReceipt, Message: string(told.Why)}
	switch {
	case receipt.Status == campaign.Failed && told.Number == nil:
		receipt.Err = p.book.Others.Unexplained.Of(f)
	case receipt.Status == campaign.Failed:
		f.Code = *told.Number
		receipt.Err = p.book.Judge(f)
	}
	return whatsapp.Events{Receipts: []whatsapp.Receipt{receipt}}, nil, nil
}

// news are the post's words for what becomes of a letter.
func news() map[string]campaign.Status {
	return map[string]campaign.Status{"flown": campaign.Sent, "landed": campaign.Delivered, "opened": campaign.Read, "fallen": campaign.Failed}
}

func written(s slip) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text
}

// pigeonWire is the post itself.
type pigeonWire struct{}

func (pigeonWire) Read(_ *http.Request, body []byte) (whatsapp.Message, error) {
	var letter slip
	if err := json.Unmarshal(body, &letter); err != nil {
		return whatsapp.Message{}, err
	}
	m := whatsapp.Message{To: string(letter.To), Template: campaign.Template{Name: string(letter.Form), Language: string(letter.Tongue)}}
	if len(letter.Words) > 0 {
		parameters := make([]map[string]any, len(letter.Words))
		for i, word := range letter.Words {
			parameters[i] = map[string]any{"type": "text", "text": word}
		}
		components, err := json.Marshal([]map[string]any{{"type": "body", "parameters": parameters}})
		m.Template.Components = components
		return m, err
	}
	return m, nil
}

func (pigeonWire) Accept(a whatsapp.Accepted) whatsapptest.Answer {
	return whatsapptest.Answer{Status: http.StatusAccepted, Body: string(written(slip{Letter: wire.Text(a.ID)}))}
}

func (pigeonWire) Refuse(f codes.Fault) whatsapptest.Answer {
	status := cmp.Or(f.Status, http.StatusUnprocessableEntity)
	return whatsapptest.Answer{Status: status, Body: string(written(slip{Number: &f.Code, Why: wire.Text(f.Message)}))}
}

func (pigeonWire) Webhook(e whatsapp.Events) (bodies [][]byte) {
	words := map[campaign.Status]string{}
	for word, status := range news() {
		words[status] = word
	}
	second := func(at time.Time) wire.Text { return wire.Text(at.Format(time.RFC3339)) }
	for _, r := range e.Receipts {
		s := slip{Letter: wire.Text(r.ID), News: wire.Text(words[r.Status]), Second: second(r.At)}
		if r.Err != nil {
			s.Number, s.Why = &r.Err.Code, wire.Text(r.Err.Message)
		}
		bodies = append(bodies, written(s))
	}
	for _, m := range e.Inbound {
		bodies = append(bodies, written(slip{
			News: "said", Letter: wire.Text(m.ID), From: wire.Text(m.From.Phone), Second: second(m.At), Form: wire.Text(m.Type),
			Why: wire.Text(m.Text), Tongue: wire.Text(m.Payload), Answer: wire.Text(m.ReplyTo),
		}))
	}
	return bodies
}

func (pigeonWire) Silent() []string {
	return []string{`{"news":"eaten","letter":"id-1"}`, `{"news":"flown"}`}
}

func pigeonSpec() whatsapp.Spec {
	book := pigeonBook()
	return whatsapp.Spec{
		Name: "pigeon", Title: "Pigeon post", Traits: whatsapp.Traits{Requests: 1}, Rate: 1, NumberKey: "loft",
		Unlisted: "pigeons know no templates",
		Settings: func() whatsapp.Settings { return &pigeonSettings{BaseURL: "https://post.example.com"} },
		Supports: func(step *campaign.Step) error {
			named := len(step.Body) > 0 && (step.Body[0].Name != "" || step.Body[0].Currency != nil)
			if step.FreeForm() || step.Header != nil || len(step.Buttons) > 0 || step.LimitedTimeOffer != nil || len(step.Carousel) > 0 || len(step.Components) > 0 || named {
				return fmt.Errorf("a pigeon carries the texts of a form alone; send %q another way", step.Template)
			}
			return nil
		},
		Reasons: book.Reasons(), Hint: book.Hint,
	}
}

func TestSuiteFitsAnotherWire(t *testing.T) {
	whatsapptest.Suite{
		Spec: pigeonSpec(), Book: pigeonBook(),
		Settings: func(base string) whatsapp.Settings {
			return &pigeonSettings{BaseURL: base, Loft: "roof-7", Licence: "licence-1", Ring: "ring-of-brass"}
		},
		Wrong:  map[string][]string{"base_url": nil, "loft": {""}, "licence": {"", "a b"}, "ring": {"", "brass\n"}},
		Digits: true,
		Proof:  whatsapptest.SecretHeader("ring", "Ring"),
		Wire:   pigeonWire{},
	}.Run(t)
}
