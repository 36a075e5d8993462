package simulator

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
)

// sink is an answer nobody reads.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) Write(b []byte) (int, error) { return len(b), nil }
func (s sink) WriteHeader(int)             {}

// BenchmarkMessage measures the handler without the network. Run it with -cpu
// 1 to see what one core does.
func BenchmarkMessage(b *testing.B) {
	s := New(Options{})
	defer s.Close()
	before := heapInUse()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		body := template("+4477"+strconv.Itoa(10_000_000+n), "hello", strconv.Itoa(n)+".1")
		r, err := http.NewRequest(http.MethodPost, "/v23.0/"+testNumber+"/messages", bytes.NewReader([]byte(body)))
		if err != nil {
			b.Fatal(err)
		}
		s.ServeHTTP(sink{http.Header{}}, r)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric((heapInUse()-before)/float64(n), "kept-B/message")
	if got := s.Counts().Accepted; got != n {
		b.Fatalf("%d accepted of %d", got, n)
	}
}

func heapInUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkReceipts measures making, signing and posting receipts to a
// receiver that only reads them.
func BenchmarkReceipts(b *testing.B) {
	var posted atomic.Int64
	s := New(Options{
		Webhook: "http://hook.test/", AppSecret: "s3cret",
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			n, err := io.Copy(io.Discard, r.Body)
			posted.Add(n)
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, err
		}),
	})
	defer s.Close()
	for n := range b.N {
		send(s, phone(n), "hello", "")
	}
	if err := s.Drain(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
	b.ReportMetric(float64(posted.Load())/float64(2*b.N), "B/receipt")
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
