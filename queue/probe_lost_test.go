package queue

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A Redis that ends one connection while it is asked, as when an operator kills its
// clients, is asked again before it is said not to answer.
func TestALostConnectionIsNoSilence(t *testing.T) {
	server, _ := startServer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var scripts atomic.Int64 // connections on which a script was sent
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go endsFirst(near, server, &scripts)
		}
	}()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), MaxRetries: -1})
	defer func() { _ = client.Close() }()
	if err := probe(t.Context(), client, "send:main"); err != nil {
		t.Errorf("one connection was lost, and the look tells of %v", err)
	}
	if scripts.Load() == 0 {
		t.Error("no connection was lost")
	}
}

// endsFirst carries to a Redis, but ends the first connection that has a script.
func endsFirst(near net.Conn, server string, scripts *atomic.Int64) {
	defer func() { _ = near.Close() }()
	far, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	go func() { _, _ = io.Copy(near, far) }()
	buffer := make([]byte, 4096)
	for {
		n, err := near.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(buffer[:n]), []byte("evalsha")) && scripts.Add(1) == 1 {
			return
		}
		if _, err := far.Write(buffer[:n]); err != nil {
			return
		}
	}
}
