package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"carillon/web/pages"
)

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if len(s.tokens) == 0 {
		pages.SeeOther(w, next)
		return nil
	}
	return s.pages.ShowLogin(w, http.StatusOK, pages.Login{Next: next})
}

// login exchanges a token for a cookie.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	const most = 16 << 10
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if err := r.ParseForm(); err != nil {
		return brokenUpload(err)
	}
	next, token := localPath(r.PostForm.Get("next")), strings.TrimSpace(r.PostForm.Get("token"))
	who, known := s.admit(token)
	if len(s.tokens) > 0 {
		if err := s.throttled(r, newProof("Bearer "+token, known)); err != nil {
			return s.waitAtLogin(w, next, err)
		}
	}
	if !known && len(s.tokens) > 0 {
		unknown := pages.Login{Next: next, Error: "Unknown token. The configuration lists the tokens under http.tokens."}
		return s.pages.ShowLogin(w, http.StatusUnauthorized, unknown)
	}
	if known {
		visitOf(r).caller = who
		http.SetCookie(w, s.newCookie(who, token, s.originOf(r).tls))
	}
	pages.SeeOther(w, next)
	return nil
}

// logout ends the session for good, wherever its cookie is, and has the browser
// forget it. Where that fails the browser keeps the cookie, to log out again.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.endSession(r); err != nil {
		if !fromBrowser(r) {
			return err
		}
		s.showProblem(w, r, err)
		return nil
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.originOf(r).tls, SameSite: http.SameSiteStrictMode,
	})
	pages.SeeOther(w, "/login")
	return nil
}

// waitAtLogin shows a browser that it has to wait.
func (s *Server) waitAtLogin(w http.ResponseWriter, next string, err error) error {
	var p *problem
	if !errors.As(err, &p) {
		return err
	}
	w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	return s.pages.ShowLogin(w, p.Status, pages.Login{Next: next, Error: p.Detail + "."})
}

// localPath is a path of this server, and never another site's address.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	return next
}
