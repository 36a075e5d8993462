package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The stub is the provider, as small as it can be, for both sides spend their
// time in it: it takes every message, answers as Meta does, and keeps when and
// with which reference it came. It verifies nothing.
//
// A moment is the time since 1970 by a clock that is read once and then goes on
// by the monotonic one, so that moments have true distances.

// stub is the provider's process.
type stub struct {
	begun   time.Time
	latency atomic.Int64

	mu       sync.Mutex
	received map[string][]arrival // by template
	total    int

	outbox *outbox
}

// arrival is one message that has come.
type arrival struct {
	at        time.Duration
	n         int // its number, which makes its id
	reference string
	to        string // the recipient's digits
}

// settings are what the stub is told at the start and later.
type settings struct {
	// Latency is how long an answer takes.
	Latency time.Duration `json:"latency"`
	// Webhook is where receipts go; if empty there are none.
	Webhook string `json:"webhook"`
	// Batch is how many receipts go in a POST.
	Batch int `json:"batch"`
}

// tally is what the stub has counted.
type tally struct {
	Messages int   `json:"messages"`
	Posted   int64 `json:"posted"`  // receipts that were answered with 200
	Refused  int64 `json:"refused"` // POSTs that were not
	Waiting  int64 `json:"waiting"` // receipts that are not posted yet
}

func runStub(ctx context.Context, out io.Writer) error {
	s := &stub{begun: time.Now(), received: map[string][]arrival{}, outbox: newOutbox()}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{version}/{number}/messages", s.message)
	mux.HandleFunc("PUT /settings", s.configure)
	mux.HandleFunc("GET /tally", s.tally)
	mux.HandleFunc("GET /moments", s.moments)
	mux.HandleFunc("GET /references", s.references)
	mux.HandleFunc("DELETE /moments", s.forget)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listens at http://%s\n", listener.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	s.outbox.run(ctx)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// now is this moment.
func (s *stub) now() time.Duration {
	return time.Duration(s.begun.UnixNano()) + time.Since(s.begun)
}

// moment is the same of a time that another process has read, true as long as
// the machine's clock is not set while a benchmark runs.
func moment(t time.Time) time.Duration { return time.Duration(t.UnixNano()) }

// message takes a message. It has arrived when its header has.
func (s *stub) message(w http.ResponseWriter, r *http.Request) {
	at := s.now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has gone
	}
	to := strings.TrimPrefix(field(body, `"to":"`), "+")
	reference := field(body, `"biz_opaque_callback_data":"`)
	n := s.keep(field(body, `"template":{"name":"`), arrival{at: at, reference: reference, to: to})
	s.outbox.add(receipt{id: n, reference: reference, to: to, at: at})
	if latency := s.latency.Load(); latency > 0 {
		if pause(r.Context(), time.Duration(latency)) != nil {
			return
		}
	}
	answer := make([]byte, 0, 200)
	answer = append(answer, `{"messaging_product":"whatsapp","contacts":[{"input":"`...)
	answer = append(answer, to...)
	answer = append(answer, `","wa_id":"`...)
	answer = append(answer, to...)
	answer = append(answer, `"}],"messages":[{"id":"`...)
	answer = append(answer, messageID(n)...)
	answer = append(answer, `"}]}`...)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) // the sender may have gone
}

// messageID is the provider's id of its nth message.
func messageID(n int) string { return "wamid." + strconv.Itoa(n) }

// field is the text between a mark and the next quotation mark. What the stub
// is sent has no escapes in these fields.
func field(body []byte, mark string) string {
	_, rest, _ := bytes.Cut(body, []byte(mark))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

func (s *stub) keep(template string, a arrival) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	a.n = s.total
	s.received[template] = append(s.received[template], a)
	return a.n
}

func (s *stub) configure(w http.ResponseWriter, r *http.Request) {
	var told settings
	if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.latency.Store(int64(told.Latency))
	if err := s.outbox.configure(told.Webhook, told.Batch); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// tally counts the messages of a template.
func (s *stub) tally(w http.ResponseWriter, r *http.Request) {
	counted := s.outbox.tally()
	s.mu.Lock()
	counted.Messages = len(s.received[r.URL.Query().Get("template")])
	s.mu.Unlock()
	_ = json.NewEncoder(w).Encode(counted) // the caller may have gone
}

// moments are when the messages of a template came, 8 bytes each, little
// endian. They may be slightly out of order.
func (s *stub) moments(w http.ResponseWriter, r *http.Request) {
	arrivals := s.of(r)
	out := make([]byte, 0, 8*len(arrivals))
	for _, a := range arrivals {
		out = binary.LittleEndian.AppendUint64(out, uint64(a.at))
	}
	_, _ = w.Write(out) // the caller may have gone
}

// references are the references, numbers and recipients of a template's messages, one
// message a line.
func (s *stub) references(w http.ResponseWriter, r *http.Request) {
	var out bytes.Buffer
	for _, a := range s.of(r) {
		fmt.Fprintln(&out, a.reference, a.n, a.to)
	}
	_, _ = out.WriteTo(w) // the caller may have gone
}

func (s *stub) of(r *http.Request) []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received[r.URL.Query().Get("template")] // only ever appended to
}

// forget drops what has come, so that the memory of a long run stays small.
func (s *stub) forget(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = map[string][]arrival{}
}
