package web

import (
	"net/http"
	"strings"
	"testing"

	"carillon/api"
	"carillon/ledger"
	"carillon/seal"
)

// secretContacts are sources that hold secrets, by the names of schedules.
func secretContacts() map[string]map[string]any {
	return map[string]map[string]any{
		"url": {
			"url": "https://user:hidden@host.example/list.csv?key=hidden", "headers": map[string]string{"Authorization": "hidden"}, "allow_private": true,
		},
		"dsn": {"dsn": "postgres://user:hidden@host.example/shop?password=hidden", "query": "SELECT phone FROM people"},
	}
}

// seal gives the server keys for the secrets of schedules.
func (f *fixture) seal(keys ...string) {
	f.t.Helper()
	parsed, err := seal.ParseKeys(keys)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.ledger.SealSchedules(f.t.Context(), parsed); err != nil {
		f.t.Fatal(err)
	}
}

var sealKey = strings.Repeat("0a", seal.KeyBytes)

func TestSecretsWithoutAKeyAreRefused(t *testing.T) {
	t.Parallel()
	f, _ := atTen(t)
	for name, parts := range map[string]string{"url": "url and headers", "dsn": "dsn"} {
		answer := f.addSchedule(map[string]any{"name": name, "contacts": secretContacts()[name]})
		p := wantProblem(t, answer, badSchedule)
		if strings.Contains(answer.body, "hidden") || !strings.Contains(p.Detail, "contacts: the ledger would hold "+parts+" in plain text") || !strings.Contains(p.Hint, "seal_keys") {
			t.Errorf("%s: %s", name, answer.body)
		}
	}
	if list := decode[api.Page[api.Schedule]](t, f.get("/api/schedules")); len(list.Items) != 0 {
		t.Errorf("%+v is there", list.Items)
	}
	// What holds no secret needs no key.
	for name, contacts := range map[string]map[string]any{
		"plain-url": {"url": "https://host.example/%Y/list.csv"}, "plain-dsn": {"dsn": "postgres://user@host.example/shop?sslmode=require", "query": "SELECT 1"},
	} {
		wantStatus(t, f.addSchedule(map[string]any{"name": name, "contacts": contacts}), http.StatusCreated)
	}
}

// Where the key is gone the schedule says so, and does nothing else.
func TestSchedulesWithoutTheirKey(t *testing.T) {
	t.Parallel()
	f, _ := atTen(t)
	f.seal(sealKey)
	wantStatus(t, f.addSchedule(map[string]any{"name": "url", "contacts": secretContacts()["url"]}), http.StatusCreated)
	wantStatus(t, f.addSchedule(map[string]any{"name": "open"}), http.StatusCreated)
	for _, keys := range [][]string{{}, {strings.Repeat("0b", seal.KeyBytes)}} {
		f.seal(keys...)
		views := decode[api.Page[api.Schedule]](t, f.get("/api/schedules")).Items
		views = append(views, decode[api.Schedule](t, f.get("/api/schedules/url")))
		for _, v := range views {
			locked := strings.Contains(v.Problem, "cannot be opened") && strings.Contains(v.Problem, "seal_keys")
			if want := v.Name == "url"; locked != want || (v.Secrets == string(ledger.Sealed)) != want {
				t.Errorf("%+v", v)
			}
		}
		for _, action := range []string{"run", "resume"} {
			if p := wantProblem(t, f.post("/api/schedules/url/"+action), wrongState); !strings.Contains(p.Detail, "seal_keys") {
				t.Error(p.Detail)
			}
		}
		wantProblem(t, f.addSchedule(map[string]any{"name": "url"}), nameTaken)
	}
	f.seal(strings.Repeat("0b", seal.KeyBytes), sealKey)
	if v := decode[api.Schedule](t, f.get("/api/schedules/url")); v.Problem != "" || v.Contacts != "https://host.example/list.csv" {
		t.Errorf("with the key again: %+v", v)
	}
	wantStatus(t, f.post("/api/schedules/url/run"), http.StatusAccepted)
}

func TestSchedulesShowNoSecrets(t *testing.T) {
	t.Parallel()
	f, _ := atTen(t)
	f.seal(sealKey)
	for name, contacts := range secretContacts() {
		for _, contacts := range []map[string]any{contacts, contacts, {"file": "other.csv"}} {
			if answer := f.addSchedule(map[string]any{"name": name, "contacts": contacts}); strings.Contains(answer.body, "hidden") {
				t.Errorf("%s is shown: %s", name, answer.body)
			}
		}
	}
	for name, want := range map[string]api.Schedule{
		"url": {AllowPrivate: true, Secrets: string(ledger.Sealed)}, "dsn": {Secrets: string(ledger.Sealed), Database: "postgres://user@host.example/shop", Query: "SELECT phone FROM people"},
	} {
		v := decode[api.Schedule](t, f.get("/api/schedules/"+name))
		if v.Database != want.Database || v.Query != want.Query || v.AllowPrivate != want.AllowPrivate || v.Secrets != want.Secrets {
			t.Errorf("%+v", v)
		}
	}
	answer := f.get("/api/schedules")
	if strings.Contains(answer.body, "hidden") || strings.Contains(answer.body, "SELECT") || !strings.Contains(answer.body, "https://host.example/list.csv") || !strings.Contains(answer.body, "postgres query") {
		t.Error(answer.body)
	}
	f.server.Close()
	f.http.Close()
	if strings.Contains(f.log.String(), "hidden") {
		t.Errorf("it stands in the log:\n%s", f.log)
	}
}
