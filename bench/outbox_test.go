package main

import (
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

func TestCut(t *testing.T) {
	const now = time.Minute
	queue := func(ages ...time.Duration) []receipt {
		var all []receipt
		for i, age := range ages {
			all = append(all, receipt{id: i, at: now - age})
		}
		return all
	}
	for name, c := range map[string]struct {
		queue []receipt
		want  []int // the lengths of the POSTs
		left  int
	}{
		"nothing":                    {nil, nil, 0},
		"full ones":                  {queue(3, 3, 2, 2), []int{2, 2}, 0},
		"one that is not due":        {queue(3, 3, -1, -2), []int{2}, 2},
		"one that may fill up":       {queue(3, 3, 2), []int{2}, 1},
		"one that has waited enough": {queue(longestWait, 2, -1), []int{2}, 1},
		"one that is alone too long": {queue(longestWait), []int{1}, 0},
	} {
		posts, left := cut(nil, c.queue, 2, now)
		var got []int
		for _, p := range posts {
			got = append(got, len(p))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(left) != c.left {
			t.Errorf("%s: %d left, want %d; %s", name, len(left), c.left, diff)
		}
	}
}

// TestReceiptsBody has the program's own client read a body.
func TestReceiptsBody(t *testing.T) {
	var hook stubbed
	target := newWebhook("http://webhook.test/", 1)
	target.client.Transport = &hook
	told := []receipt{{id: 7, reference: "12.1", to: "4915120000000", status: "sent"}, {id: 8, reference: "13.1", to: "4915120000001", status: "delivered"}}
	if err := target.post(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	reader := cloud.Hook{Signing: cloud.Signing{Secret: appSecret}, Read: cloud.NewReader(cloud.Book()).Events}
	events, _, err := reader.Receive(whatsapp.Request{Method: http.MethodPost, Header: hook.header, Body: hook.body})
	if err != nil {
		t.Fatal(err)
	}
	if len(events.Receipts) != len(told) {
		t.Fatalf("got %d receipts, want %d", len(events.Receipts), len(told))
	}
	for i, want := range []campaign.Status{campaign.Sent, campaign.Delivered} {
		got := events.Receipts[i]
		if got.Status != want || got.Reference != told[i].reference || got.ID != "wamid."+strconv.Itoa(told[i].id) || got.Number != phoneNumberID || got.At.IsZero() {
			t.Errorf("got %+v for %+v", got, told[i])
		}
	}
}

// stubbed keeps a request and answers 200.
type stubbed struct {
	header http.Header
	body   []byte
}

var _ http.RoundTripper = (*stubbed)(nil)

func (s *stubbed) RoundTrip(r *http.Request) (*http.Response, error) {
	s.header = r.Header
	var err error
	s.body, err = io.ReadAll(r.Body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, err
}
