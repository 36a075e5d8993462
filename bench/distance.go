package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// moveAway lets a server be reached as if it were far away: all that is sent to it, and
// all that it answers, arrives half a round trip later. It returns the address for that.
func (s *scene) moveAway(server string, roundTrip time.Duration) (address string, err error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return "", err
	}
	s.onClose(listener.Close)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return // the experiment is over
			}
			go join(s.ctx, near, server, roundTrip)
		}
	}()
	return listener.Addr().String(), nil
}

// join carries between a connection and one to a server, until both sides have ended.
func join(ctx context.Context, near net.Conn, server string, roundTrip time.Duration) {
	defer func() { _ = near.Close() }()
	far, err := new(net.Dialer).DialContext(ctx, "tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	var ways sync.WaitGroup
	ways.Go(func() { carry(ctx, far, near, roundTrip/2) })
	ways.Go(func() { carry(ctx, near, far, roundTrip/2) })
	ways.Wait()
}

// piece is what was read at once, and when it arrives.
type piece struct {
	text []byte
	due  time.Time
}

// carry copies from one connection to another, late, until the one ends or the other
// takes no more.
func carry(ctx context.Context, to, from net.Conn, late time.Duration) {
	const mostUnderWay, size = 1024, 16 << 10
	pieces := make(chan piece, mostUnderWay)
	go func() {
		defer close(pieces)
		for {
			text := make([]byte, size)
			n, err := from.Read(text)
			if err != nil {
				return
			}
			pieces <- piece{text[:n], time.Now().Add(late)}
		}
	}()
	for p := range pieces {
		err := pause(ctx, time.Until(p.due))
		if err == nil {
			_, err = to.Write(p.text)
		}
		if err != nil {
			_ = from.Close() // which ends the reading; what was read goes nowhere
		}
	}
	_ = to.(*net.TCPConn).CloseWrite() // the other way may go on
}
