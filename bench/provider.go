package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// provider is a stub that a scene has started, as seen from outside.
type provider struct {
	*process
	url string
}

func (s *scene) startProvider() (*provider, error) {
	p, err := s.start(roleStub, s.self, roleStub)
	if err != nil {
		return nil, err
	}
	address, err := p.says(s.ctx, `listens at (http://\S+)`)
	return &provider{process: p, url: address}, err
}

func (p *provider) configure(ctx context.Context, to settings) error {
	body, err := json.Marshal(to)
	if err != nil {
		return err
	}
	_, err = p.ask(ctx, http.MethodPut, "/settings", body)
	return err
}

// tally counts a template's messages, and receipts.
func (p *provider) tally(ctx context.Context, template string) (counted tally, err error) {
	text, err := p.ask(ctx, http.MethodGet, "/tally?template="+url.QueryEscape(template), nil)
	if err != nil {
		return tally{}, err
	}
	return counted, json.Unmarshal(text, &counted)
}

// moments are when the messages of a template came, in order.
func (p *provider) moments(ctx context.Context, template string) ([]time.Duration, error) {
	text, err := p.ask(ctx, http.MethodGet, "/moments?template="+url.QueryEscape(template), nil)
	if err != nil {
		return nil, err
	}
	all := make([]time.Duration, 0, len(text)/8)
	for ; len(text) >= 8; text = text[8:] {
		all = append(all, time.Duration(binary.LittleEndian.Uint64(text)))
	}
	slices.Sort(all)
	return all, nil
}

// messages are receipts without a status, one for each message of a template.
func (p *provider) messages(ctx context.Context, template string) ([]receipt, error) {
	text, err := p.ask(ctx, http.MethodGet, "/references?template="+url.QueryEscape(template), nil)
	if err != nil {
		return nil, err
	}
	var all []receipt
	for line := range strings.Lines(string(text)) {
		var r receipt
		if _, err := fmt.Sscan(line, &r.reference, &r.id, &r.to); err != nil {
			return nil, fmt.Errorf("references of the stub: %q: %w", line, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// forget drops what has come.
func (p *provider) forget(ctx context.Context) error {
	_, err := p.ask(ctx, http.MethodDelete, "/moments", nil)
	return err
}

// arrived waits until so many messages of a template have come.
func (p *provider) arrived(ctx context.Context, template string, n int) error {
	const patience = 2 * time.Minute
	return eventually(ctx, patience, fmt.Sprintf("%d messages %q are at the provider", n, template), func() (bool, error) {
		counted, err := p.tally(ctx, template)
		return counted.Messages >= n, err
	})
}

// quiet waits until no message of a template comes and all receipts are taken.
func (p *provider) quiet(ctx context.Context, template string) error {
	const patience, still = 2 * time.Minute, 500 * time.Millisecond
	before, changed := tally{}, time.Now()
	return eventually(ctx, patience, "the provider has nothing more to do", func() (bool, error) {
		counted, err := p.tally(ctx, template)
		if counted != before {
			before, changed = counted, time.Now()
		}
		return counted.Waiting == 0 && time.Since(changed) >= still, err
	})
}

func (p *provider) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the stub answers %s to %s %s", answer.Status, method, path)
	}
	return text, err
}
