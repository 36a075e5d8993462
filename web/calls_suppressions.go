package web

import (
	"encoding/base64"
	"fmt"
	"hash/maphash"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

func (s *Server) listSuppressions(w http.ResponseWriter, r *http.Request) error {
	const usual, most = 100, 1000
	limit, err := pageLimit(r.URL.Query(), usual, most)
	if err != nil {
		return err
	}
	after, err := readCursor(r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	found, next, err := s.ledger.FindSuppressions(r.Context(), ledger.SuppressionQuery{Search: text, Person: personIn(text), After: after, Limit: limit})
	if err != nil {
		return err
	}
	list := api.Page[api.Suppression]{Items: viewSuppressions(found)}
	if next.Person != "" {
		cursor := writeCursor(next)
		list.Next = &cursor
	}
	return answer(w, http.StatusOK, list)
}

func viewSuppression(one ledger.Suppression) api.Suppression {
	return api.Suppression{
		Phone: one.Person, Scope: showScope(one.Scope), Reason: one.Reason, Since: one.Since, Source: one.Source.String(),
	}
}

func viewSuppressions(all []ledger.Suppression) []api.Suppression {
	list := make([]api.Suppression, len(all))
	for i, one := range all {
		list[i] = viewSuppression(one)
	}
	return list
}

func writeCursor(last ledger.Suppression) string {
	return base64.RawURLEncoding.EncodeToString([]byte(last.Person + " " + string(last.Scope)))
}

func readCursor(text string) (ledger.Suppression, error) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	person, scope, found := strings.Cut(string(decoded), " ")
	if text != "" && (err != nil || !found) {
		return ledger.Suppression{}, refuse(badRequest, "take the cursor from the previous page", "%q is not a cursor", text)
	}
	return ledger.Suppression{Person: person, Scope: campaign.SuppressionScope(scope)}, nil
}

// campaignScope is what the ledger's scope of one campaign begins with.
const campaignScope = "campaign:"

// showScope is a scope as the API writes it.
func showScope(scope campaign.SuppressionScope) string {
	if number, ok := strings.CutPrefix(string(scope), campaignScope); ok {
		if id, err := strconv.ParseInt(number, 10, 64); err == nil {
			return campaign.ID(id).String()
		}
	}
	return string(scope)
}

// readScope reads what showScope wrote; empty means all.
func readScope(text string) (campaign.SuppressionScope, error) {
	switch scope := campaign.SuppressionScope(text); scope {
	case "":
		return campaign.ScopeAll, nil
	case campaign.ScopeAll, campaign.ScopeMarketing:
		return scope, nil
	}
	id, err := campaign.ParseID(text)
	if err != nil {
		return "", refuse(badSuppression, "write all, marketing, or a campaign's id", "the scope %q is not all, marketing or a campaign's id", text)
	}
	return ledger.CampaignScope(id), nil
}

// maxReason is how long a reason may be, in bytes: a line in a report.
const maxReason = 500

func readSuppression(q api.NewSuppression) (ledger.Suppression, error) {
	person, err := readPerson(q.Phone, optOutNumbers(""))
	if err != nil {
		return ledger.Suppression{}, err
	}
	if len(q.Reason) > maxReason {
		return ledger.Suppression{}, refuse(badSuppression, "shorten it", "the reason has more than %d bytes", maxReason)
	}
	scope, err := readScope(q.Scope)
	return ledger.Suppression{Person: person, Scope: scope, Reason: q.Reason}, err
}

// readPerson is the key of a person whom somebody names by their number, or by
// the user ID that WhatsApp tells where it hides the number.
func readPerson(text string, numbers campaign.ContactOptions) (key string, err error) {
	if id := strings.TrimSpace(text); campaign.LooksLikeUserID(id) {
		return campaign.UserID(id), nil
	}
	phone, verdict, detail := contacts.ParsePhone(text, numbers)
	if !isNumber(verdict) {
		return "", refuse(badSuppression, "write the number with its country: +491511234567, or a user ID: US.13491208655302741918",
			"%q: %s", text, detail)
	}
	return campaign.Person(phone), nil
}

// personIn is the key of the person whom a text that is looked for names in full,
// empty where it does not.
func personIn(text string) string {
	if text == "" {
		return ""
	}
	key, err := readPerson(text, optOutNumbers(""))
	if err != nil {
		return ""
	}
	return key
}

// optOutNumbers is how the numbers of people who want to be left alone are read:
// lists of them come without a plus as often as with one, and an opt-out that is
// hidden is one all the same.
func optOutNumbers(region string) campaign.ContactOptions {
	return campaign.ContactOptions{DefaultRegion: region, AssumeInternational: true, IncludeHidden: true}
}

// isNumber reports whether there is a number that could be written to. One
// that WhatsApp does not serve today may be opted out all the same.
func isNumber(v campaign.Verdict) bool {
	return v == campaign.OK || v == campaign.NotMobile || v == campaign.ForbiddenCountry
}

// suppressing is what becomes of a request to suppress.
type suppressing struct {
	api.Suppressed
	// people are the hashes of those who were counted.
	people map[uint64]bool
	seed   maphash.Seed
}

// count counts people who are opted out now, each once.
func (v *suppressing) count(list []ledger.Suppression) {
	if v.people == nil {
		v.people, v.seed = map[uint64]bool{}, maphash.MakeSeed()
	}
	for _, s := range list {
		v.people[maphash.String(v.seed, s.Person)] = true
	}
	v.Suppressed.Suppressed = len(v.people)
}

// addSuppressions takes one opt-out or several as JSON, all of them or none,
// or a file with one number per line or a phone column, whose unreadable rows
// are reported and passed over.
func (s *Server) addSuppressions(w http.ResponseWriter, r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		return s.suppressJSON(w, r)
	case err == nil && (kind == "text/csv" || kind == "text/plain"):
		return s.suppressFile(w, r)
	}
	return refuse(wrongType, "send application/json, text/csv or text/plain", "the content is %q", r.Header.Get("Content-Type"))
}

