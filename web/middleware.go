package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
)

// What a browser may do with our answers: show them, load nothing from
// elsewhere, and never inside another site's frame. The monitor has scripts
// in its page.
const (
	policy        = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	monitorPolicy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)

// visit is what is known of one request beside the request itself.
type visit struct {
	id     string
	caller caller
	// session is the browser's, once it was found open; none where a token was sent.
	session session
}

type visitKey struct{}

// visitOf is the request's visit; every request that passed the middleware has one.
func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

// middleware is what every request passes through first: it gets an id, safe
// headers, a line in the log and a place in the metrics; a panic becomes a
// problem, and a request that another site's page made is turned away.
func (s *Server) middleware(mux *http.ServeMux) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &visit{id: requestID(r)}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, seen))
		recorder := &recorder{ResponseWriter: w}
		setHeaders(w.Header(), seen.id)
		defer func() {
			took := time.Since(began)
			s.metrics.request(r.Pattern, recorder.status)
			s.answered(r, recorder.status, took)
			s.logRequest(r, recorder, took)
		}()
		body := s.timeBody(recorder, r)
		defer body.leave()
		defer s.rescue(recorder, r)
		if err := crossOrigin.Check(r); err != nil {
			s.refuse(recorder, r, refuse(forbidden, "use the API from a program, or from a page of this server",
				"a page of another site made this request").because(err))
			return
		}
		mux.ServeHTTP(recorder, r)
		recorder.finish()
	})
}

// requestID takes over the id of a proxy in front of us, where it is sound.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); soundID(id) {
		return id
	}
	return strings.ToLower(rand.Text()[:16])
}

func soundID(id string) bool {
	const longest = 64
	odd := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}
	return id != "" && len(id) <= longest && !strings.ContainsFunc(id, odd)
}

func setHeaders(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
}

// refuse answers with the problem that err is.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := *problemOf(err)
	p.RequestID = visitOf(r).id
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="carillon"`)
	case http.StatusInternalServerError:
		s.log.Error("request failed", "request", p.RequestID, "path", r.URL.Path, "error", p.cause)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "2")
		if !p.said && !errors.Is(p.cause, context.Canceled) {
			s.log.Error("request failed", "request", p.RequestID, "path", r.URL.Path, "error", p.cause)
		}
	}
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Kind() == stillImporting {
		w.Header().Set("Retry-After", "2")
	}
	p.write(w)
}

// rescue turns a panic into a problem, or breaks the connection where the
// answer has begun, so that nobody takes half of it for the whole.
func (s *Server) rescue(w *recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like that, too
		panic(p)
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status != 0 {
		s.log.Error("request failed", "request", visitOf(r).id, "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	s.refuse(w, r, refuse(internal, "this is a bug: report it with the lines of the server's log",
		"the server failed on this request").because(err))
}

// logRequest writes the path without the query, for phone numbers stand in
// queries.
func (s *Server) logRequest(r *http.Request, w *recorder, took time.Duration) {
	level := slog.LevelInfo
	if path := r.URL.Path; path == "/healthz" || path == "/readyz" || path == "/metrics" || tookWebhook(r, w.status) {
		level = slog.LevelDebug
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	seen := visitOf(r)
	s.log.Log(r.Context(), level, "request",
		"request", seen.id, "method", r.Method, "path", r.URL.Path, "status", w.status, "bytes", w.bytes,
		"took", took.Round(time.Microsecond), "caller", seen.caller.name)
}

// tookWebhook reports whether the request was a webhook that was taken. There are several for each
// message, and the metrics count them.
func tookWebhook(r *http.Request, status int) bool {
	return r.Method == http.MethodPost && status == http.StatusOK && strings.HasPrefix(r.URL.Path, "/webhooks/")
}

// maskPhone is a number as a log may have it.
func maskPhone(phone string) string { return campaign.MaskPhone(phone) }

// maskKey names a person in the log, by their number or their user ID, so that a
// line can be found by whoever knows it and tells nobody else.
func maskKey(key string) string {
	if campaign.IsNumber(key) || key == "" {
		return maskPhone(strings.TrimPrefix(key, "+"))
	}
	return maskPhone(key)
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// finish notes the 200 that net/http answers with where a handler says nothing.
func (w *recorder) finish() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
