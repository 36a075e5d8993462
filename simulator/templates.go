package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"carillon/campaign"
)

// library is the account's list of templates.
type library struct {
	mu        sync.Mutex
	templates []campaign.Approved // nil: the provider lists none
}

// SetTemplates replaces the list of templates; nil has the provider list none.
// Messages are taken of any template, whatever the list says.
func (s *Simulator) SetTemplates(list []campaign.Approved) {
	s.library.mu.Lock()
	defer s.library.mu.Unlock()
	s.library.templates = slices.Clone(list)
}

// setStatus changes a template's status as an event says, which is a status or
// else makes it approved.
func (s *Simulator) setStatus(e Event) {
	s.library.mu.Lock()
	defer s.library.mu.Unlock()
	status := strings.ToLower(e.Event)
	if slices.Contains([]string{"unpause", "unpaused", "reinstated", "unarchived", "flagged"}, status) {
		status = campaign.StatusApproved
	}
	for i := range s.library.templates {
		t := &s.library.templates[i]
		if t.Name == e.Template && (e.Language == "" || t.Language == e.Language) {
			t.Status = status
		}
	}
}

// part are the templates from one on, most of them. ok is false where none are
// listed.
func (s *Simulator) part(from, most int) (part []object, total int, ok bool) {
	s.library.mu.Lock()
	defer s.library.mu.Unlock()
	all := s.library.templates
	if all == nil {
		return nil, 0, false
	}
	from = min(max(from, 0), len(all))
	part = []object{}
	for i, t := range all[from:min(from+max(most, 1), len(all))] {
		part = append(part, object{
			"id": strconv.Itoa(1689000000000001 + from + i), "name": t.Name, "language": t.Language,
			"status": strings.ToUpper(t.Status), "category": strings.ToUpper(string(t.Category)), "components": t.Components,
		})
	}
	return part, len(all), true
}

// numberIn is a number of a query, or another one where it says none.
func numberIn(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

// listCloud lists templates with a cursor for what follows (Meta, message templates
// reference).
func listCloud(s *Simulator, r *http.Request) answer {
	if s.options.AccessToken != "" && r.Header.Get("Authorization") != "Bearer "+s.options.AccessToken {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	from, limit := numberIn(r, "after", 0), numberIn(r, "limit", 25)
	part, total, ok := s.part(from, limit)
	if !ok {
		return s.options.Dialect.refuse(refusal{reason: noSuchPath})
	}
	paging := object{"cursors": object{"before": strconv.Itoa(from), "after": strconv.Itoa(from + len(part))}}
	if from+len(part) < total {
		paging["next"] = "https://graph.example.com" + r.URL.Path
	}
	return answer{status: http.StatusOK, kind: typeJSON, body: escaped(object{"data": part, "paging": paging})}
}

// list360 lists templates by what was skipped (360dialog, retrieve templates).
func list360(s *Simulator, r *http.Request) answer {
	if wrongKey(r, s.options) {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	from, limit := numberIn(r, "offset", 0), numberIn(r, "limit", 1000)
	part, total, ok := s.part(from, limit)
	if !ok {
		return s.options.Dialect.refuse(refusal{reason: noSuchPath})
	}
	return answer{status: http.StatusOK, kind: typeJSON, body: escaped(object{
		"waba_templates": part, "count": len(part), "total": total, "limit": limit, "offset": from, "sort": []string{"id"},
	})}
}

// serveTemplates replaces the list by one in the Cloud API's JSON.
func (s *Simulator) serveTemplates(w http.ResponseWriter, r *http.Request) {
	const most = 16 << 20
	list, err := ReadTemplates(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetTemplates(list)
	w.WriteHeader(http.StatusNoContent)
}

// ReadTemplates reads a list of templates as the Cloud API's key data has it: each
// with name, language, category, status and components. A template without a status
// is approved.
func ReadTemplates(r io.Reader) ([]campaign.Approved, error) {
	var told []struct {
		Name       string          `json:"name"`
		Language   string          `json:"language"`
		Category   string          `json:"category"`
		Status     string          `json:"status"`
		Components json.RawMessage `json:"components"`
	}
	if err := json.NewDecoder(r).Decode(&told); err != nil {
		return nil, fmt.Errorf("write a JSON list of templates, each with name, language, category, status and components: %w", err)
	}
	list := []campaign.Approved{}
	for i, t := range told {
		if t.Name == "" || t.Language == "" {
			return nil, fmt.Errorf("template %d has no name or no language", i+1)
		}
		list = append(list, campaign.Approved{
			TemplateName: campaign.TemplateName{Name: t.Name, Language: t.Language},
			Category:     campaign.Category(strings.ToLower(t.Category)), Status: strings.ToLower(cmp.Or(t.Status, campaign.StatusApproved)),
			Components: t.Components,
		})
	}
	return list, nil
}
