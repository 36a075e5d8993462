package cli

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
)

// The environment variables and the address that the commands go by.
const (
	EnvServer     = "CARILLON_SERVER"
	EnvToken      = "CARILLON_TOKEN"
	DefaultServer = "http://127.0.0.1:8080"
)

const (
	// callTimeout bounds every call but those that move a file or wait.
	callTimeout = 30 * time.Second
	// pageSize is how many entries of a list are asked for at once, the most
	// that the server gives.
	pageSize = 100
)

// Client talks to a running server. A refusal comes back as a *Problem; where
// nobody answers, the error says how to start a server.
type Client struct {
	base  string
	token string
	http  *http.Client
	// pause is the first wait before what a lost connection cut off is tried
	// again.
	pause time.Duration
}

// NewClient makes a client for the server at an http or https URL. The token
// may be empty where the server asks for none.
func NewClient(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, Usagef("%q is no server's address; write one such as %s", server, DefaultServer)
	}
	return &Client{
		base:  strings.TrimSuffix(server, "/"),
		token: token,
		http:  &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		pause: time.Second,
	}, nil
}

// Close gives the connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Campaign returns the campaign with this id.
func (c *Client) Campaign(ctx context.Context, id string) (Campaign, error) {
	var found Campaign
	return found, c.call(ctx, http.MethodGet, campaignPath(id), nil, &found)
}

// Campaigns returns every campaign, the newest first.
func (c *Client) Campaigns(ctx context.Context) ([]Campaign, error) {
	return pages[Campaign](ctx, c, "/api/campaigns")
}

// Act starts, pauses, resumes or cancels a campaign and returns it as it is
// then. The action is named as in the HTTP API.
func (c *Client) Act(ctx context.Context, id, action string) (Campaign, error) {
	var changed Campaign
	return changed, c.call(ctx, http.MethodPost, campaignPath(id)+"/"+action, nil, &changed)
}

func campaignPath(id string) string { return "/api/campaigns/" + url.PathEscape(id) }

// page is how the server hands out a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	all := []T{}
	for {
		var p page[T]
		if err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.Next == "" {
			return all, nil
		}
		query.Set("cursor", p.Next)
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
		return fmt.Errorf("%s answers, but not as a carillon server does (%w); is --server right?", c.base, err)
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
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		defer answer.Body.Close()
		return nil, readProblem(answer)
	}
	return answer, nil
}

var (
	// errLost marks a connection that broke before the answer was whole.
	errLost = errors.New("the connection was lost")
	// errNobody marks one that never was.
	errNobody = errors.New("no server answers")
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
		return fmt.Errorf("no answer from %s in time; look whether the server is busy, and try again", c.base)
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dns):
		return fmt.Errorf("%w at %s; start one with `carillon serve`, or name another with --server", errNobody, c.base)
	}
	return fmt.Errorf("%w: %s: %w", errLost, c.base, err)
}
