// Package client asks a running Carillon over its HTTP API.
//
// It guarantees that a launch makes one campaign, however often its connection
// breaks, and that watching one outlives a restart of the server. Its answers are
// the types of package api. A refusal is an *api.Problem, which tells its kind; a
// server that is not there is ErrNoServer, and an answer that did not come whole is
// ErrLost.
//
// Calls that only ask take half a minute at most; those that move a file or wait
// take as long as their context lets them.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"carillon/api"
)

const (
	// callTimeout bounds every call but those that move a file or wait.
	callTimeout = 30 * time.Second
	// pageSize is how many entries of a list are asked for at once, the most
	// that the server gives.
	pageSize = 100
)

// Client talks to a running server. It is safe for use by many goroutines, once
// its fields are set.
type Client struct {
	// HTTP makes the requests. New gives it connections of its own.
	HTTP *http.Client
	// Pause is the first wait before what a lost connection cut off is tried
	// again, a second after New. The others grow from it.
	Pause time.Duration
	// Hints are added to errors.
	Hints Hints
	// Agent is what the client calls itself, as the header User-Agent has it. If
	// empty, that of Go's client.
	Agent string

	base  string
	token string
}

// Hints say what to do in the words of whoever reads the errors, such as the flags
// of a command.
type Hints struct {
	// Token stands in a refusal for want of a token. If empty, the server's own
	// words do.
	Token string
	// NoServer follows where nobody answers, NotOurs where somebody else does.
	NoServer, NotOurs string
}

// New makes a client for the server at an http or https URL. The token
// may be empty where the server asks for none.
func New(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not a server's address; write one such as http://127.0.0.1:8080", server)
	}
	return &Client{
		base:  strings.TrimSuffix(server, "/"),
		token: token,
		HTTP:  &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		Pause: time.Second,
	}, nil
}

// Close gives the connections back.
func (c *Client) Close() { c.HTTP.CloseIdleConnections() }

// pages reads a list to its end.
func pages[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	all := []T{}
	for {
		var p api.Page[T]
		if err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.Next == nil {
			return all, nil
		}
		query.Set("cursor", *p.Next)
	}
}

// call makes a short request. body is sent as JSON where it is not nil, and
// the answer read into result where that is not nil.
func (c *Client) call(ctx context.Context, method, path string, body, result any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return c.exchange(request, result)
}

// exchange sends a request and reads its answer into result.
func (c *Client) exchange(request *http.Request, result any) error {
	answer, err := c.send(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if result == nil {
		return nil
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return c.unreachable(err)
	}
	if err := json.Unmarshal(text, result); err != nil {
		return fmt.Errorf("%s answers, but is not a carillon server (%w)%s", c.base, err, c.Hints.NotOurs)
	}
	return nil
}

// upload sends a request with a long body, which the server may refuse before
// it is sent.
func (c *Client) upload(request *http.Request, result any) error {
	request.Header.Set("Expect", "100-continue")
	return c.exchange(request, result)
}

// send returns the answer to a request if it is a success. The caller closes
// its body.
func (c *Client) send(request *http.Request) (*http.Response, error) {
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.Agent != "" {
		request.Header.Set("User-Agent", c.Agent)
	}
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		defer answer.Body.Close()
		return nil, c.problem(answer)
	}
	return answer, nil
}

var (
	// ErrLost marks a connection that broke before the answer was whole. What was
	// asked for may have happened.
	ErrLost = errors.New("the connection was lost")
	// ErrNoServer marks one that never was.
	ErrNoServer = errors.New("no server answers")
)

// unreachable explains an error of the network.
func (c *Client) unreachable(err error) error {
	var refused *url.Error
	if errors.As(err, &refused) {
		err = refused.Err // without the method and the URL
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted while talking to %s: %w", c.base, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer in time; check whether the server is busy, and try again", c.base)
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dns):
		return fmt.Errorf("%w at %s%s", ErrNoServer, c.base, c.Hints.NoServer)
	}
	return fmt.Errorf("%w: %s: %w", ErrLost, c.base, err)
}

// problemLimit is how much of a refusal is read, in bytes.
const problemLimit = 1 << 20

// problem makes an error of an answer that is no success, whoever gave it:
// a proxy in between writes no problem documents.
func (c *Client) problem(answer *http.Response) error {
	p := &api.Problem{}
	body, err := io.ReadAll(io.LimitReader(answer.Body, problemLimit))
	if err != nil || json.Unmarshal(body, p) != nil || p.Detail == "" && p.Title == "" {
		*p = api.Problem{Detail: fmt.Sprintf("the server answered %s", answer.Status)}
	}
	p.Status = answer.StatusCode
	if p.Status == http.StatusUnauthorized && c.Hints.Token != "" {
		p.Hint = c.Hints.Token
	}
	return p
}
