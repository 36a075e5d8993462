package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// logBook is a log that a test may read while the server writes.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// longList has n good contacts.
func longList(n int) string {
	var list strings.Builder
	list.WriteString("Phone,Name\n")
	for i := range n {
		fmt.Fprintf(&list, "+49151%08d,Name %d\n", i, i)
	}
	return list.String()
}

func uploadHash(definition, contacts string) string {
	a, b := sha256.Sum256([]byte(definition)), sha256.Sum256([]byte(contacts))
	sum := sha256.Sum256(append(a[:], b[:]...))
	return hex.EncodeToString(sum[:])
}

// importing leaves an import under way.
func (f *fixture) importing(key, hash string) {
	f.t.Helper()
	def, err := campaign.Parse([]byte(twoSteps))
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = f.ledger.BeginIntake(f.t.Context(), ledger.NewCampaign{Definition: def, Columns: []string{"Phone", "Name"}, Key: key, Hash: hash}, time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
}

// finished makes a campaign that had nothing to do.
func (f *fixture) finished() (id string) {
	f.t.Helper()
	c := multipartCall("/api/campaigns?start=true", "", part{"campaign", twoSteps}, part{"contacts", "Phone,Name\n12,nobody\n"})
	c.token = operatorToken
	id = decode[api.Created](f.t, f.do(c)).ID
	number, err := campaign.ParseID(id)
	if err != nil {
		f.t.Fatal(err)
	}
	done, err := f.ledger.Finish(f.t.Context(), []campaign.ID{number}, time.Now())
	if err != nil || len(done) != 1 {
		f.t.Fatalf("finished %v, %v", done, err)
	}
	return id
}

func (f *fixture) webhook(signature, body string) reply {
	f.t.Helper()
	return f.do(call{
		method: "POST", path: "/webhooks/main",
		header: map[string]string{"X-Signature": signature, "Content-Type": "application/json"},
		body:   strings.NewReader(body),
	})
}

func eventsBody(events whatsapp.Events) string {
	body, err := json.Marshal(events)
	if err != nil {
		panic(err) // texts, numbers and times always marshal
	}
	return string(body)
}

func receiptBody(number, id, reference string, status campaign.Status) string {
	return eventsBody(whatsapp.Events{Receipts: []whatsapp.Receipt{
		{Number: number, ID: id, Reference: reference, Status: status, At: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)},
	}})
}

func (f *fixture) inbound(messages ...whatsapp.Inbound) reply {
	f.t.Helper()
	return f.webhook("word", eventsBody(whatsapp.Events{Inbound: messages}))
}

// clock is a server's, which tests set while it is read.
type clock struct{ at atomic.Pointer[time.Time] }

func clockAt(at time.Time) *clock {
	c := &clock{}
	c.at.Store(&at)
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) pass(d time.Duration) {
	later := c.now().Add(d)
	c.at.Store(&later)
}
