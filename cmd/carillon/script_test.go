package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carillon": main})
}

// TestScripts runs the program as people do. $NOBODY is a server's address at
// which nobody answers, $STRICT a server that wants the token "secret" and has
// one campaign, abc, and one schedule, daily. $HERE and $THERE are free addresses
// without http://, and *answers* waits until a server answers at an address.
func TestScripts(t *testing.T) {
	strict := httptest.NewServer(http.HandlerFunc(strictServer))
	t.Cleanup(strict.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("STRICT", strict.URL)
			for name, before := range map[string]string{"NOBODY": "http://", "HERE": "", "THERE": ""} {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				env.Setenv(name, before+listener.Addr().String())
				if err := listener.Close(); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "answers": answers},
	})
}

// answers waits until a server answers: answers $HERE.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers ADDRESS")
	}
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", args[0])
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody answers: %v", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// exits runs a program that ends with a given code: exits 2 carillon list.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENTS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ended *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &ended):
		got = ended.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

const springCampaign = `{"id":"abc","name":"spring","state":"running","counts":{"sent":1,"unknown":3},"steps":[],"new_key":1}`

const mainTemplates = `{"channel":"main","fetched_at":"2026-01-31T09:00:00Z","trouble":"","items":[
	{"name":"order_update","language":"en","category":"utility","status":"approved","components":[{"type":"BODY","text":"Hi {{1}}, order {{2}}."}]}]}`

// resolve takes the two decisions there are.
func resolve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if decided := string(body); err != nil || decided != `{"decision":"resend"}` && decided != `{"decision":"drop"}` {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"title":"Bad","status":400,"detail":%q}`, body)
		return
	}
	fmt.Fprintf(w, `{"resolved":3,"campaign":%s}`, springCampaign)
}

// retry takes the failed, with the expired or without.
func retry(w http.ResponseWriter, r *http.Request) {
	again := 0
	switch body, err := io.ReadAll(r.Body); {
	case err == nil && string(body) == `{"statuses":["failed"]}`:
		again = 3
	case err == nil && string(body) == `{"statuses":["failed","expired"]}`:
		again = 5
	default:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"title":"Bad","status":400,"detail":%q}`, body)
		return
	}
	const left = `[{"row":4,"step":1,"phone":"+4915123018622","status":"failed","why":"undeliverable (131026)"}]`
	fmt.Fprintf(w, `{"again":%d,"refused":1,"opted_out":1,"left_out":%s,"campaign":%s}`, again, left, springCampaign)
}

// tested takes the campaign of a test message. Its id tells what becomes of it:
// that to a number of Germany is delivered, any other fails.
func tested(w http.ResponseWriter, r *http.Request) {
	list, _, err := r.FormFile("contacts")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text, err := io.ReadAll(list)
	id := "failed"
	if err == nil && strings.Contains(string(text), "\n+49") {
		id = "delivered"
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":%q,"name":"test: x","state":"running"}`, id)
}

func strictServer(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"title":"Not logged in","status":401,"detail":"the token is not known","hint":"send another"}`)
	case strings.HasPrefix(r.URL.Path, "/api/schedules"):
		scheduleServer(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/api/campaigns/abc":
		fmt.Fprint(w, springCampaign)
	case r.Method == http.MethodPost && r.URL.Path == "/api/campaigns":
		tested(w, r)
	case r.Method == http.MethodGet && (r.URL.Path == "/api/campaigns/delivered" || r.URL.Path == "/api/campaigns/failed"):
		fmt.Fprintf(w, `{"id":%q,"name":"test: x","state":"finished"}`, path.Base(r.URL.Path))
	case r.Method == http.MethodGet && r.URL.Path == "/api/campaigns/delivered/recipients":
		fmt.Fprint(w, `{"items":[{"row":1,"phone":"+4915123018622","step":1,"status":"delivered","message_id":"wamid.1"}],"next":null}`)
	case r.Method == http.MethodGet && r.URL.Path == "/api/campaigns/failed/recipients":
		fmt.Fprint(w, `{"items":[{"row":1,"phone":"+33612982489","step":1,"status":"failed","error_code":131026,"reason":"undeliverable","detail":"The number is probably not on WhatsApp: check it, or contact the person in another way."}],"next":null}`)
	case r.Method == http.MethodPost && r.URL.Path == "/api/campaigns/abc/retry":
		retry(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/api/campaigns/abc/resolve":
		resolve(w, r)
	case r.URL.Path == "/api/channels/main/templates" || r.URL.Path == "/api/channels/main/templates/refresh" && r.Method == http.MethodPost:
		fmt.Fprint(w, mainTemplates)
	case r.URL.Path == "/api/templates":
		fmt.Fprintf(w, `{"items":[%s,{"channel":"other","fetched_at":null,"trouble":"it has no list","items":[]}]}`, mainTemplates)
	case r.Method == http.MethodGet && r.URL.Path == "/api/campaigns/abc/report.csv":
		fmt.Fprint(w, "row,phone\n1,+4915123018622\n")
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"Not found","status":404,"detail":"campaign not found","hint":"list them"}`)
	}
}
