package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// answerCampaign answers with a campaign.
func (s *Server) answerCampaign(w http.ResponseWriter, r *http.Request, c ledger.Campaign) error {
	v, err := s.shown(r.Context(), c)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, v)
}

// pageLimit reads how many items a page shall have.
func pageLimit(query url.Values, usual, most int) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, refuse(badRequest, "give a number from 1 to "+strconv.Itoa(most), "the limit %q is not such a number", text)
	}
	return n, nil
}

func (s *Server) listCampaigns(w http.ResponseWriter, r *http.Request) error {
	const usual, most = 20, 100
	limit, err := pageLimit(r.URL.Query(), usual, most)
	if err != nil {
		return err
	}
	var before campaign.ID
	if cursor := r.URL.Query().Get("cursor"); cursor != "" {
		if before, err = campaign.ParseID(cursor); err != nil {
			return refuse(badRequest, "take the cursor from the previous page", "%q is not a cursor", cursor)
		}
	}
	found, next, err := s.ledger.FindCampaigns(r.Context(), r.URL.Query().Get("q"), before, limit)
	if err != nil {
		return err
	}
	list := api.Page[api.Campaign]{Items: make([]api.Campaign, len(found))}
	for i, c := range found {
		list.Items[i] = s.view(c)
	}
	if next != 0 {
		cursor := next.String()
		list.Next = &cursor
	}
	return answer(w, http.StatusOK, list)
}

// campaign finds the campaign that the path names.
func (s *Server) campaign(r *http.Request) (ledger.Campaign, error) {
	id, err := campaign.ParseID(r.PathValue("id"))
	if err != nil {
		return ledger.Campaign{}, err
	}
	return s.ledger.Campaign(r.Context(), id)
}

func (s *Server) showCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	return s.answerCampaign(w, r, c)
}

func (s *Server) act(action campaign.Action) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := campaign.ParseID(r.PathValue("id"))
		if err != nil {
			return err
		}
		c, err := s.ledger.Act(r.Context(), id, action, actorOf(r), s.now())
		if err != nil {
			return err
		}
		if c.State == campaign.Running {
			s.changed()
		}
		return s.answerCampaign(w, r, c)
	}
}

func (s *Server) createCampaign(w http.ResponseWriter, r *http.Request) error {
	wanted, err := readPlan(r, s.now())
	if err != nil {
		return err
	}
	s.byPieces(r)
	up, err := s.receive(w, r)
	defer up.remove()
	if err == nil {
		err = up.complete("campaign", "contacts")
	}
	if err != nil {
		return err
	}
	admitted, err := s.door.Read(up.definition)
	if err != nil {
		return err
	}
	imported, err := admitted.Import(r.Context(), s.ledger, admission.Upload{Key: wanted.key, Hash: up.hash(), By: actorOf(r), Files: admission.NewFiles(&up.media)}, up.contacts, s.now)
	var exists *ledger.ExistsError
	if errors.As(err, &exists) && exists.Same && !exists.Importing {
		return s.answerCreated(w, r, admission.Imported{ID: exists.ID}, true, wanted)
	}
	if err != nil {
		return err
	}
	return s.answerCreated(w, r, imported, false, wanted)
}

// answerCreated starts the campaign where that is wanted and shows it. Of a
// repeated request nothing but the campaign's id is known. It still starts a draft:
// the first one may have died before it could.
func (s *Server) answerCreated(w http.ResponseWriter, r *http.Request, imported admission.Imported, repeated bool, wanted plan) error {
	id, notes, layout := imported.ID, imported.Notes, &imported.Layout
	c, err := s.ledger.Campaign(r.Context(), id)
	if err != nil {
		return err
	}
	if repeated {
		layout = nil
		if notes, err = s.approvedAgain(r.Context(), c); err != nil && wanted.starts() {
			return err
		}
	}
	if c.State == campaign.Draft {
		if c, err = s.startAs(r.Context(), c, wanted, actorOf(r)); err != nil {
			return err
		}
	}
	problems, err := s.rejectedRows(r.Context(), id)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if repeated {
		status = http.StatusOK
		w.Header().Set("Idempotency-Replayed", "true")
	}
	shown, err := s.shown(r.Context(), c)
	if err != nil {
		return err
	}
	shown.Notes = notes
	w.Header().Set("Location", "/api/campaigns/"+id.String())
	return answer(w, status, api.Created{Campaign: shown, Problems: problems, Layout: layout})
}