func (s *Server) suppressJSON(w http.ResponseWriter, r *http.Request) error {
	const most = 4 << 20
	var body struct {
		api.NewSuppression
		api.Suppress
	}
	const hint = `send {"phone": "+491511234567"} or {"items": [{"phone": …}]}`
	if err := readJSON(w, r, most, hint, &body); err != nil {
		return err
	}
	requests := body.Items
	if body.NewSuppression != (api.NewSuppression{}) || len(requests) == 0 {
		requests = append(requests, body.NewSuppression)
	}
	list := make([]ledger.Suppression, len(requests))
	var faults []api.Fault
	for i, q := range requests {
		var err error
		if list[i], err = readSuppression(q); err != nil {
			faults = append(faults, api.Fault{Path: fmt.Sprintf("items[%d]", i), Detail: err.Error()})
		}
	}
	if len(faults) > 0 {
		p := refuse(badSuppression, "correct them and send all of them again; nothing was changed",
			"%d of %d opt-outs cannot be used: %s", len(faults), len(requests), faults[0].Detail)
		p.Errors = faults
		return p
	}
	if err := s.ledger.Suppress(r.Context(), list, actorOf(r), s.now()); err != nil {
		return err
	}
	done := suppressing{Suppressed: api.Suppressed{Problems: []api.RowProblem{}}}
	done.count(list)
	return answer(w, http.StatusOK, done.Suppressed)
}

func (s *Server) suppressFile(w http.ResponseWriter, r *http.Request) error {
	scope, err := readScope(r.URL.Query().Get("scope"))
	if err != nil {
		return err
	}
	reason := r.URL.Query().Get("reason")
	if len(reason) > maxReason {
		return refuse(badSuppression, "shorten it", "the reason has more than %d bytes", maxReason)
	}
	s.byPieces(r)
	file, _, err := keep(r.Body, contacts.DefaultLimits().FileBytes)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // nobody reads it any more
	list, err := contacts.OpenFile(file, optOutNumbers(r.URL.Query().Get("region")), contacts.Limits{})
	if err != nil {
		return err
	}
	defer func() { _ = list.Close() }() // it was read only
	in, record := newOptOuts(list, scope, reason), s.ledger.ImportSuppressions(actorOf(r))
	done := suppressing{Suppressed: api.Suppressed{Problems: []api.RowProblem{}}}
	for more := true; more; {
		var batch []ledger.Suppression
		if batch, more, err = in.next(&done); err != nil {
			return err
		}
		if err := record.Add(r.Context(), batch, s.now()); err != nil {
			return err
		}
		done.count(batch)
	}
	return answer(w, http.StatusOK, done.Suppressed)
}

func (s *Server) removeSuppression(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	// A plus that was not encoded arrives as a space.
	phone := query.Get("phone")
	if strings.HasPrefix(phone, " ") {
		phone = "+" + phone[1:]
	}
	one, err := readSuppression(api.NewSuppression{Phone: phone, Scope: query.Get("scope")})
	if err != nil {
		return err
	}
	removed, err := s.ledger.Unsuppress(r.Context(), one.Person, one.Scope, actorOf(r), s.now())
	if err != nil {
		return err
	}
	if !removed {
		return refuse(notFound, "look for it in the list of opt-outs", "%s has not opted out of %s", one.Person, showScope(one.Scope))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
