package whatsapptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// LibraryWire is the wire of a provider that lists templates.
type LibraryWire interface {
	Wire
	// List answers a request for templates with those of all that it asks for, but
	// with no more than most of them. Words are as the provider writes them. The error
	// says what is wrong with the request.
	List(r *http.Request, all []campaign.Approved, most int) (Answer, error)
	// NoList lists answers of status 200 that are no list.
	NoList() []Answer
}

// library has a channel list its templates.
func (s Suite) library(t *testing.T) {
	wire, ok := s.Wire.(LibraryWire)
	if !ok {
		t.Fatal("the channel lists templates, and the wire cannot answer: make it a LibraryWire")
	}
	t.Run("pages", func(t *testing.T) { s.libraryPages(t, wire) })
	t.Run("no list", func(t *testing.T) { s.libraryStrange(t, wire) })
	t.Run("broken off", func(t *testing.T) { s.libraryBroken(t, wire) })
	t.Run("refused", func(t *testing.T) { s.libraryRefused(t, wire) })
}

// account is what an account may have, in the order of its list.
func account(n int) []campaign.Approved {
	categories := []campaign.Category{campaign.Marketing, campaign.Utility, campaign.Authentication}
	statuses := []string{"approved", "paused", "rejected", "pending", "disabled", "a_new_word"}
	all := make([]campaign.Approved, n)
	for i := range all {
		all[i] = campaign.Approved{
			TemplateName: campaign.TemplateName{Name: "offer_" + strconv.Itoa(i/2), Language: []string{"en_GB", "de"}[i%2]},
			Category:     categories[i%len(categories)], Status: statuses[i%len(statuses)],
			Components: json.RawMessage(fmt.Sprintf(`[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hé {{1}}, \"%d\"","example":{"body_text":[["Ana"]]}}]`, i)),
		}
	}
	return all
}

// listing opens a channel to an account, of which an answer has so much.
func (s Suite) listing(t *testing.T, wire LibraryWire, all []campaign.Approved, most int, change func(page int, a Answer) Answer) channel {
	page := 0
	return s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer, err := wire.List(r, all, most)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		page++
		change(page, answer).write(w)
	})
}

// templatesOf asks for all templates.
func templatesOf(t *testing.T, c channel) ([]campaign.Approved, error) {
	t.Helper()
	got, err := c.Provider.(whatsapp.Library).Templates(t.Context())
	if err != nil && refusal(t, err).Class == whatsapp.Ambiguous {
		t.Errorf("%v is ambiguous: to ask again does no harm", err)
	}
	return got, err
}

// libraryPages lists accounts of all sizes, in pages that are smaller than asked for
// and have unknown fields.
func (s Suite) libraryPages(t *testing.T, wire LibraryWire) {
	compare := gocmp.Transformer("document", func(text json.RawMessage) any { return document(t, text) })
	for _, n := range []int{0, 1, 3, 7, 250} {
		for name, change := range map[string]func(int, Answer) Answer{
			"as it is": func(_ int, a Answer) Answer { return a },
			"grown": func(_ int, a Answer) Answer {
				a.Body = string(grown(t, []byte(a.Body)))
				return a
			},
		} {
			all := account(n)
			got, err := templatesOf(t, s.listing(t, wire, all, 3, change))
			if err != nil {
				t.Errorf("%d %s: %v", n, name, err)
				continue
			}
			// What has grown stands in the definitions as well.
			if diff := gocmp.Diff(all, got, compare); diff != "" && name == "as it is" || len(got) != n {
				t.Errorf("%d %s: %s", n, name, diff)
			}
		}
	}
}

// libraryStrange answers with what is no list, which is not an empty one.
func (s Suite) libraryStrange(t *testing.T, wire LibraryWire) {
	answers := append(wire.NoList(), Answer{Status: 200}, Answer{Status: 200, Body: page}, Answer{Status: 200, Body: `[]`}, Answer{Status: 200, Body: `{}`},
		wire.Accept(whatsapp.Accepted{ID: "id-1"}))
	for _, a := range answers {
		if got, err := templatesOf(t, s.answering(t, a)); err == nil {
			t.Errorf("%s: listed %d templates", a.Body, len(got))
		}
	}
}

// libraryBroken refuses a later page: half a list is none.
func (s Suite) libraryBroken(t *testing.T, wire LibraryWire) {
	got, err := templatesOf(t, s.listing(t, wire, account(7), 3, func(page int, a Answer) Answer {
		if page == 2 {
			return Answer{Status: http.StatusServiceUnavailable, Body: a.Body}
		}
		return a
	}))
	if err == nil || got != nil {
		t.Errorf("got %d templates, and error %v", len(got), err)
	}
}

