package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slowly sends a request whose body stays behind what was announced, and reads
// the answer. more is sent afterwards, bit by bit.
func (f *fixture) slowly(head, body string, length int, more ...string) (status int, text string) {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.http.URL, "http://"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", head, length, body)
	for _, piece := range more {
		<-time.After(f.server.bodyTime)
		if _, err := io.WriteString(conn, piece); err != nil {
			f.t.Fatal(err)
		}
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// Whoever sends a byte now and then holds nothing for long.
func TestBodiesThatNeverEnd(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	f.server.bodyTime, f.server.pieceTime, f.server.restTime = 20*time.Millisecond, 20*time.Millisecond, 20*time.Millisecond
	const admin = "\r\nAuthorization: Bearer " + adminToken
	for name, head := range map[string]string{
		"a webhook":  "POST /webhooks/main HTTP/1.1\r\nX-Signature: word",
		"a login":    "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
		"a document": "POST /api/forget HTTP/1.1\r\nContent-Type: application/json" + admin,
		"an upload":  "POST /api/campaigns HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x" + admin,
		"a list":     "POST /api/suppressions HTTP/1.1\r\nContent-Type: text/csv" + admin,
	} {
		if status, text := f.slowly(head, "{", 100); status != http.StatusRequestTimeout || !strings.Contains(text, "too-slow") {
			t.Errorf("%s: %d, %s", name, status, text)
		}
	}
	// What nobody reads need not come.
	if status, _ := f.slowly("POST /api/campaigns HTTP/1.1", "", 100); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
}

// A long list may take its time, as long as it goes on.
func TestSlowUploadsAreTaken(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.server.bodyTime, f.server.pieceTime = 20*time.Millisecond, time.Minute
	list := "Phone\n+4915112345601\n+4915112345602\n"
	pieces := []string{list[:10], list[10:20], list[20:]}
	if status, text := f.slowly("POST /api/suppressions HTTP/1.1\r\nContent-Type: text/csv", "", len(list), pieces...); status != http.StatusOK {
		t.Errorf("%d, %s", status, text)
	}
}
