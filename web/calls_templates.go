package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// Templates knows the templates of channels.
type Templates interface {
	// Of returns what is known of a channel's templates, and asks the provider where
	// that is old. Refresh asks it in any case.
	Of(ctx context.Context, channel string) (campaign.TemplateList, error)
	Refresh(ctx context.Context, channel string) (campaign.TemplateList, error)
	// Notice notes that a template of a channel has changed.
	Notice(ctx context.Context, channel string) error
}

// teller is one of the ways in which Templates tells them.
type teller func(t Templates, ctx context.Context, channel string) (campaign.TemplateList, error)

// templates answers with the templates of the channel that the path names, as they
// are told.
func (s *Server) templates(tell teller) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		channel := r.PathValue("channel")
		if _, known := s.channels[channel]; !known {
			return refuse(notFound, "the channels are: "+strings.Join(slices.Sorted(maps.Keys(s.channels)), ", "), "there is no channel %q", channel)
		}
		list, err := s.templatesOf(r.Context(), channel, tell)
		if err != nil {
			return err
		}
		return answer(w, http.StatusOK, shownTemplates(&list))
	}
}

func (s *Server) templatesOf(ctx context.Context, channel string, tell teller) (campaign.TemplateList, error) {
	if s.approved == nil {
		return campaign.TemplateList{Channel: channel, Trouble: "this server asks no provider for templates"}, nil
	}
	return tell(s.approved, ctx, channel)
}

// allTemplates answers with the templates of all channels.
func (s *Server) allTemplates(w http.ResponseWriter, r *http.Request) error {
	all := api.AllTemplates{Items: []api.Templates{}}
	for _, channel := range slices.Sorted(maps.Keys(s.channels)) {
		list, err := s.templatesOf(r.Context(), channel, Templates.Of)
		if err != nil {
			return err
		}
		all.Items = append(all.Items, shownTemplates(&list))
	}
	return answer(w, http.StatusOK, all)
}

func shownTemplates(list *campaign.TemplateList) api.Templates {
	shown := api.Templates{Channel: list.Channel, Trouble: list.Trouble, Items: make([]api.Template, len(list.Templates))}
	if list.Known() {
		shown.FetchedAt = &list.Fetched
	}
	for i, t := range list.Templates {
		shown.Items[i] = api.Template{Name: t.Name, Language: t.Language, Category: t.Category, Status: t.Status, Components: t.Components}
		if !json.Valid(t.Components) {
			shown.Items[i].Components = nil
		}
	}
	return shown
}

// start is act for a start, before which the templates are looked at again: one may
// have been paused since the campaign came in.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	notes, err := s.approvedAgain(r.Context(), c)
	if err != nil {
		return err
	}
	if c, err = s.ledger.Act(r.Context(), c.ID, campaign.Start, visitOf(r).caller.name, s.now()); err != nil {
		return err
	}
	if c.State == campaign.Running {
		s.changed()
	}
	shown, err := s.shown(r.Context(), c)
	if err != nil {
		return err
	}
	shown.Notes = notes
	return answer(w, http.StatusOK, shown)
}

// approvedAgain holds a campaign that is not yet under way against the templates of
// its channels, and notes what could not be checked.
func (s *Server) approvedAgain(ctx context.Context, c ledger.Campaign) (notes []string, err error) {
	if c.State != campaign.Draft && c.State != campaign.Scheduled {
		return nil, nil
	}
	approval, err := s.door.Approve(ctx, c.Definition, s.now())
	return approval.Notes, err
}
