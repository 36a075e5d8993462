package queue

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// greetsWithin is how long a connection is listened to.
const greetsWithin = 250 * time.Millisecond

// greeting is what a Redis says that closes a connection before it is asked
// anything: it takes no more of them, or none from there. The client writes
// first, finds the connection broken, and does not read why. It is nil where
// Redis waits to be asked, as it should.
func greeting(ctx context.Context, client redis.UniversalClient, key string) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	node, _ := client.(*redis.Client)
	if cluster, ok := client.(*redis.ClusterClient); ok {
		node, _ = cluster.MasterForKey(ctx, key)
	}
	if node == nil {
		return nil
	}
	options := node.Options()
	conn, err := options.Dialer(ctx, options.Network, options.Addr)
	if err != nil {
		return nil // whoever asks has an error already
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(greetsWithin)) // it ends by itself where this fails
	line, _ := bufio.NewReader(io.LimitReader(conn, 1024)).ReadString('\n')
	if text, refuses := strings.CutPrefix(strings.TrimSpace(line), "-"); refuses {
		return farewell(text)
	}
	return nil
}

// farewell is the answer of a Redis that was not asked.
type farewell string

var _ redis.Error = farewell("")

func (f farewell) Error() string { return string(f) }

// RedisError marks it as one.
func (farewell) RedisError() {}

// isBroken reports whether a connection was closed by the other side.
func isBroken(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
