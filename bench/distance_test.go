package main

import (
	"io"
	"net"
	"testing"
	"time"
)

// A server that answers with what it was sent is reached from away: everything comes
// back, in order, and no sooner than a round trip takes.
func TestMoveAway(t *testing.T) {
	server, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	s := &scene{ctx: t.Context()}
	defer func() {
		for _, closer := range s.closers {
			_ = closer()
		}
	}()
	const roundTrip = 20 * time.Millisecond
	address, err := s.moveAway(server.Addr().String(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	const text = "one after the other"
	began := time.Now()
	for _, letter := range []byte(text) {
		if _, err := c.Write([]byte{letter}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	back, err := io.ReadAll(c)
	if err != nil || string(back) != text {
		t.Errorf("%q came back (%v), want %q", back, err, text)
	}
	if took := time.Since(began); took < roundTrip {
		t.Errorf("it took %v, less than a round trip of %v", took, roundTrip)
	}
}
