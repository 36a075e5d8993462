package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// stage is a ledger with one campaign, which a test changes.
type stage struct {
	*ledger.Ledger // whatever is not on stage fails

	mu            sync.Mutex
	now           ledger.Campaign
	fail          bool
	ended, silent bool // the session, and who would know
}

func newStage() *stage {
	return &stage{now: ledger.Campaign{
		ID: 7, State: campaign.Running, Definition: &campaign.Definition{Steps: []campaign.Step{{Template: "a"}}}, Counts: campaign.Counts{},
	}}
}

func (s *stage) change(f func(*ledger.Campaign)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.now
	next.Counts = campaign.Counts{}
	for status, n := range s.now.Counts {
		next.Counts[status] = n
	}
	f(&next)
	s.now = next
}

func (s *stage) Campaign(context.Context, campaign.ID) (ledger.Campaign, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return ledger.Campaign{}, errBroken
	}
	return s.now, nil
}

func (s *stage) SessionEnded(context.Context, string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return false, errBroken
	}
	return s.ended, nil
}

func (s *stage) Unfinished(context.Context) ([]ledger.Campaign, error) {
	return nil, errors.New("not on stage") // so the rate stays 0
}

// stream is an answer that notes when each piece of it came.
type stream struct {
	*httptest.ResponseRecorder
	mu     sync.Mutex
	began  time.Time
	pieces []piece
}

type piece struct {
	After time.Duration
	Text  string
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = append(s.pieces, piece{time.Since(s.began), string(p)})
	return len(p), nil
}

// take returns the pieces so far, told by what they are, and forgets them.
func (s *stream) take() []piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	var short []piece
	for _, p := range s.pieces {
		kind, _, _ := strings.Cut(p.Text, "\n")
		if strings.Contains(p.Text, "event: end") {
			kind += " and end"
		}
		short = append(short, piece{p.After, kind})
	}
	s.pieces = nil
	return short
}

// watch opens a stream; done is closed when it has ended.
func watch(ctx context.Context, s *Server, cookies ...*http.Cookie) (out *stream, done <-chan struct{}) {
	out = &stream{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/campaigns/0000007/events", nil)
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		s.Handler().ServeHTTP(out, request)
	}()
	return out, ended
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record := newStage()
		s, err := New(Options{Ledger: record})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out, done := watch(t.Context(), s)
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		want := func(name string, want ...piece) {
			t.Helper()
			if diff := cmp.Diff(want, out.take()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		second := time.Second
		pass(0)
		want("at once", piece{0, "event: progress"})
		for range 100 { // changes all the time
			record.change(func(c *ledger.Campaign) { c.Counts[campaign.Sent]++ })
			pass(second / 100)
		}
		want("twice a second", piece{second / 2, "event: progress"}, piece{second, "event: progress"})
		pass(31 * second)
		want("nothing new", piece{16 * second, ": still there"}, piece{31 * second, ": still there"})

		record.mu.Lock()
		record.fail = true
		record.mu.Unlock()
		pass(2 * second)
		want("the ledger is away")
		record.mu.Lock()
		record.fail = false
		record.mu.Unlock()
		record.change(func(c *ledger.Campaign) {
			c.State = campaign.Cancelled
			c.Counts[campaign.Pending] = 3
		})
		pass(second)
		want("cancelled, rows to follow", piece{34500 * time.Millisecond, "event: progress"})
		record.change(func(c *ledger.Campaign) { delete(c.Counts, campaign.Pending) })
		<-done
		want("over", piece{35500 * time.Millisecond, "event: progress and end"})
	})
}

// TestEventsEndWithTheSession: nothing is told while nobody knows whether it goes on.
func TestEventsEndWithTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record := newStage()
		s, err := New(Options{Ledger: record, Tokens: threeTokens()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out, done := watch(t.Context(), s, s.newCookie(caller{"eve", Viewer}, viewerToken, false))
		synctest.Wait()
		news := func(f func(*stage)) []piece {
			record.change(func(c *ledger.Campaign) { c.Counts[campaign.Sent]++ })
			record.mu.Lock()
			f(record)
			record.mu.Unlock()
			time.Sleep(time.Second)
			synctest.Wait()
			return out.take()
		}
		if told := news(func(*stage) {}); len(told) != 2 {
			t.Errorf("told %v, want the campaign as it was and as it is", told)
		}
		if told := news(func(r *stage) { r.silent = true }); len(told) > 0 {
			t.Errorf("told %v to somebody who may be logged out", told)
		}
		if told := news(func(r *stage) { r.silent = false }); len(told) != 1 {
			t.Errorf("told %v, want the campaign as it is", told)
		}
		if told := news(func(r *stage) { r.ended = true }); len(told) > 0 {
			t.Errorf("told %v to somebody who is logged out", told)
		}
		select {
		case <-done:
		default:
			t.Error("the stream goes on")
		}
	})
}

