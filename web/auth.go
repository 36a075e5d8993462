package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"carillon/web/pages"
)

// Role is what a token allows. Each role may do all that those before it may.
type Role string

const (
	// Viewer reads.
	Viewer Role = "viewer"
	// Operator also uploads, starts, pauses, resumes, cancels and retries.
	Operator Role = "operator"
	// Admin also changes opt-outs, erases people, decides about unknown messages
	// and manages schedules.
	Admin Role = "admin"
)

// rank orders the roles; 0 is for none.
func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Admin:
		return 3
	}
	return 0
}

func (r Role) covers(needed Role) bool { return r.rank() >= needed.rank() }

// Token admits whoever presents it.
type Token struct {
	// Name stands in logs and in the reasons of campaigns.
	Name  string
	Token string
	Role  Role
}

// minToken is how long a token has to be, in bytes: whoever may try for ever
// guesses a shorter one.
const minToken = 16

// secret is a token as the server keeps it.
type secret struct {
	name   string
	role   Role
	digest [sha256.Size]byte
}

func newSecrets(tokens []Token) ([]secret, error) {
	secrets := make([]secret, len(tokens))
	for i, t := range tokens {
		if t.Name == "" || len(t.Token) < minToken || t.Role.rank() == 0 {
			return nil, fmt.Errorf("web: token %d (%q) needs a name, a token of %d characters or more, and a role: %s, %s or %s",
				i+1, t.Name, minToken, Viewer, Operator, Admin)
		}
		secrets[i] = secret{t.Name, t.Role, sha256.Sum256([]byte(t.Token))}
	}
	return secrets, nil
}

// caller is who sends a request.
type caller struct {
	name string
	role Role
}

// anybody is the caller where there are no tokens.
func anybody() caller { return caller{"anybody", Admin} }

// admit says whose token this is. It takes as long for a wrong one.
func (s *Server) admit(token string) (caller, bool) {
	digest := sha256.Sum256([]byte(token))
	var found caller
	known := false
	for _, secret := range s.tokens {
		if subtle.ConstantTimeCompare(digest[:], secret.digest[:]) == 1 {
			found, known = caller{secret.name, secret.role}, true
		}
	}
	return found, known
}

// authenticate says who sends the request. The Authorization header goes
// before the cookie. While the ledger cannot say whether a cookie's session has
// ended, nobody is let in by one.
func (s *Server) authenticate(r *http.Request) (caller, error) {
	if len(s.tokens) == 0 {
		return anybody(), nil
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		found, known := s.admit(strings.TrimSpace(token))
		known = known && strings.EqualFold(scheme, "Bearer")
		if err := s.throttled(r, newProof(header, known)); err != nil {
			return caller{}, err
		}
		if !known {
			return caller{}, refuse(unauthorized, "check the token (the command line takes it from CARILLON_TOKEN)",
				"the token in the Authorization header is unknown")
		}
		return found, nil
	}
	if found, open, err := s.byCookie(r); err != nil || open {
		return found, err
	}
	return caller{}, refuse(unauthorized, "send the header Authorization: Bearer TOKEN, or log in at /login",
		"the request has no token")
}

// throttled refuses a proof whose address has sent too many wrong ones, and logs
// that, once for each address.
func (s *Server) throttled(r *http.Request, p proof) error {
	from := s.originOf(r)
	ruling := s.tries.judge(from.neighbourhood(), p, s.now())
	if ruling.tries > 0 {
		hint := "if these are your programs, give them a token from the configuration"
		if from.claims {
			hint = "if this is your proxy, add it to http.trusted_proxies: everybody behind it waits together"
		}
		s.log.Warn("wrong tokens: an address has to wait, longer each time", "request", visitOf(r).id, "from", from.neighbourhood(), "wrong", ruling.tries, "at_most", mostWait, "hint", hint)
	}
	if ruling.wait == 0 {
		return nil
	}
	seconds := int((ruling.wait + time.Second - 1) / time.Second)
	refused := refuse(tooManyTries, "wait as long as Retry-After says, then send the right token; each wrong token makes the wait longer",
		"too many wrong tokens came from this address; the next one is checked in %d s", seconds)
	refused.retryAfter = seconds
	return refused
}

// authorize lets a caller of the role pass and notes who it is.
func (s *Server) authorize(r *http.Request, needed Role) error {
	if needed == "" {
		return nil
	}
	if len(s.tokens) == 0 && !isLoopback(r.Host) {
		return refuse(forbidden, "configure http.tokens, or use the address 127.0.0.1",
			"without tokens the server only answers to a loopback name, not to %q", r.Host)
	}
	who, err := s.authenticate(r)
	if err != nil {
		return err
	}
	visitOf(r).caller = who
	if !who.role.covers(needed) {
		return refuse(forbidden, "use a token with the role "+string(needed),
			"%s has the role %s; this call needs the role %s", who.name, who.role, needed)
	}
	return nil
}

// isLoopback reports whether a Host header names this very machine. A page
// whose name an attacker points at 127.0.0.1 keeps its own name there.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

// guarded lets those with the role through to the handler and turns errors
// into problem documents.
func (s *Server) guarded(needed Role, handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.authorize(r, needed)
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			s.refuse(w, r, err)
		}
	})
}

// sendsToLogin reports whether a browser was refused because it is not logged in.
func sendsToLogin(r *http.Request, err error) bool {
	var p *problem
	return errors.As(err, &p) && p.Status == http.StatusUnauthorized && fromBrowser(r)
}

// fromBrowser reports whether a person looks at the answer.
func fromBrowser(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// monitor is asynqmon for those who may see it. Whatever is not reading takes
// an operator; a browser that is not logged in is sent to do so.
func (s *Server) monitor() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", monitorPolicy)
		needed := Operator
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			needed = Viewer
		}
		err := s.authorize(r, needed)
		switch {
		case err == nil:
			s.asynqmon.ServeHTTP(w, r)
		case needed == Viewer && sendsToLogin(r, err):
			pages.SeeOther(w, "/login?next="+url.QueryEscape(r.URL.RequestURI()))
		default:
			s.refuse(w, r, err)
		}
	})
}
