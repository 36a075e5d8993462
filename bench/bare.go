package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"carillon/queue"
)

// Bare is what one would write without any promise: asynq, a handler that
// POSTs, and nothing written down. It is made to be fast: four servers, one
// HTTP client, payloads of 8 bytes, and a queue that never runs dry and never
// grows long. The pipelined one has our client of Redis, and as many servers
// and enqueuers as our process.
const (
	// bareAhead is how many tasks are in the queue, twice as many as ours has.
	bareAhead = 5000

	bareQueue    = "bare"
	bareTemplate = "order_bare"
)

// bareSize says how much of bare there is.
type bareSize struct{ servers, concurrency, enqueuers int }

func sizeOf(role string) bareSize {
	if role == rolePipelined {
		return bareSize{servers: 12, concurrency: 43, enqueuers: 64}
	}
	return bareSize{servers: 4, concurrency: 64, enqueuers: 16}
}

// bare sends until its process is killed.
type bare struct {
	url    string
	client *http.Client
	queue  *asynq.Client
	// enqueued and done count tasks.
	enqueued, done atomic.Int64
}

// runBare is told the address of a Redis and of the provider.
func runBare(ctx context.Context, role string, args []string) error {
	if len(args) != 2 {
		return errors.New("bare wants a Redis and a provider")
	}
	size := sizeOf(role)
	connect, err := connector(ctx, role, args[0])
	if err != nil {
		return err
	}
	b := &bare{
		url: args[1] + "/v23.0/" + phoneNumberID + "/messages",
		client: &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost: size.servers * size.concurrency, DisableCompression: true,
		}},
		queue: asynq.NewClientFromRedisClient(connect()),
	}
	work, ctx := errgroup.WithContext(ctx)
	for range size.enqueuers {
		work.Go(func() error { return b.enqueue(ctx) })
	}
	for range size.servers {
		server := asynq.NewServerFromRedisClient(connect(), asynq.Config{
			Concurrency: size.concurrency, Queues: map[string]int{bareQueue: 1}, LogLevel: asynq.ErrorLevel,
			TaskCheckInterval: 100 * time.Millisecond,
		})
		if err := server.Start(asynq.HandlerFunc(b.send)); err != nil {
			return err
		}
		defer server.Shutdown()
	}
	return work.Wait()
}

// connector makes clients of a Redis: one for each server and the enqueuers, as
// asynq does by itself, or the one that gathers for all of them.
func connector(ctx context.Context, role, address string) (func() redis.UniversalClient, error) {
	if role == roleBare {
		return func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: address}) }, nil
	}
	q, err := queue.Open(ctx, "redis://"+address, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return q.Client, nil
}

// enqueue keeps the queue filled, while the servers empty it.
func (b *bare) enqueue(ctx context.Context) error {
	for ctx.Err() == nil {
		if b.enqueued.Load()-b.done.Load() >= bareAhead {
			_ = pause(ctx, time.Millisecond) // the loop looks at the context
			continue
		}
		n := b.enqueued.Add(1)
		task := asynq.NewTask("send", binary.LittleEndian.AppendUint64(nil, uint64(n)))
		if _, err := b.queue.Enqueue(task, asynq.Queue(bareQueue)); err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	return nil
}

func (b *bare) send(ctx context.Context, t *asynq.Task) error {
	defer b.done.Add(1)
	n := binary.LittleEndian.Uint64(t.Payload())
	body := bareBody(int(n))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	r.Header.Set("Content-Type", "application/json")
	answer, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// bareBody is the request for the nth row of a list, the same as ours but for
// the template's name. A test compares them.
func bareBody(n int) []byte {
	person := personOf(n)
	b := make([]byte, 0, 512)
	b = append(b, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"`...)
	b = append(b, person.phone...)
	b = append(b, `","type":"template","biz_opaque_callback_data":"`...)
	b = strconv.AppendInt(b, bareMessage+int64(n), 10) // as long as a message's id
	b = append(b, `.1","template":{"name":"`+bareTemplate+`","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"`...)
	b = append(b, person.name...)
	b = append(b, `"},{"type":"text","text":"`...)
	b = append(b, person.order...)
	return append(b, `"}]}]}}`...)
}

// bareMessage makes references as long as those of a campaign, whose
// identifiers have 63 bits.
const bareMessage = int64(4_611_686_018_427_387_904)