// plan is what shall happen to a campaign once it is in.
type plan struct {
	start bool
	at    time.Time // zero: not by itself
	// late is by how much at may be missed; zero: by however much.
	late time.Duration
	key  string
}

// starts reports whether the campaign shall run, now or later.
func (p plan) starts() bool { return p.start || !p.at.IsZero() }

func readPlan(r *http.Request, now time.Time) (plan, error) {
	const longestKey = 255
	// A start that a slow upload or a repeated request has made a little late
	// is still wanted; yesterday's date is a slip of the pen.
	const late = time.Hour
	query := r.URL.Query()
	p := plan{key: r.Header.Get("Idempotency-Key")}
	if len(p.key) > longestKey {
		return p, refuse(badRequest, "use a UUID", "the Idempotency-Key has more than %d characters", longestKey)
	}
	var err error
	if p.start, err = readBool(query, "start"); err != nil {
		return p, err
	}
	text := query.Get("at")
	if p.late, err = readLate(query.Get("late"), text); err != nil || text == "" {
		return p, err
	}
	// A plus that was not encoded arrives as a space.
	if p.at, err = time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+")); err != nil {
		return p, refuse(badRequest, "write it like 2026-01-31T09:00:00Z", "at=%q is not a time in RFC 3339", text)
	}
	if p.start {
		return p, refuse(badRequest, "leave one of them out", "start=true and at exclude each other")
	}
	if now.Sub(p.at) > late {
		return p, refuse(badRequest, "give a time in the future, or start it now", "the time %s is in the past", text)
	}
	return p, nil
}

// readBool reads a parameter that is false where it is missing.
func readBool(query url.Values, name string) (bool, error) {
	text := query.Get(name)
	if text == "" {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, refuse(badRequest, "write "+name+"=true or leave it out", "%s must be true or false, not %q", name, text)
	}
	return value, nil
}

// readLate reads how late a start may be, which makes sense beside a time alone.
func readLate(text, at string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if at == "" {
		return 0, refuse(badRequest, "give at as well, or leave late out", "late=%s says how late a start may be, but at is missing", text)
	}
	late, err := time.ParseDuration(text)
	if err != nil || late < time.Second {
		return 0, refuse(badRequest, "write it like 90s, 15m or 2h, at least a second", "late=%q is not such a duration", text)
	}
	return late, nil
}

func (s *Server) startAs(ctx context.Context, c ledger.Campaign, wanted plan, by ledger.Actor) (ledger.Campaign, error) {
	switch {
	case wanted.start:
		c, err := s.ledger.Act(ctx, c.ID, campaign.Start, by, s.now())
		if err == nil {
			s.changed()
		}
		return c, err
	case !wanted.at.IsZero():
		if err := s.ledger.StartAt(ctx, c.ID, wanted.at, wanted.late, by, s.now()); err != nil {
			return c, err
		}
		return s.ledger.Campaign(ctx, c.ID)
	}
	return c, nil
}

// rejectedRows are the first rows of a list that do not take part.
func (s *Server) rejectedRows(ctx context.Context, id campaign.ID) ([]api.RowProblem, error) {
	const most = 100
	problems := []api.RowProblem{}
	query := ledger.ReportQuery{Campaign: id, Status: campaign.Rejected}
	for {
		query.Recipients = most - len(problems)
		page, err := s.ledger.Report(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			detail := strings.TrimPrefix(strings.TrimPrefix(row.Reason, string(row.Verdict)), ": ")
			problems = append(problems, api.RowProblem{Row: row.Row(), Verdict: row.Verdict, Phone: row.Phone, Detail: detail})
		}
		if page.Next == 0 || len(problems) == most {
			return problems, nil
		}
		query.After = page.Next
	}
}
