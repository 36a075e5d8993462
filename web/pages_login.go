package web

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

//go:embed pages/login.html
var loginHTML string

// loginView is what the login page shows.
type loginView struct {
	Next, Error string
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if len(s.tokens) == 0 {
		seeOther(w, next)
		return nil
	}
	return showLogin(w, http.StatusOK, loginView{Next: next})
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
		return showLogin(w, http.StatusUnauthorized, loginView{next, "Unknown token. The configuration lists the tokens under http.tokens."})
	}
	if known {
		visitOf(r).caller = who
		http.SetCookie(w, s.newCookie(who, token, s.originOf(r).tls))
	}
	seeOther(w, next)
	return nil
}

// waitAtLogin shows a browser that it has to wait.
func (s *Server) waitAtLogin(w http.ResponseWriter, next string, err error) error {
	var p *problem
	if !errors.As(err, &p) {
		return err
	}
	w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	return showLogin(w, p.Status, loginView{next, p.Detail + "."})
}

// seeOther sends a browser elsewhere.
func seeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

// localPath is a path of this server, and never another site's address.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/asynqmon/"
	}
	return next
}

func showLogin(w http.ResponseWriter, status int, v loginView) error {
	page, err := template.New("login").Parse(loginHTML)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = page.Execute(w, v) // a caller who has gone need not be told
	return nil
}
