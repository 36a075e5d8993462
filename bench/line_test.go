package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// TestLine posts to a server by one connection: a signed body that is taken, one
// that is refused, and one more after that.
func TestLine(t *testing.T) {
	var got []whatsapp.Request
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, whatsapp.Request{Method: r.Method, Header: r.Header, Body: body})
		w.WriteHeader(status)
	}))
	defer server.Close()
	to, err := url.Parse(server.URL + "/webhooks/main")
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(to)
	defer l.close()
	told := []receipt{{id: 7, reference: "12.1", to: "4915120000000", status: "sent"}}
	for i, want := range []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusOK} {
		status = want
		if err := l.post(t.Context(), told); (err == nil) != (want == http.StatusOK) {
			t.Errorf("POST %d was answered with %d: %v", i, want, err)
		}
	}
	if len(got) != 3 {
		t.Fatalf("%d POSTs came, want 3", len(got))
	}
	reader := cloud.Hook{Signing: cloud.Signing{Secret: appSecret}, Read: cloud.NewReader(cloud.Book()).Events}
	for _, r := range got {
		if events, _, err := reader.Receive(r); err != nil || len(events.Receipts) != 1 || events.Receipts[0].Reference != "12.1" {
			t.Errorf("the program reads %+v, %v", events, err)
		}
	}
}
