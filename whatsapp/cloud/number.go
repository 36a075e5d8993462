package cloud

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// NumberAt asks at an address how a number stands, in the Cloud API's words.
type NumberAt struct {
	prototype *http.Request // it is only read
	sender    *Sender
}

// numberFields are what is asked of a number (Meta, phone number reference). A
// version that has the newer name of the messaging limit may lack the older one,
// and refuses to answer at all then; so may one that has the older name alone.
var numberFields = [...]string{
	"quality_rating,throughput,status,name_status,health_status,whatsapp_business_manager_messaging_limit",
	"quality_rating,throughput,status,name_status,messaging_limit_tier",
}

// noSuchField is the code of a request for a field that there is not (Meta, error
// codes page: invalid parameter).
const noSuchField = 100

// NewNumberAt makes what asks at the address, with the header and the connections
// of the sender.
func NewNumberAt(address string, sender *Sender) (*NumberAt, error) {
	prototype, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	prototype.Header = sender.messages.prototype.Header.Clone()
	prototype.Header.Del("Content-Type")
	return &NumberAt{prototype: prototype, sender: sender}, nil
}

// Fields asks for the fields of a number: by one request, and by one more where the
// API does not know one of them.
func (n *NumberAt) Fields(ctx context.Context) (state whatsapp.NumberState, refusal *whatsapp.Error) {
	for _, fields := range numberFields {
		r := n.prototype.Clone(ctx)
		r.URL.RawQuery = url.Values{"fields": {fields}}.Encode()
		if state, refusal = n.ask(ctx, r); refusal == nil || refusal.Code != noSuchField {
			break
		}
	}
	return state, refusal
}

// Whole asks for all that the address tells.
func (n *NumberAt) Whole(ctx context.Context) (whatsapp.NumberState, *whatsapp.Error) {
	return n.ask(ctx, n.prototype)
}

func (n *NumberAt) ask(ctx context.Context, r *http.Request) (whatsapp.NumberState, *whatsapp.Error) {
	answer, refusal := n.sender.call.Do(ctx, r, nil)
	if refusal != nil {
		return whatsapp.NumberState{}, again(refusal)
	}
	state, ok := readNumber(answer)
	if ok {
		return state, nil
	}
	_, refusal = n.sender.messages.reader.Answer(answer, n.sender.now())
	if refusal == nil { // it tells of a message that nobody sent
		refusal = codes.Unreachable().Of(codes.Fault{Status: answer.Status, Message: answer.Words()})
	}
	return whatsapp.NumberState{}, again(refusal)
}

// again is the refusal of a question: it may be asked again whatever became of it.
func again(refusal *whatsapp.Error) *whatsapp.Error {
	if refusal.Class == whatsapp.Ambiguous {
		refusal.Class = whatsapp.RetrySoon
		refusal.Hint = "The provider did not say how the number stands. It is asked again."
	}
	return refusal
}

// numberBody is a number as the API tells it.
type numberBody struct {
	Quality    wire.Text `json:"quality_rating"`
	Status     wire.Text `json:"status"`
	NameStatus wire.Text `json:"name_status"`
	Throughput struct {
		Level wire.Text `json:"level"`
	} `json:"throughput"`
	Limit    wire.Text `json:"whatsapp_business_manager_messaging_limit"`
	OldLimit wire.Text `json:"messaging_limit_tier"`
	Health   struct {
		CanSend wire.Text `json:"can_send_message"`
	} `json:"health_status"`
}

// readNumber reads the answer; ok is false for one that tells nothing of a number.
func readNumber(answer *call.Answer) (state whatsapp.NumberState, ok bool) {
	var told numberBody
	if !answer.OK() || answer.Broken != nil || wire.Decode(answer.Body, &told) != nil {
		return state, false
	}
	state.Quality, state.Status, state.NameStatus = lower(told.Quality), lower(told.Status), lower(told.NameStatus)
	state.Health = lower(told.Health.CanSend)
	state.Throughput, state.Rate = throughputOf(told.Throughput.Level)
	limit := told.Limit
	if limit == "" {
		limit = told.OldLimit
	}
	state.Tier, state.DailyRecipients = tierOf(limit)
	return state, state != whatsapp.NumberState{}
}

func lower(t wire.Text) string { return strings.ToLower(whatsapp.Excerpt(string(t))) }

// throughputOf is a level of throughput, and what it is in messages a second; 0
// for a level that says no number (Meta, throughput page).
func throughputOf(level wire.Text) (word string, perSecond float64) {
	switch {
	case level.Is("STANDARD"):
		perSecond = DefaultRate
	case level.Is("HIGH"):
		perSecond = 1000
	}
	return lower(level), perSecond
}

// tierOf is a messaging limit, which comes as a tier's name or as a number, and
// what it is in people a day; 0 for one that cannot be read (Meta, messaging limits
// page; business_capability_update reference).
func tierOf(limit wire.Text) (word string, daily int) {
	word = lower(limit)
	text := strings.TrimPrefix(word, "tier_")
	factor := 1
	if thousands, ok := strings.CutSuffix(text, "k"); ok {
		text, factor = thousands, 1000
	}
	n, err := strconv.Atoi(text)
	switch {
	case text == "unlimited", err == nil && n == -1:
		return word, whatsapp.NoLimit
	case err != nil || n <= 0 || n > math.MaxInt32/factor:
		return word, 0
	}
	return word, n * factor
}

// Numbered is a client that tells how its number stands.
type Numbered struct {
	*MediaClient
	ask func(context.Context) (whatsapp.NumberState, *whatsapp.Error)
}

var (
	_ whatsapp.Provider = (*Numbered)(nil)
	_ whatsapp.Numbers  = (*Numbered)(nil)
)

// NewNumbered is the client with a way to ask.
func NewNumbered(c *MediaClient, ask func(context.Context) (whatsapp.NumberState, *whatsapp.Error)) *Numbered {
	return &Numbered{c, ask}
}

// State asks how the number stands. The error is a *whatsapp.Error, and never
// Ambiguous.
func (n *Numbered) State(ctx context.Context) (whatsapp.NumberState, error) {
	state, refusal := n.ask(ctx)
	if refusal != nil {
		return whatsapp.NumberState{}, refusal
	}
	return state, nil
}
