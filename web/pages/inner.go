package pages

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"carillon/client"
)

// inner makes requests of the API in this process, in the name of whoever made the
// request for a page.
type inner struct {
	api http.Handler
	of  *http.Request
}

// client asks the API in the visitor's name.
func (p *Pages) client(r *http.Request) (*client.Client, error) {
	c, err := client.New("http://"+innerHost, "")
	if err != nil {
		return nil, err
	}
	c.HTTP = &http.Client{Transport: inner{p.api, r}}
	return c, nil
}

// innerHost stands where the client wants a server. It is never looked up.
const innerHost = "carillon.invalid"

// askedKey is where a request says that a page makes it. Nobody outside of this
// process can say so.
type askedKey struct{}

// Asked reports whether a page made the request.
func Asked(r *http.Request) bool { return r.Context().Value(askedKey{}) != nil }

// RoundTrip has the API answer. What proves who asks, and from where, is that of
// the request for the page.
func (t inner) RoundTrip(asked *http.Request) (*http.Response, error) {
	r := asked.Clone(context.WithValue(asked.Context(), askedKey{}, true))
	r.Host, r.RemoteAddr, r.TLS, r.RequestURI = t.of.Host, t.of.RemoteAddr, t.of.TLS, asked.URL.RequestURI()
	for _, key := range []string{"Cookie", "Authorization", "X-Forwarded-For", "X-Forwarded-Proto"} {
		if values := t.of.Header.Values(key); len(values) > 0 {
			r.Header[key] = values
		}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	t.api.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: asked,
	}, nil
}

// recorded is an answer in memory.
type recorded struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (w *recorded) Header() http.Header { return w.header }

func (w *recorded) WriteHeader(status int) {
	if !w.written && status >= http.StatusOK {
		w.status, w.written = status, true
	}
}

func (w *recorded) Write(p []byte) (int, error) {
	w.written = true
	return w.body.Write(p)
}
