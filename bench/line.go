package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"net"
	"net/url"
	"strings"
	"time"
)

// line is one connection of the provider's to a webhook. It speaks just as much HTTP
// as that takes, for the stub shares the processors with what is measured.
type line struct {
	to   *url.URL
	mac  hash.Hash
	out  []byte
	conn net.Conn // nil while there is none
	in   *bufio.Reader
}

func newLine(to *url.URL) *line {
	return &line{to: to, mac: hmac.New(sha256.New, []byte(appSecret))}
}

// patience bounds one POST.
const patience = time.Minute

// post posts the receipts in one signed request. Any answer but 200 is an error
// (Meta, webhooks overview).
func (l *line) post(ctx context.Context, receipts []receipt) (err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if err := l.dial(ctx); err != nil {
		return err
	}
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	body := receiptsBody(receipts, time.Now())
	l.mac.Reset()
	l.mac.Write(body)
	l.out = fmt.Appendf(l.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=%x\r\nContent-Length: %d\r\n\r\n",
		l.to.Path, l.to.Host, l.mac.Sum(nil), len(body))
	if _, err := l.conn.Write(append(l.out, body...)); err != nil {
		return err
	}
	return l.answer()
}

func (l *line) dial(ctx context.Context) (err error) {
	if l.conn != nil {
		return nil
	}
	if l.conn, err = new(net.Dialer).DialContext(ctx, "tcp", l.to.Host); err == nil {
		l.in = bufio.NewReader(l.conn)
	}
	return err
}

// answer reads the head of an answer. One of 200 has no body.
func (l *line) answer() error {
	var status string
	empty := false
	for {
		text, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch text = bytes.TrimSpace(text); {
		case status == "":
			status = string(text)
		case len(text) == 0 && !strings.HasPrefix(status, "HTTP/1.1 200 "):
			return fmt.Errorf("the webhook answers %s", status)
		case len(text) == 0 && !empty:
			return errors.New("the webhook's answer has a body")
		case len(text) == 0:
			return nil
		case bytes.EqualFold(text, []byte("Content-Length: 0")):
			empty = true
		}
	}
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close() // it is of no use any more
		l.conn = nil
	}
}
