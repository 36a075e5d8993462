package queue

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// embedded is a Redis inside this process. It keeps nothing, which is fine: the
// ledger does.
type embedded struct {
	server *miniredis.Miniredis
	// password keeps the other users of the machine out, who reach its port.
	password string
	done     chan struct{}
	ended    chan struct{}
}

func startEmbedded() (*embedded, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	e := &embedded{server: server, password: rand.Text(), done: make(chan struct{}), ended: make(chan struct{})}
	server.RequireAuth(e.password)
	go e.keepTime()
	return e, nil
}

// keepTime lets keys expire: the embedded Redis has no clock of its own.
func (e *embedded) keepTime() {
	defer close(e.ended)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-ticker.C:
			e.server.FastForward(time.Second)
		}
	}
}

func (e *embedded) stop() {
	close(e.done)
	<-e.ended
	e.server.Close()
}
