package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	cookieName = "carillon"
	// cookieLife is how long a browser stays logged in: a working day.
	cookieLife = 12 * time.Hour
)

// session is what a browser's login begins and its logging out ends.
type session struct {
	caller caller
	// id is random. Cookies of older versions have none and are worth nothing.
	id string
	// ends is when the cookie expires.
	ends time.Time
}

// newCookie is proof for a browser that it knew a token, and begins a session. It
// does not hold the token, and is worth nothing once the token is changed or removed.
func (s *Server) newCookie(who caller, token string, secure bool) *http.Cookie {
	ends := s.now().Add(cookieLife)
	name := base64.RawURLEncoding.EncodeToString([]byte(who.name))
	claim := strings.Join([]string{name, strconv.FormatInt(ends.Unix(), 10), rand.Text()}, ".")
	return &http.Cookie{
		Name:     cookieName,
		Value:    claim + "." + sign(sha256.Sum256([]byte(token)), claim),
		Path:     "/",
		Expires:  ends,
		HttpOnly: true,
		Secure:   secure,
		SameSite: http.SameSiteStrictMode,
	}
}

// sessionOf is the session that a cookie was made for; known says that we made it.
func (s *Server) sessionOf(cookie string) (of session, known bool) {
	at := strings.LastIndexByte(cookie, '.')
	if at < 0 {
		return session{}, false
	}
	claim, signature := cookie[:at], cookie[at+1:]
	_, rest, _ := strings.Cut(claim, ".")
	until, id, _ := strings.Cut(rest, ".")
	second, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return session{}, false
	}
	for _, secret := range s.tokens {
		if hmac.Equal([]byte(signature), []byte(sign(secret.digest, claim))) {
			return session{caller{secret.name, secret.role}, id, time.Unix(second, 0)}, true
		}
	}
	return session{}, false
}

func sign(key [sha256.Size]byte, claim string) string {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("carillon login\n" + claim))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// presented is the session whose cookie the request brings, open or not.
func (s *Server) presented(r *http.Request) (of session, known bool, err error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || len(s.tokens) == 0 {
		return session{}, false, nil //nolint:nilerr // the request brings none
	}
	of, known = s.sessionOf(cookie.Value)
	p := newProof(cookie.Value, known)
	p.cookie = true
	if err := s.throttled(r, p); err != nil {
		return session{}, false, err
	}
	return of, known, nil
}

// byCookie says who sends the request, where its cookie is that of an open session.
// The calls that a page makes do not look again.
func (s *Server) byCookie(r *http.Request) (who caller, open bool, err error) {
	of, known, err := s.presented(r)
	if err != nil || !known {
		return caller{}, false, err
	}
	seen := visitOf(r)
	if of.id == "" || of.id != seen.session.id {
		if open, err = s.open(r.Context(), of); err != nil || !open {
			return caller{}, false, err
		}
		seen.session = of
	}
	return of.caller, true, nil
}

// open reports whether a session goes on: its time is not up, and nobody has logged
// out of it, here or elsewhere.
func (s *Server) open(ctx context.Context, of session) (bool, error) {
	if of.id == "" || !s.now().Before(of.ends) {
		return false, nil
	}
	ended, err := s.ledger.SessionEnded(ctx, of.id)
	return err == nil && !ended, err
}

// goesOn is open for an answer that takes long. Whoever sent a token is let in for as
// long as they stay.
func (s *Server) goesOn(r *http.Request) (bool, error) {
	of := visitOf(r).session
	if of.id == "" {
		return true, nil
	}
	return s.open(r.Context(), of)
}

// endSession ends the session whose cookie the request brings, if it is one of ours.
// A browser that is closed meanwhile changes nothing.
func (s *Server) endSession(r *http.Request) error {
	of, known, err := s.presented(r)
	if err != nil || !known || of.id == "" {
		return err
	}
	visitOf(r).caller = of.caller
	return s.ledger.EndSession(context.WithoutCancel(r.Context()), of.id, of.ends)
}
