package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"carillon/api"
)

const (
	// watchRetries is how often in a row a stream of events may break without
	// bringing any; at the usual pauses the server may be gone for a minute.
	watchRetries = 30
	// eventLimit is the most bytes that a line of an event may have.
	eventLimit = 1 << 20
)

// Watch calls show with the campaign whenever it has changed, until it has
// ended, and returns it as it is then. It outlives restarts of the server that
// take less than about a minute.
func (c *Client) Watch(ctx context.Context, id string, show func(Campaign)) (Campaign, error) {
	failures := 0
	for {
		heard, err := c.listen(ctx, id, show)
		if err == nil {
			return c.Campaign(ctx, id)
		}
		if heard {
			failures = 0
		}
		failures++
		if !Passing(err) || failures > watchRetries {
			return Campaign{}, err
		}
		select {
		case <-ctx.Done():
			return Campaign{}, ctx.Err()
		case <-time.After(2 * c.Pause):
		}
	}
}

// Passing reports whether err may be over after a restart of the server.
func Passing(err error) bool {
	var refused *api.Problem
	if errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return errors.Is(err, ErrLost) || errors.Is(err, ErrNoServer)
}

// listen reads one stream of events. It returns nil when the server says that
// the campaign has ended.
func (c *Client) listen(ctx context.Context, id string, show func(Campaign)) (heard bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+campaignPath(id)+"/events", http.NoBody)
	if err != nil {
		return false, err
	}
	request.Header.Set("Accept", "text/event-stream")
	answer, err := c.send(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	for e, err := range events(answer.Body) {
		if err != nil {
			return heard, c.unreachable(err)
		}
		if e.name == "end" {
			return true, nil
		}
		var now Campaign
		if err := json.Unmarshal([]byte(e.data), &now); err != nil {
			return heard, fmt.Errorf("%s sent an event that is not a campaign: %w", c.base, err)
		}
		heard = true
		show(now)
	}
	return heard, c.unreachable(io.ErrUnexpectedEOF)
}

// event is a server-sent event.
type event struct{ name, data string }

// events reads server-sent events, as far as this API uses them: no ids, no
// times to reconnect. The last one may be an error.
func events(stream io.Reader) func(yield func(event, error) bool) {
	return func(yield func(event, error) bool) {
		lines := bufio.NewScanner(stream)
		lines.Buffer(nil, eventLimit)
		var e event
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "" && e.data != "":
				if !yield(e, nil) {
					return
				}
				e = event{}
			case field == "event":
				e.name = value
			case field == "data":
				e.data += value
			}
		}
		if err := lines.Err(); err != nil {
			yield(event{}, err)
		}
	}
}