func TestEventsCarryTheCampaign(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	wantStatus(t, f.post("/api/campaigns/"+id+"/cancel"), http.StatusOK)
	number, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ledger.CloseRows(t.Context(), number, campaign.Skipped, "cancelled", time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := f.get("/api/campaigns/" + id + "/events")
	if kind := answer.header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("Content-Type %s", kind)
	}
	_, data, found := strings.Cut(answer.body, "event: end\ndata: ")
	var got api.Campaign
	if err := json.Unmarshal([]byte(data), &got); err != nil || !found {
		t.Fatalf("%v in %s", err, answer.body)
	}
	if got.ID != id || got.State != campaign.Cancelled || got.Counts[campaign.Skipped] != 2 {
		t.Errorf("%+v", got)
	}
	wantProblem(t, f.get("/api/campaigns/zzzzzzz/events"), notFound)
}

func TestEventsEndWithTheServerAndWithTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Ledger: newStage()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		_, gone := watch(ctx, s)
		_, closed := watch(t.Context(), s)
		synctest.Wait()
		leave()
		<-gone
		s.Close()
		<-closed
	})
}

// TestHeadOfAStream: a HEAD request is answered at once, though the campaign is
// not over.
func TestHeadOfAStream(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	id := f.upload()
	for path, kind := range map[string]string{"/events": "text/event-stream", "/report.csv": "text/csv; charset=utf-8"} {
		answer := f.do(call{method: "HEAD", path: "/api/campaigns/" + id + path})
		wantStatus(t, answer, http.StatusOK)
		if got := answer.header.Get("Content-Type"); got != kind {
			t.Errorf("%s: %s", path, got)
		}
	}
	f.wantMetrics(`carillon_http_requests_total{code="2xx",route="GET /api/campaigns/{id}/events"} 1`)
}

func TestOver(t *testing.T) {
	t.Parallel()
	for _, state := range []campaign.State{campaign.Draft, campaign.Scheduled, campaign.Running, campaign.Paused} {
		if over(ledger.Campaign{State: state}) {
			t.Errorf("%s is over", state)
		}
	}
	if !over(ledger.Campaign{State: campaign.Finished, Counts: campaign.Counts{campaign.Unknown: 1}}) {
		t.Error("finished is not over")
	}
	for status, want := range map[campaign.Status]bool{campaign.Waiting: false, campaign.Pending: false, campaign.Posting: false, campaign.Unknown: true, campaign.Sent: true} {
		if got := over(ledger.Campaign{State: campaign.Cancelled, Counts: campaign.Counts{status: 1}}); got != want {
			t.Errorf("cancelled with one %s: %v", status, got)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	sent := func(id campaign.ID, n int64) ledger.Campaign {
		return ledger.Campaign{ID: id, Counts: campaign.Counts{campaign.Accepted: n / 2, campaign.Read: n - n/2, campaign.Failed: 9, campaign.Pending: 9}}
	}
	m := newMeters()
	want := func(name string, id campaign.ID, want float64) {
		t.Helper()
		if got := m.rate(id); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	want("unknown", 1, 0)
	m.note([]ledger.Campaign{sent(1, 1000)}, began)
	want("one sample", 1, 0)
	for i := range 20 { // 40 a second, then 80 for five seconds
		m.note([]ledger.Campaign{sent(1, 1000+20*int64(i+1)), sent(2, 5)}, began.Add(sampleEvery*time.Duration(i+1)))
	}
	want("steady", 1, 40)
	want("still", 2, 0)
	for i := range 10 {
		m.note([]ledger.Campaign{sent(1, 1400+40*int64(i+1))}, began.Add(sampleEvery*time.Duration(i+21)))
	}
	want("faster", 1, 80)
	want("forgotten", 2, 0)
	m.note([]ledger.Campaign{sent(1, 1300)}, began.Add(time.Minute))
	want("failures took some back", 1, 0)
	m.note(nil, began.Add(2*time.Minute))
	want("ended", 1, 0)
}

func TestTheServerMeasures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record := &running{stage: newStage()}
		s, err := New(Options{Ledger: record})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		time.Sleep(sampleEvery / 2) // changes fall between two samples
		for range 30 {
			record.change(func(c *ledger.Campaign) { c.Counts[campaign.Accepted] += 5 })
			time.Sleep(sampleEvery)
		}
		synctest.Wait()
		if rate := s.meters.rate(7); rate != 10 {
			t.Errorf("rate %v, want 10", rate)
		}
	})
}

// running is a stage whose campaign is listed among the unfinished.
type running struct{ *stage }

func (r *running) Unfinished(ctx context.Context) ([]ledger.Campaign, error) {
	c, err := r.Campaign(ctx, 7)
	return []ledger.Campaign{c}, err
}