// libraryRefused answers with the provider's errors, and with none of its own.
func (s Suite) libraryRefused(t *testing.T, wire LibraryWire) {
	check := func(what string, answer Answer, want *whatsapp.Error) {
		_, err := templatesOf(t, s.answering(t, answer))
		if err == nil {
			t.Errorf("%s: listed all the same", what)
			return
		}
		if got := refusal(t, err); got.Reason != want.Reason || !slices.Contains(s.Spec.Reasons, got.Reason) {
			t.Errorf("%s: got %s, want %s", what, Summary(got), Summary(want))
		}
	}
	for at := range s.Book.Codes {
		for _, f := range reach(s.Book.Codes, at, codeFault) {
			if f.Mode == codes.InAnswer {
				answer := wire.Refuse(f)
				f.Status = answer.Status
				check(fmt.Sprintf("code %d", f.Code), answer, s.Book.Judge(f))
			}
		}
	}
	for _, status := range []int{307, 400, 401, 403, 404, 429, 500, 503} {
		f := codes.Fault{Mode: codes.InAnswer, Status: status}
		check("HTTP "+strconv.Itoa(status), Answer{Status: status, Header: http.Header{"Location": {"/elsewhere"}}, Body: page}, s.Book.JudgeStatus(f))
	}
	_, err := s.open(t, s.Settings("http://127.0.0.1:1"), whatsapp.Opening{}).(whatsapp.Library).Templates(t.Context())
	sameRefusal(t, "nobody listens", refusal(t, err), codes.Unreachable().Because(nil))
}

// listedTemplates are templates in Meta's words (Meta, message templates reference).
func listedTemplates(all []campaign.Approved) []any {
	listed := make([]any, len(all))
	for i, a := range all {
		listed[i] = object{
			"id": "1689" + strconv.Itoa(i), "name": a.Name, "language": a.Language, "components": a.Components,
			"status": strings.ToUpper(a.Status), "category": strings.ToUpper(string(a.Category)), "parameter_format": "POSITIONAL",
		}
	}
	return listed
}

// List answers with a cursor for what follows (Meta, Graph API, paginated results).
func (CloudWire) List(r *http.Request, all []campaign.Approved, most int) (Answer, error) {
	query := r.URL.Query()
	var err error
	for _, name := range []string{"name", "language", "status", "category", "components"} {
		if !slices.Contains(strings.Split(query.Get("fields"), ","), name) {
			err = fmt.Errorf("the field %s is not asked for", name)
		}
	}
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/message_templates") || r.Header.Get("Authorization") == "" {
		err = fmt.Errorf("not a request for templates: %s %s", r.Method, r.URL.Path)
	}
	from := 0
	if after := query.Get("after"); after != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(after, "MQZDZD=")); err != nil {
			return Answer{}, err
		}
	}
	end := min(from+most, len(all))
	paging := object{"cursors": object{"before": "MQZDZD=" + strconv.Itoa(from), "after": "MQZDZD=" + strconv.Itoa(end)}}
	if end < len(all) {
		paging["next"] = "http://127.0.0.1:1/elsewhere?access_token=stolen&after=" + url.QueryEscape("MQZDZD="+strconv.Itoa(end))
	}
	body := object{"data": listedTemplates(all[from:end])}
	if len(all) > 0 {
		body["paging"] = paging
	}
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(body))}, err
}

// NoList has lists of another name, and others that are none.
func (CloudWire) NoList() []Answer {
	return []Answer{{Status: 200, Body: `{"data":{}}`}, {Status: 200, Body: `{"data":null}`}, {Status: 200, Body: `{"waba_templates":[]}`}}
}

// Wire360 talks as 360dialog does where it lists templates, and else as the wire
// within.
type Wire360 struct{ MediaWire }

// List counts what was skipped (360dialog, retrieve templates).
func (Wire360) List(r *http.Request, all []campaign.Approved, most int) (Answer, error) {
	if r.Method != http.MethodGet || r.URL.Path != "/v1/configs/templates" || r.Header.Get("D360-API-KEY") == "" {
		return Answer{}, fmt.Errorf("not a request for templates: %s %s", r.Method, r.URL.Path)
	}
	from, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil {
		return Answer{}, err
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		return Answer{}, err
	}
	from = min(from, len(all))
	part := all[from:min(from+min(limit, most), len(all))]
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(object{
		"count": len(part), "filters": object{}, "limit": limit, "offset": from, "total": len(all), "sort": []any{"id"}, "waba_templates": listedTemplates(part),
	}))}, nil
}

// NoList has lists of another name, and others that are none.
func (Wire360) NoList() []Answer {
	return []Answer{{Status: 200, Body: `{"waba_templates":{}}`}, {Status: 200, Body: `{"waba_templates":null}`}, {Status: 200, Body: `{"data":[]}`}}
}
