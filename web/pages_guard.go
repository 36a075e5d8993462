package web

import (
	"net/http"
	"net/url"

	"carillon/api"
	"carillon/web/pages"
)

// page lets those through to a page who may see it. Others are sent to log in; what
// goes wrong is shown as a page.
func (s *Server) page(page pages.Page) http.Handler {
	needs := map[pages.Role]Role{pages.Viewer: Viewer, pages.Operator: Operator, pages.Admin: Admin}[page.Needs]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.authorize(r, needs)
		if page.Long {
			s.byPieces(r)
		}
		if err == nil {
			err = page.Show(w, r, s.visitor(r))
		}
		switch {
		case err == nil:
		case sendsToLogin(r, err):
			pages.SeeOther(w, "/login?next="+url.QueryEscape(r.URL.RequestURI()))
		default:
			s.showProblem(w, r, err)
		}
	})
}

// elsewhere answers for addresses at which there is nothing.
func (s *Server) elsewhere() http.Handler {
	program := s.guarded("", noRoute)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromBrowser(r) {
			program.ServeHTTP(w, r)
			return
		}
		err := s.authorize(r, Viewer)
		if err == nil {
			err = refuse(notFound, "look for it from the list of campaigns", "there is no page at %s", r.URL.Path)
		}
		if sendsToLogin(r, err) {
			pages.SeeOther(w, "/login?next="+url.QueryEscape(r.URL.RequestURI()))
			return
		}
		s.showProblem(w, r, err)
	})
}

// visitor is who looks at a page.
func (s *Server) visitor(r *http.Request) pages.Visitor {
	who := visitOf(r).caller
	return pages.Visitor{
		Name: who.name, Operates: who.role.covers(Operator), Administers: who.role.covers(Admin), Anonymous: len(s.tokens) == 0,
	}
}

// showProblem is refuse for a browser.
func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, err error) {
	told, fromAPI := pages.AsProblem(err)
	if !fromAPI {
		p := problemOf(err)
		if p.Status >= http.StatusInternalServerError {
			s.log.Error("page failed", "request", visitOf(r).id, "path", r.URL.Path, "error", err)
		}
		told = new(api.Problem)
		*told = p.Problem
	}
	told.RequestID = visitOf(r).id
	if err := s.pages.Problem(w, s.visitor(r), told); err != nil {
		s.refuse(w, r, err)
	}
}
