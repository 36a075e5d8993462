package pages

import "net/http"

// Login is what the page for logging in shows.
type Login struct {
	// Next is where the visitor goes then, Error what went wrong before.
	Next, Error string
}

// ShowLogin shows the page for logging in.
func (p *Pages) ShowLogin(w http.ResponseWriter, status int, l Login) error {
	return p.show(w, status, "login", frame{Data: l})
}
